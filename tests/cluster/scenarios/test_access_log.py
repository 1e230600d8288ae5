"""A sidecar that reads nginx's access log while nginx writes it."""

import pytest

from pytest_podshare import (
    assert_file_visible,
    assert_log_contains,
    assert_lost_on_delete,
    assert_survives_restart,
)
from pytest_podshare.deadline import Deadline, poll
from tests.support.mutations import mount_elsewhere

LOG = "/var/log/nginx/access.log"


def append(pod, line):
    """Append a line to the access log, as the article does."""
    assert pod["app"].exec(["sh", "-c", f"echo '{line}' >> {LOG}"]).returncode == 0


def test_the_sidecar_prints_every_line_of_the_access_log(podshare, fetch):
    """Whether it was appended or logged by nginx; both paths are the same file."""
    pod = podshare.deploy("manifests/nginx-access-log.yaml")

    append(pod, "New Request")
    appended = assert_log_contains(pod, container="sidecar", text="New Request")
    fetch(pod, 80, "/no-such-page")
    requested = assert_log_contains(
        pod, container="sidecar", pattern=r'"GET /no-such-page HTTP/1\.1" 404 '
    )

    # tail reads once a second, unless the machine is busy
    assert max(appended.seconds, requested.seconds) < 30
    evidence = assert_file_visible(pod, from_c="app", to_c="sidecar", path=LOG)
    assert evidence.steps[1].path == "/logs/access.log"


def test_the_access_log_survives_restarts_and_is_lost_with_the_pod(podshare, fetch):
    """A restarted nginx appends to it, and a restarted sidecar prints all of it again."""
    pod = podshare.deploy("manifests/nginx-access-log.yaml")
    append(pod, "New Request")

    assert_survives_restart(pod, container="app", path=LOG)
    fetch(pod, 80, "/after")
    # nginx writes the line after it has answered
    assert_log_contains(pod, container="sidecar", text="GET /after ")
    assert_survives_restart(pod, container="sidecar", path="/logs/access.log")
    assert_log_contains(pod, container="sidecar", text="New Request")
    assert_log_contains(pod, container="sidecar", text="GET /after ")

    # the new nginx creates a log of the same name, but not with the old content
    assert_lost_on_delete(pod, container="app", path=LOG)
    fetch(pod, 80, "/in-the-new-pod")
    assert_log_contains(pod, container="sidecar", text="GET /in-the-new-pod ", lacks="New Request")


def test_a_sidecar_with_another_volume_prints_nothing(twin, fetch):
    """The mutated twin; the control is that nginx has written the lines."""
    pod = twin("nginx-access-log", mount_elsewhere("sidecar"))
    append(pod, "New Request")
    fetch(pod, 80, "/")
    written = poll(
        lambda: pod["app"].exec(["cat", LOG]).stdout,
        until=lambda log: b"GET / " in log,
        deadline=Deadline(30),
    )
    assert b"New Request\n" in written
    assert b"GET / " in written

    with pytest.raises(
        AssertionError, match="the log of 'sidecar' does not contain the expected line"
    ):
        assert_log_contains(pod, container="sidecar", pattern="New Request|GET / ", timeout=3)
