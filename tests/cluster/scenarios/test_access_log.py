"""A sidecar that reads nginx's access log while nginx writes it."""

import pytest

from pytest_podshare import (
    assert_file_visible,
    assert_log_contains,
    assert_lost_on_delete,
    assert_survives_restart,
)
from pytest_podshare.deadline import Deadline, poll
from tests.support.mutations import elsewhere

LOG = "/var/log/nginx/access.log"


def append(pod, line):
    """Append a line to the access log, as the article does it."""
    assert pod["app"].exec(["sh", "-c", f"echo '{line}' >> {LOG}"]).returncode == 0


def test_what_is_appended_and_what_is_requested_reach_the_sidecars_log(podshare, fetch):
    """Within seconds, whoever wrote the line; the file is one, under two paths."""
    pod = podshare.deploy("manifests/nginx-access-log.yaml")

    append(pod, "New Request")
    appended = assert_log_contains(pod, container="sidecar", text="New Request")
    fetch(pod, 80, "/no-such-page")
    requested = assert_log_contains(
        pod, container="sidecar", pattern=r'"GET /no-such-page HTTP/1\.1" 404 '
    )

    # tail looks once in a second, on a machine that lets it
    assert max(appended.seconds, requested.seconds) < 30
    evidence = assert_file_visible(pod, from_c="app", to_c="sidecar", path=LOG)
    assert evidence.steps[1].path == "/logs/access.log"


def test_the_log_survives_either_containers_restart_and_goes_with_the_pod(podshare, fetch):
    """A sidecar that restarts shows it from its beginning, an nginx that restarts goes on."""
    pod = podshare.deploy("manifests/nginx-access-log.yaml")
    append(pod, "New Request")

    assert_survives_restart(pod, container="app", path=LOG)
    fetch(pod, 80, "/after")
    # nginx answers first, and then writes the line
    assert_log_contains(pod, container="sidecar", text="GET /after ")
    assert_survives_restart(pod, container="sidecar", path="/logs/access.log")
    assert_log_contains(pod, container="sidecar", text="New Request")
    assert_log_contains(pod, container="sidecar", text="GET /after ")

    # the new nginx makes a log of that name, too: what counts is what it holds
    assert_lost_on_delete(pod, container="app", path=LOG)
    fetch(pod, 80, "/in-the-new-pod")
    assert_log_contains(pod, container="sidecar", text="GET /in-the-new-pod ", lacks="New Request")


def test_a_sidecar_of_another_volume_shows_nothing(twin, fetch):
    """The mutated twin, with the control that nginx did write it."""
    pod = twin("nginx-access-log", elsewhere("sidecar"))
    append(pod, "New Request")
    fetch(pod, 80, "/")
    written = poll(
        lambda: pod["app"].exec(["cat", LOG]).stdout,
        until=lambda it: b"GET / " in it,
        deadline=Deadline(30),
    )
    assert b"New Request\n" in written
    assert b"GET / " in written

    with pytest.raises(AssertionError, match="the log of 'sidecar' does not show it"):
        assert_log_contains(pod, container="sidecar", pattern="New Request|GET / ", timeout=3)
