"""A container that crashes right after its Pod was ready: whatever asks first says so."""

import pytest

from pytest_podshare import assert_file_visible, assert_survives_restart, errors
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube import pod_status
from tests.cluster.incidents.incident_suite import STAY, manifest

# crashes again and again, and the second time at once
LOCKED = "if [ -e /v/lock ]; then echo locked; exit 4; fi; touch /v/lock; sleep 1; exit 4"
# crashes once
ONCE = f"if [ -e /v/lock ]; then {STAY}; fi; touch /v/lock; echo unlocked; exit 4"
EXITED = (
    r"^Container app of [\w-]+/p exited with code 4 \(Error\) while a command ran in it; its last"
    r" log line: no config\nFind out why it exits, and what it does to the volume when it starts\.$"
)
STATES = (
    "restarted again after exit code 4",
    r"waiting \(CrashLoopBackOff, last exit code 4\)",
    r"exited with code 4 \(Error\)",
)
CRASHING = rf"^Container app of Pod p keeps crashing: ({'|'.join(STATES)}), \d+ restarts?\.\n"


def crashing_after(seconds):
    """Return a Pod whose application exits so many seconds after each start."""
    return manifest(f"echo no config; sleep {seconds}; exit 4")


def wait_for_restarts(pod, count):
    """Wait until the application has been restarted so often."""

    def is_met(raw):
        return pod_status.find_container_status(raw, "app")["restartCount"] >= count

    assert is_met(pod.live.watch.wait_for("p", is_met, Deadline(60)))


@pytest.mark.parametrize("seconds", [1, 2, 4])
def test_a_command_whose_container_exits_says_so(podshare, seconds):
    """The first command that it interrupts, with the exit code and the last log line."""
    pod = podshare.deploy(crashing_after(seconds))

    with pytest.raises(errors.ContainerExited, match=EXITED):
        pod["app"].exec(["sleep", "30"])


def test_a_command_whose_session_breaks_does_not_say_that_the_container_exited(podshare):
    """Twin: only the shell is killed; the container is the same before and after."""
    pod = podshare.deploy(manifest())

    with pytest.raises(errors.SessionLost) as raised:
        pod["app"].exec(["sh", "-c", "kill -9 $PPID; sleep 5"])

    assert type(raised.value) is errors.SessionLost
    assert pod["app"].exec(["echo", "there"]).stdout == b"there\n"


@pytest.mark.parametrize("seconds", [0, 0.3])
def test_a_container_that_hardly_runs_is_crashing(podshare, seconds):
    """Whether the Pod was ready for a moment or not."""
    with pytest.raises(errors.ContainerCrashing, match=r"(?s)code 4.*no config"):
        podshare.deploy(crashing_after(seconds))["app"].exec(["sleep", "30"], timeout=10)


def test_a_command_in_a_container_that_keeps_crashing_says_so(podshare):
    """With its last log lines, before its timeout."""
    pod = podshare.deploy(manifest(LOCKED))
    wait_for_restarts(pod, 1)

    with pytest.raises(errors.ContainerCrashing, match=f"{CRASHING}.*\n  app: locked$"):
        pod["app"].exec(["true"])


def test_an_assertion_on_a_container_that_keeps_crashing_says_so(podshare):
    """Its cause has the last log lines."""
    pod = podshare.deploy(manifest(LOCKED))
    wait_for_restarts(pod, 1)

    with pytest.raises(errors.ContainerCrashing, match=CRASHING) as raised:
        assert_file_visible(pod, from_c="web", to_c="app")

    assert raised.value.cause == "not running"
    assert "app keeps crashing; its last log lines: locked" in str(raised.value)


def test_a_restart_of_a_container_that_keeps_crashing_says_so(podshare):
    """It is not running, or not for long enough."""
    pod = podshare.deploy(manifest(LOCKED))
    wait_for_restarts(pod, 1)

    with pytest.raises(errors.ContainerCrashing, match="keeps crashing"):
        assert_survives_restart(pod, container="app", volume="v")


def test_a_container_that_has_crashed_once_can_be_used(podshare):
    """Twin: what asks waits for the next instance."""
    pod = podshare.deploy(manifest(ONCE))
    wait_for_restarts(pod, 1)

    assert pod["app"].exec(["echo", "there"]).stdout == b"there\n"
    assert_file_visible(pod, from_c="web", to_c="app")
    assert_survives_restart(pod, container="app", volume="v")
