"""Tests of the status of a container: its ID, and whether it waits in vain."""

import pytest

from pytest_podshare.kube import container_status

LATE = "timed out waiting for the condition"
BUSY = "failed to create containerd task: unable to freeze"


def waiting(reason="", message="", count=0, last=None):
    """Return the status of a waiting container whose last instance may have terminated."""
    return {
        "name": "c1",
        "state": {"waiting": {"reason": reason, "message": message}},
        "lastState": {"terminated": last} if last else {},
        "restartCount": count,
    }


def looping(count, reason, message=""):
    """Return the status of a container between two attempts to start it."""
    last = {"reason": reason, "message": message}
    return waiting("CrashLoopBackOff", "back-off 1s", count, last)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (waiting("ImagePullBackOff", "no such\nimage"), ("ImagePullBackOff", "no such image")),
        (waiting("CreateContainerConfigError", "x"), ("CreateContainerConfigError", "x")),
        (waiting("CreateContainerError", "no command"), ("CreateContainerError", "no command")),
        (waiting("RunContainerError", "no such file", 1), ("RunContainerError", "no such file")),
        (looping(1, "StartError", "no file"), ("RunContainerError", "no file")),
        (waiting("ImageInspectError", "no such\nlayer"), ("ImageInspectError", "no such layer")),
    ],
)
def test_a_permanent_reason_is_returned_in_the_kubelets_words(status, reason):
    """The message is one line; between two failing attempts it is that of the last one."""
    assert container_status.permanent_reason(status) == reason


@pytest.mark.parametrize(
    "status",
    [
        {"name": "c1"},
        {"name": "c1", "state": {"running": {}}},
        waiting(),
        waiting("ContainerCreating"),
        waiting("RunContainerError", BUSY),
        looping(0, "StartError", BUSY),
        looping(1, "Error"),
        waiting("CreateContainerError", "context deadline exceeded"),
        waiting("CreateContainerError", 'failed to reserve container name "c1_p": name is taken'),
        waiting("CreateContainerConfigError", f"failed to sync configmap cache: {LATE}"),
        waiting("CreateContainerConfigError", "services have not yet been read at least once, ..."),
        waiting("ImageInspectError", "rpc error: code = DeadlineExceeded"),
    ],
)
def test_a_transient_reason_is_ignored(status):
    """On a busy node a container may fail to start, and start a second later."""
    assert container_status.permanent_reason(status) == ("", "")


def test_the_first_failure_is_permanent_without_a_second_attempt():
    """An ephemeral container is never started again."""
    status = waiting("RunContainerError", BUSY)
    reason = ("RunContainerError", BUSY)

    assert container_status.permanent_reason(status, is_retried=False) == reason


def test_the_first_failure_after_a_restart_is_ignored_as_well():
    """A wait for the third start fails only when the fourth start fails too."""
    third, fourth = (waiting("RunContainerError", BUSY, count) for count in (2, 3))

    assert container_status.permanent_reason(third, since=2) == ("", "")
    assert container_status.permanent_reason(fourth, since=2) == ("RunContainerError", BUSY)
    assert container_status.permanent_reason(third) == ("RunContainerError", BUSY)


@pytest.mark.parametrize("container_id", ["containerd://ab12", "docker://ab12", "ab12"])
def test_the_runtime_id_has_no_prefix(container_id):
    """The kubelet prefixes it with the runtime's name."""
    assert container_status.runtime_id(container_id) == "ab12"
    assert container_status.runtime_id("") == ""
