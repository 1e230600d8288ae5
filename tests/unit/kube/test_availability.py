"""Requests to an API server that is away for a moment, or has just come back."""

import contextlib
import socket
import threading
import time

import pytest

from pytest_podshare import errors
from pytest_podshare.deadline import Timeouts
from pytest_podshare.kube import availability
from pytest_podshare.kube.availability import Availability
from pytest_podshare.kube.client import Api
from tests.support.fake_api import KUBECONFIG, FakeApi
from tests.support.fake_clock import FakeClock

PODS = "/api/v1/namespaces/ns/pods"
DENIED = (
    403,
    {
        "kind": "Status",
        "reason": "Forbidden",
        "message": 'pods is forbidden: User "u" cannot list resource "pods" in API group "" in the'
        ' namespace "ns": RBAC: clusterrole.rbac.authorization.k8s.io "view" not found',
    },
)
OVER_QUOTA = (403, {"kind": "Status", "message": 'pods "p" is forbidden: exceeded quota'})
GIVEN = (200, {"items": []})


@pytest.fixture
def server():
    """Return an API server that does not run yet."""
    return FakeApi()


@pytest.fixture
def api(server, tmp_path):
    """Connect to the API server."""
    with server.cluster(tmp_path) as cluster:
        yield cluster.api


@pytest.fixture
def free_port():
    """Return a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture
def api_of_port(tmp_path, free_port):
    """Connect to that port, on which a server may start later."""
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(KUBECONFIG.format(port=free_port))
    with Api(kubeconfig) as api:
        yield api


@contextlib.contextmanager
def listening_later(port, seconds, response):
    """Accept connections on a port after some seconds, and respond to one; yield the requests."""
    received = []

    def serve():
        time.sleep(seconds)
        with socket.create_server(("127.0.0.1", port)) as listener:
            connection, _ = listener.accept()
            with connection:
                received.append(connection.recv(65536))
                connection.sendall(response)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield received
    thread.join(10)


CREATED = b'HTTP/1.1 201 Created\r\ncontent-length: 14\r\n\r\n{"kind":"Pod"}'


@pytest.mark.slow
def test_a_post_without_a_connection_is_sent_again(api_of_port, free_port):
    """Nothing was sent, so it cannot be done twice."""
    with listening_later(free_port, 1, CREATED) as received:
        assert api_of_port.post(PODS, {"kind": "Pod"}) == {"kind": "Pod"}

    assert len(received) == 1
    assert received[0].startswith(b"POST ")


@pytest.mark.slow
def test_a_post_whose_response_is_lost_is_not_sent_again(api_of_port, free_port):
    """The server may have done it."""
    lost = pytest.raises(errors.ClusterUnreachable)
    with listening_later(free_port, 0.5, b"") as received, lost:
        api_of_port.post(PODS, {"kind": "Pod"})

    assert len(received) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "is_repeated"), [("https", True), ("http", False)])
def test_a_post_is_sent_again_if_there_was_no_tls_handshake(
    tmp_path, free_port, monkeypatch, scheme, is_repeated
):
    """A container engine accepts connections while the server is away; HTTP is the control."""
    monkeypatch.setattr(availability, "OUTAGE", 3.0)
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(KUBECONFIG.format(port=free_port).replace("http:", f"{scheme}:"))
    connections, over = [], threading.Event()

    def close_all():
        with socket.create_server(("127.0.0.1", free_port)) as listener:
            listener.settimeout(0.1)
            started.set()
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    connections.append(listener.accept()[0].close())

    started, thread = threading.Event(), threading.Thread(target=close_all)
    thread.start()
    started.wait()
    try:
        with Api(kubeconfig) as api, pytest.raises(errors.ClusterUnreachable):
            api.post(PODS, {"kind": "Pod"})
    finally:
        over.set()
        thread.join()

    assert (len(connections) > 1) is is_repeated


@pytest.mark.slow
def test_a_server_that_stays_away_is_awaited_once(api_of_port, monkeypatch):
    """The second request fails immediately."""
    monkeypatch.setattr(availability, "OUTAGE", 1.0)
    seconds = []
    for _ in range(2):
        start = time.monotonic()
        with pytest.raises(errors.ClusterUnreachable, match="Connection refused"):
            api_of_port.post(PODS, {})
        seconds.append(time.monotonic() - start)

    assert 1 <= seconds[0] < 5
    assert seconds[1] < 0.5


def test_only_a_patient_get_waits_for_a_connection(api_of_port):
    """A check of the cluster must not take long."""
    start = time.monotonic()
    with pytest.raises(errors.ClusterUnreachable, match="Connection refused"):
        api_of_port.get(PODS)

    assert time.monotonic() - start < 1


@pytest.mark.slow
def test_a_patient_get_waits_for_a_connection(api_of_port, free_port):
    """Its twin."""
    with listening_later(free_port, 1, CREATED):
        assert api_of_port.get_patiently(PODS) == {"kind": "Pod"}


@pytest.mark.slow
def test_a_request_that_was_allowed_before_is_sent_again(api, server):
    """The server may have restarted, and not have read its roles yet."""
    server.answers[PODS] = GIVEN
    api.get(PODS)
    server.first_answers[PODS] = [DENIED, DENIED]

    assert api.get(PODS) == {"items": []}
    assert len(server.requests) == 4


def test_a_request_that_was_never_allowed_is_denied_at_once(api, server):
    """The account lacks the permission."""
    server.answers |= {PODS: DENIED, f"{PODS}/web": GIVEN}
    api.get(f"{PODS}/web")

    with pytest.raises(errors.MissingRight, match="cannot list resource"):
        api.get(PODS)
    assert len(server.requests) == 2


@pytest.mark.slow
def test_a_permission_that_was_revoked_is_missed_soon(api, server, monkeypatch):
    """After the time that a server needs to start."""
    monkeypatch.setattr(availability, "_WARM_UP", 0.6)
    server.answers[PODS] = GIVEN
    api.get(PODS)
    server.answers[PODS] = DENIED

    with pytest.raises(errors.MissingRight):
        api.get(PODS)
    assert 2 < len(server.requests) <= 5


def test_a_rejection_that_no_role_changes_is_not_repeated(api, server):
    """As by a quota or Pod Security."""
    server.answers[PODS] = GIVEN
    api.get(PODS)
    server.answers[PODS] = OVER_QUOTA

    with pytest.raises(errors.ApiError, match="exceeded quota"):
        api.get(PODS)
    assert len(server.requests) == 2


@pytest.mark.parametrize(("since", "attempts"), [(1, 20), (29, 20), (31, 0)])
def test_a_denial_soon_after_an_outage_is_not_certain(since, attempts):
    """Whatever was allowed before."""
    clock = FakeClock()
    server = Availability(clock)
    server.note_failure()
    clock.sleep(since)

    assert len(list(server.pause_after_denial(("GET", PODS, {}), 30))) == attempts
    assert clock.now == since + attempts / 4


def test_the_caller_limits_the_time():
    """A third of it is for further attempts, so that it learns of the denial in time."""
    clock = FakeClock()
    server = Availability(clock)
    server.note_failure()

    assert len(list(server.pause_after_denial(("GET", PODS, {}), 1.5))) == 2


@pytest.mark.parametrize(
    ("allowed", "denied", "is_same"),
    [
        (("GET", f"{PODS}/a", {}), ("GET", f"{PODS}/b", {}), True),
        (("GET", PODS, {"limit": "1"}), ("GET", PODS, {}), True),
        (("GET", PODS, {}), ("GET", PODS, {"watch": "true"}), False),
        (("GET", PODS, {}), ("GET", f"{PODS}/a", {}), False),
        (("GET", f"{PODS}/a", {}), ("GET", f"{PODS}/a/log", {}), False),
        (("GET", PODS, {}), ("POST", PODS, {}), False),
        (("GET", PODS, {}), ("GET", PODS.replace("/ns/", "/other/"), {}), False),
        (("GET", "/apis/apps/v1/x/a", {}), ("GET", "/apis/apps/v1/x/b", {}), True),
        (("GET", "/api/v1/namespaces/a", {}), ("GET", "/api/v1/namespaces/b", {}), True),
        (("GET", "/api/v1/nodes", {}), ("GET", "/api/v1/namespaces", {}), False),
    ],
)
def test_requests_are_of_one_kind_if_one_rule_allows_them(allowed, denied, is_same):
    """The names of objects make no difference."""
    server = Availability(FakeClock())
    server.note_allowed(allowed)

    assert any(server.pause_after_denial(denied, 1)) is is_same


def test_the_factor_of_the_timeouts_is_known():
    """Other time limits are multiplied by it."""
    assert Timeouts().factor == 1
    assert Timeouts().scale(3).factor == 3
