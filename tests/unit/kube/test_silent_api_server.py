"""Tests with an API server that accepts connections and then hangs."""

import contextlib
import socket
import threading
import time

import pytest

from pytest_podshare import errors
from pytest_podshare.kube import request_timeouts
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.exec.session import ExecSession
from tests.support.fake_api import FakeApi

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: silent
clusters: [{{name: c, cluster: {{server: "{scheme}://127.0.0.1:{port}"}}}}]
contexts: [{{name: silent, context: {{cluster: c, user: u}}}}]
users: [{{name: u, user: {{token: t}}}}]
"""
TIMEOUT = 0.2
# less than the thirty seconds of a request without a timeout
SOON = 15


@pytest.fixture
def listener():
    """Listen on a port; the kernel accepts the connections."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


@pytest.fixture(params=["http", "https"])
def api(request, tmp_path, listener):
    """Connect to it; with TLS there is not even a handshake."""
    port = listener.getsockname()[1]
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(KUBECONFIG.format(scheme=request.param, port=port))
    with Api(kubeconfig) as api:
        yield api


def connections(listener):
    """Return how many connections there were since the last call."""
    count = 0
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


@pytest.fixture
def soon():
    """Check that the test ends soon."""
    start = time.monotonic()
    yield
    assert time.monotonic() - start < SOON


@pytest.mark.slow
@pytest.mark.usefixtures("soon")
def test_a_request_with_a_timeout_is_sent_once(api, listener):
    """Further attempts would exceed the caller's deadline."""
    with pytest.raises(errors.ClusterUnreachable, match="does not respond"):
        api.get("/api", timeout=TIMEOUT)
    assert connections(listener) == 1
    with pytest.raises(errors.ClusterUnreachable, match="does not respond"):
        api.get_text("/api", timeout=0)


@pytest.mark.slow
@pytest.mark.usefixtures("soon")
def test_a_request_tries_three_connections_in_the_time_of_one(api, listener, monkeypatch):
    """One of them may be half open, and a silent server must not take longer."""
    monkeypatch.setattr(request_timeouts, "READ_TIMEOUT", 1.5)
    monkeypatch.setattr(request_timeouts, "CONNECT_TIMEOUT", 0.5)
    start = time.monotonic()

    with pytest.raises(errors.ClusterUnreachable, match="does not respond"):
        api.get("/api")

    assert connections(listener) == 3
    assert 1.4 < time.monotonic() - start < 4


@pytest.mark.usefixtures("soon")
def test_a_request_whose_connection_breaks_is_sent_again(api, listener):
    """A pooled connection may have been closed before it is used."""
    unreachable = pytest.raises(errors.ClusterUnreachable, match="does not respond")
    with unreachable, breaking(listener) as closed:
        api.get("/api")

    assert len(closed) == 3


@contextlib.contextmanager
def breaking(listener):
    """Close each connection at once, and yield the list of them."""
    over, closed = threading.Event(), []

    def accept():
        while not over.wait(0.01):
            with contextlib.suppress(BlockingIOError):
                closed.append(listener.accept()[0].close())

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield closed
    finally:
        over.set()
        accepting.join()


@pytest.mark.parametrize("body", ["<html>log in first</html>", '{"items": [', ""])
def test_a_response_that_is_not_json_counts_as_none(tmp_path, body):
    """It may be the page of a proxy, or truncated."""
    server = FakeApi()
    server.answers["/api"] = (200, body)
    with server.cluster(tmp_path) as cluster:
        with pytest.raises(errors.ClusterUnreachable, match="its response is not JSON"):
            cluster.api.get("/api")

        # control: the complete response
        server.answers["/api"] = (200, '{"items": []}')
        assert cluster.api.get("/api") == {"items": []}


@pytest.mark.slow
@pytest.mark.usefixtures("soon")
def test_a_session_is_opened_within_the_timeout(api):
    """Opening it counts as part of a command's time."""
    with pytest.raises(errors.SessionLost, match=r"could not be opened: .*timed out"):
        ExecSession(api, "ns", "pod", "c1", timeout=TIMEOUT)
