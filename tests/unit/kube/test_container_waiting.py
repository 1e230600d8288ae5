"""What the kubelet says of a container: its id, and what it waits for, in passing or for ever."""

import pytest

from pytest_podshare.kube import container_waiting

LATE = "timed out waiting for the condition"
BUSY = "failed to create containerd task: unable to freeze"


def status(reason="", message="", count=0, last=None):
    """The status of a container that waits, and how the one before it ended."""
    waits = {"reason": reason, "message": message}
    before = {"terminated": last} if last else {}
    return {"name": "c1", "state": {"waiting": waits}, "lastState": before, "restartCount": count}


def looping(count, reason, message=""):
    """The status of one between two tries."""
    last = {"reason": reason, "message": message}
    return status("CrashLoopBackOff", "back-off 1s", count, last)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (status("ImagePullBackOff", "no such\nimage"), ("ImagePullBackOff", "no such image")),
        (status("CreateContainerConfigError", "x"), ("CreateContainerConfigError", "x")),
        (status("CreateContainerError", "no command"), ("CreateContainerError", "no command")),
        (status("RunContainerError", "no such file", 1), ("RunContainerError", "no such file")),
        (looping(1, "StartError", "no file"), ("RunContainerError", "no file")),
        (status("ImageInspectError", "no such\nlayer"), ("ImageInspectError", "no such layer")),
    ],
)
def test_what_nothing_mends_is_told_in_the_kubelets_words(given, told):
    """On one line, and also between two tries that fail alike."""
    assert container_waiting.permanent_reason(given) == told


@pytest.mark.parametrize(
    "given",
    [
        {"name": "c1"},
        {"name": "c1", "state": {"running": {}}},
        status(),
        status("ContainerCreating"),
        status("RunContainerError", BUSY),
        looping(0, "StartError", BUSY),
        looping(1, "Error"),
        status("CreateContainerError", "context deadline exceeded"),
        status("CreateContainerError", 'failed to reserve container name "c1_p": name is taken'),
        status("CreateContainerConfigError", f"failed to sync configmap cache: {LATE}"),
        status("CreateContainerConfigError", "services have not yet been read at least once, ..."),
        status("ImageInspectError", "rpc error: code = DeadlineExceeded"),
    ],
)
def test_what_may_pass_is_nothing(given):
    """A busy machine fails to start a container that the kubelet starts a second later."""
    assert container_waiting.permanent_reason(given) == ("", "")


def test_the_first_failure_counts_where_there_is_no_second_try():
    """An ephemeral container is never started again."""
    given = status("RunContainerError", BUSY)

    assert container_waiting.permanent_reason(given, once=True) == ("RunContainerError", BUSY)


def test_the_first_start_after_a_restart_counts_no_more_than_that_of_a_new_pod():
    """Who waits for the third start is told when the fourth fails too."""
    third, fourth = (status("RunContainerError", BUSY, count) for count in (2, 3))

    assert container_waiting.permanent_reason(third, first=2) == ("", "")
    assert container_waiting.permanent_reason(fourth, first=2) == ("RunContainerError", BUSY)
    assert container_waiting.permanent_reason(third) == ("RunContainerError", BUSY)


@pytest.mark.parametrize("told", ["containerd://ab12", "docker://ab12", "ab12"])
def test_an_id_is_the_runtimes_own(told):
    """The kubelet puts the runtime's name before it."""
    assert container_waiting.runtime_id(told) == "ab12"
    assert container_waiting.runtime_id("") == ""
