"""The guard before every cluster."""

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster import guard
from pytest_podshare.cluster.guard import ServerRoute

HERE = [
    "https://127.0.0.1:6443",  # kind, also on Podman; Rancher Desktop, microk8s
    "https://127.9.9.9",
    "https://[::1]:1",
    "https://localhost:6443",
    "https://0.0.0.0:38765",  # k3d
    "https://[::]:6443",
    "https://[::ffff:127.0.0.1]:6443",
]
ELSEWHERE = [
    "https://10.0.0.1:6443",
    "https://prod.example.com",
    "https://127.0.0.1.example.com:6443",
    "https://localhost.example.com",
    "https://host.docker.internal:6443",
    "https://192.168.49.2:8443",
    "https://[::ffff:10.0.0.1]:6443",
    "",
]


@pytest.mark.parametrize("server", HERE)
def test_a_server_on_this_machine_passes(server):
    """No word is needed for a cluster of one's own."""
    guard.check(ServerRoute(server), "any", ())


@pytest.mark.parametrize("server", ELSEWHERE)
def test_a_server_elsewhere_is_refused(server):
    """Also one that only looks as if it were here."""
    with pytest.raises(errors.ContextNotAllowed) as caught:
        guard.check(ServerRoute(server), "prod", ("staging",))

    assert str(caught.value) == (
        f"Context 'prod' leads to {server}, which is not on this machine.\n"
        "If tests may run there, say so: --podshare-allow-context=prod"
    )


@pytest.mark.parametrize("server", ELSEWHERE)
def test_a_server_elsewhere_passes_by_the_name_of_its_context(server):
    """The positive control: the name lets it pass."""
    guard.check(ServerRoute(server), "prod", ("staging", "prod"))


def test_what_is_here_is_elsewhere_by_a_proxy():
    """127.0.0.1 is then the proxy's own machine, or what it takes for it."""
    way = ServerRoute("https://127.0.0.1:6443", proxy="http://bastion:3128")

    with pytest.raises(errors.ContextNotAllowed, match="by the proxy http://bastion:3128"):
        guard.check(way, "prod", ())


def test_a_tunnel_is_known_by_the_name_of_its_certificate():
    """A port of this machine that leads to prod.example.com."""
    assert guard.is_local(ServerRoute("https://127.0.0.1:6443", tls_name="localhost"))
    assert not guard.is_local(ServerRoute("https://127.0.0.1:6443", tls_name="prod.example.com"))


@pytest.fixture
def minikube(tmp_path):
    """A home with a minikube in it: the way to that, and the environment."""
    folder = tmp_path / ".minikube"
    folder.mkdir()
    (folder / "ca.key").touch()
    way = ServerRoute("https://192.168.49.2:8443", authority=str(folder / "ca.crt"))
    return way, {"HOME": str(tmp_path)}


def test_a_minikube_passes_by_its_authority(minikube):
    """It has a network of its own on this machine, and nobody else has its key."""
    way, environ = minikube

    guard.check(way, "minikube", (), environ)


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
def test_what_only_looks_like_a_minikube_is_refused(minikube, changed):
    """Each of the facts counts: address, authority, and nothing in between."""
    way, environ = minikube
    facts = {"server": way.server, "authority": way.authority} | changed

    with pytest.raises(errors.ContextNotAllowed):
        guard.check(ServerRoute(**facts), "minikube", (), environ)


def test_a_minikube_is_found_where_its_variable_says(minikube, tmp_path):
    """MINIKUBE_HOME names the folder, or the one above it."""
    way, _ = minikube

    assert guard.is_minikube(way, {"MINIKUBE_HOME": str(tmp_path)})
    assert guard.is_minikube(way, {"MINIKUBE_HOME": str(tmp_path / ".minikube")})
    assert not guard.is_minikube(way, {"HOME": "/elsewhere"})


def test_the_authority_is_worth_nothing_without_its_key(minikube, tmp_path):
    """A copy of a certificate is anybody's."""
    way, environ = minikube
    (tmp_path / ".minikube" / "ca.key").unlink()

    assert not guard.is_minikube(way, environ)
