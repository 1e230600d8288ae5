"""Tests of the choice of a proxy for an API server."""

import pytest

from pytest_podshare import errors
from pytest_podshare.kube.proxy import Proxy, find_proxy

SERVER = "https://api.team.example.com:6443"
SET = {"HTTPS_PROXY": "http://proxy:3128"}


def test_without_configuration_there_is_no_proxy():
    """Control for all other tests."""
    assert find_proxy(SERVER, None, {}) is None


def test_the_environment_names_a_proxy():
    """The variable may be upper or lower case, with a scheme or without."""
    expected = Proxy("proxy", 3128)

    assert find_proxy(SERVER, None, SET) == expected
    assert find_proxy(SERVER, None, {"https_proxy": "proxy:3128"}) == expected


def test_the_variable_depends_on_the_servers_scheme():
    """HTTP_PROXY does not apply to https."""
    assert find_proxy(SERVER, None, {"HTTP_PROXY": "http://proxy:3128"}) is None


def test_the_kubeconfig_overrides_the_environment():
    """NO_PROXY does not apply to it, since it names the proxy of this very server."""
    environ = {**SET, "NO_PROXY": "*"}

    assert find_proxy(SERVER, "http://bastion:8080", environ) == Proxy("bastion", 8080)


@pytest.mark.parametrize(
    "server", ["https://127.0.0.1:6443", "https://localhost:6443", "https://0.0.0.0:6443"]
)
def test_the_environment_does_not_apply_to_this_machine(server):
    """A kind cluster works on a machine behind a company's proxy."""
    assert find_proxy(server, None, SET) is None
    assert find_proxy(server, "http://bastion", {}) == Proxy("bastion", 80)


@pytest.mark.parametrize(
    ("listed", "server"),
    [
        ("*", SERVER),
        ("example.com", SERVER),
        (".example.com", SERVER),
        ("other, api.team.example.com", SERVER),
        ("api.team.example.com:6443", SERVER),
        ("10.0.0.0/8", "https://10.1.2.3:6443"),
        ("10.1.2.3", "https://10.1.2.3:6443"),
    ],
)
def test_no_proxy_excludes_a_server(listed, server):
    """An entry is a name, a domain, an address or a network."""
    assert find_proxy(server, None, {**SET, "NO_PROXY": listed}) is None


@pytest.mark.parametrize(
    "listed", ["ample.com", "api.team.example.com:443", "10.0.0.0/8", "", "team"]
)
def test_no_proxy_matches_whole_names_only(listed):
    """Counterexample: similar entries do not exclude the server."""
    assert find_proxy(SERVER, None, {**SET, "NO_PROXY": listed}) is not None


def test_user_and_password_are_not_part_of_the_url():
    """The URL may be printed in errors."""
    proxy = find_proxy(SERVER, "http://me:s%40cret@[::1]:3128", {})

    assert proxy == Proxy("::1", 3128, "me", "s@cret")
    assert proxy.url == "http://[::1]:3128"
    assert "s@cret" not in repr(proxy)


@pytest.mark.parametrize("url", ["socks5://proxy:1080", "https://proxy:443", "nonsense"])
def test_only_http_proxies_are_accepted(url):
    """With any other an exec session would fail later, and with a less helpful message."""
    with pytest.raises(errors.ClusterUnreachable, match="proxy-url of the kubeconfig"):
        find_proxy(SERVER, url, {})
