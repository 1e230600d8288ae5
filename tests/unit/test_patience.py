"""An API server that takes connections and then says nothing, as one does whose process hangs."""

import socket
import time

import pytest

from pytest_podshare import errors
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.exec import ExecSession

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
SOON = 5


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


@pytest.mark.usefixtures("soon")
def test_a_request_with_patience_is_made_once_and_given_up(api, listener):
    """Whoever asks with a deadline is not held up by it."""
    with pytest.raises(errors.ClusterUnreachable, match="does not answer"):
        api.get("/api", patience=PATIENCE)
    assert connections(listener) == 1
    with pytest.raises(errors.ClusterUnreachable, match="does not answer"):
        api.text("/api", patience=0)


@pytest.mark.usefixtures("soon")
def test_a_session_is_opened_in_time_or_not_at_all(api):
    """Opening one is part of a command's time."""
    with pytest.raises(errors.SessionLost, match=r"could not be opened: .*timed out"):
        ExecSession(api, "ns", "pod", "c1", timeout=PATIENCE)
