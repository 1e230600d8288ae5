"""Processes that run, that have ended, and that run elsewhere."""

import os

import pytest

from pytest_podshare.cluster.processes import Process, is_tag_running, start_time

CURRENT = Process.current()
ELSEWHERE = Process(CURRENT.pid, CURRENT.start_time, "another boot pid:[4026531836]")


def test_a_running_process_is_running(child):
    """This applies to the current process and to any other of this machine."""
    assert CURRENT.is_running() is True
    assert Process(child.pid, start_time(child.pid), CURRENT.pid_namespace).is_running() is True


def test_a_killed_process_is_not_running_even_as_a_zombie(child):
    """It keeps its ID until its parent waits for it."""
    process = Process(child.pid, start_time(child.pid), CURRENT.pid_namespace)

    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)

    assert process.is_running() is False
    child.wait()
    assert process.is_running() is False


def test_a_reused_id_is_another_process():
    """The start time tells them apart."""
    assert Process(CURRENT.pid, "0", CURRENT.pid_namespace).is_running() is False


@pytest.mark.parametrize("pid_namespace", [ELSEWHERE.pid_namespace, ""])
def test_whether_a_process_elsewhere_is_running_is_unknown(pid_namespace):
    """Its ID is not valid here."""
    assert Process(CURRENT.pid, CURRENT.start_time, pid_namespace).is_running() is None


@pytest.mark.parametrize(
    ("process", "is_running"),
    [
        (CURRENT, True),
        (Process(CURRENT.pid, "0", CURRENT.pid_namespace), False),
        (ELSEWHERE, None),
        (Process(1, "", ""), None),
    ],
    ids=["running", "ended", "elsewhere", "unknown"],
)
def test_a_tag_identifies_a_process(process, is_running):
    """It says as much as the process itself."""
    assert is_tag_running(process.tag) is is_running
