"""The guard that refuses clusters beyond this machine."""

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster import guard
from pytest_podshare.cluster.guard import ServerRoute

LOCAL = [
    "https://127.0.0.1:6443",  # kind, also on Podman; Rancher Desktop, microk8s
    "https://127.9.9.9",
    "https://[::1]:1",
    "https://localhost:6443",
    "https://0.0.0.0:38765",  # k3d
    "https://[::]:6443",
    "https://[::ffff:127.0.0.1]:6443",
]
REMOTE = [
    "https://10.0.0.1:6443",
    "https://prod.example.com",
    "https://127.0.0.1.example.com:6443",
    "https://localhost.example.com",
    "https://host.docker.internal:6443",
    "https://192.168.49.2:8443",
    "https://[::ffff:10.0.0.1]:6443",
    "",
]


@pytest.mark.parametrize("server", LOCAL)
def test_a_server_on_this_machine_is_allowed(server):
    """Its context need not be named."""
    guard.check(ServerRoute(server), "any", ())


@pytest.mark.parametrize("server", REMOTE)
def test_a_server_on_another_machine_is_refused(server):
    """This includes names that only look local."""
    with pytest.raises(errors.ContextNotAllowed) as caught:
        guard.check(ServerRoute(server), "prod", ("staging",))

    assert str(caught.value) == (
        f"Context 'prod' points to {server}, which is not on this machine.\n"
        "If tests may use that cluster, allow its context: --podshare-allow-context=prod"
    )


@pytest.mark.parametrize("server", REMOTE)
def test_a_server_on_another_machine_is_allowed_by_its_context(server):
    """The positive control of the previous test."""
    guard.check(ServerRoute(server), "prod", ("staging", "prod"))


def test_a_loopback_address_behind_a_proxy_is_refused():
    """It is the proxy that resolves it."""
    route = ServerRoute("https://127.0.0.1:6443", proxy="http://bastion:3128")

    with pytest.raises(errors.ContextNotAllowed, match="via the proxy http://bastion:3128"):
        guard.check(route, "prod", ())


def test_a_tunnel_is_detected_by_the_name_in_the_certificate():
    """A local port may be forwarded to prod.example.com."""
    assert guard.is_local(ServerRoute("https://127.0.0.1:6443", tls_name="localhost"))
    assert not guard.is_local(ServerRoute("https://127.0.0.1:6443", tls_name="prod.example.com"))


@pytest.fixture
def minikube(tmp_path):
    """Return the route to a minikube in a home directory, and the environment."""
    folder = tmp_path / ".minikube"
    folder.mkdir()
    (folder / "ca.key").touch()
    route = ServerRoute("https://192.168.49.2:8443", authority=str(folder / "ca.crt"))
    return route, {"HOME": str(tmp_path)}


def test_a_minikube_is_allowed_by_its_authority(minikube):
    """Only this user has the private key."""
    route, environ = minikube

    guard.check(route, "minikube", (), environ)


@pytest.mark.parametrize(
    "changed",
    [
        {"server": "https://5.6.7.8:8443"},
        {"server": "https://minikube.example.com:8443"},
        {"authority": ""},
        {"authority": "/etc/kubernetes/ca.crt"},
        {"proxy": "http://bastion:3128"},
        {"tls_name": "prod.example.com"},
    ],
    ids=str,
)
def test_a_server_that_only_resembles_a_minikube_is_refused(minikube, changed):
    """Its address, its authority and a direct route are all required."""
    route, environ = minikube
    fields = {"server": route.server, "authority": route.authority} | changed

    with pytest.raises(errors.ContextNotAllowed):
        guard.check(ServerRoute(**fields), "minikube", (), environ)


def test_the_folder_of_minikube_may_be_set_by_an_environment_variable(minikube, tmp_path):
    """MINIKUBE_HOME is the folder itself, or its parent."""
    route, _ = minikube

    assert guard.is_minikube(route, {"MINIKUBE_HOME": str(tmp_path)})
    assert guard.is_minikube(route, {"MINIKUBE_HOME": str(tmp_path / ".minikube")})
    assert not guard.is_minikube(route, {"HOME": "/elsewhere"})


def test_the_authority_proves_nothing_without_its_private_key(minikube, tmp_path):
    """Anyone can copy a certificate."""
    route, environ = minikube
    (tmp_path / ".minikube" / "ca.key").unlink()

    assert not guard.is_minikube(route, environ)
