"""An API server that takes connections and then says nothing, as one does whose process hangs."""

import contextlib
import socket
import threading
import time

import pytest

from pytest_podshare import errors
from pytest_podshare.kube import client
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
PATIENCE = 0.2
# far from the thirty seconds of an ordinary request, and from for ever
SOON = 15


@pytest.fixture
def listener():
    """The server's end: the kernel takes connections for it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


@pytest.fixture(params=["http", "https"])
def api(request, tmp_path, listener):
    """The connection to it; with TLS not even the handshake is answered."""
    port = listener.getsockname()[1]
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(KUBECONFIG.format(scheme=request.param, port=port))
    with Api(kubeconfig) as api:
        yield api


def connections(listener):
    """How many have been made since this was asked last."""
    count = 0
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


@pytest.fixture
def soon():
    """The test ends soon."""
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < SOON


@pytest.mark.slow
@pytest.mark.usefixtures("soon")
def test_a_request_with_patience_is_made_once_and_given_up(api, listener):
    """Whoever asks with a deadline is not held up by it."""
    with pytest.raises(errors.ClusterUnreachable, match="does not answer"):
        api.get("/api", patience=PATIENCE)
    assert connections(listener) == 1
    with pytest.raises(errors.ClusterUnreachable, match="does not answer"):
        api.text("/api", patience=0)


@pytest.mark.slow
@pytest.mark.usefixtures("soon")
def test_a_request_is_made_by_three_connections_in_the_time_of_one(api, listener, monkeypatch):
    """One that is half open must not be all that was tried; a silent server not take longer."""
    monkeypatch.setattr(client, "READ_TIMEOUT", 1.5)
    monkeypatch.setattr(client, "CONNECT_TIMEOUT", 0.5)
    begun = time.monotonic()

    with pytest.raises(errors.ClusterUnreachable, match="does not answer"):
        api.get("/api")

    assert connections(listener) == 3
    assert 1.4 < time.monotonic() - begun < 4


@pytest.mark.usefixtures("soon")
def test_a_request_whose_connection_breaks_is_made_again(api, listener):
    """A connection that was kept may be over by the time it is used."""
    with pytest.raises(errors.ClusterUnreachable, match="does not answer"), breaking(listener) as n:
        api.get("/api")

    assert len(n) == 3


@contextlib.contextmanager
def breaking(listener):
    """Whatever connects is told nothing, and its connection is closed; gives a list of them."""
    over, seen = threading.Event(), []

    def accept():
        while not over.wait(0.01):
            with contextlib.suppress(BlockingIOError):
                seen.append(listener.accept()[0].close())

    accepting = threading.Thread(target=accept)
    accepting.start()
    try:
        yield seen
    finally:
        over.set()
        accepting.join()


@pytest.mark.parametrize("body", ["<html>log in first</html>", '{"items": [', ""])
def test_an_answer_that_is_no_json_is_none(tmp_path, body):
    """A proxy's own page, or what is left of an answer that was cut short."""
    server = FakeApi()
    server.answers["/api"] = (200, body)
    with server.cluster(tmp_path) as cluster:
        with pytest.raises(errors.ClusterUnreachable, match="its answer is no JSON"):
            cluster.api.get("/api")

        # the control: the same in whole
        server.answers["/api"] = (200, '{"items": []}')
        assert cluster.api.get("/api") == {"items": []}


@pytest.mark.slow
@pytest.mark.usefixtures("soon")
def test_a_session_is_opened_in_time_or_not_at_all(api):
    """Opening one is part of a command's time."""
    with pytest.raises(errors.SessionLost, match=r"could not be opened: .*timed out"):
        ExecSession(api, "ns", "pod", "c1", timeout=PATIENCE)
