"""Which proxy leads to an API server."""

import pytest

from pytest_podshare import errors
from pytest_podshare.kube import proxies
from pytest_podshare.kube.proxies import Proxy

SERVER = "https://api.team.example.com:6443"
SET = {"HTTPS_PROXY": "http://proxy:3128"}


def test_without_a_word_of_one_there_is_none():
    """The positive control of all the others."""
    assert proxies.to_server(SERVER, None, {}) is None


def test_the_environment_names_it():
    """In capitals or not, with a scheme or without."""
    expected = Proxy("proxy", 3128)

    assert proxies.to_server(SERVER, None, SET) == expected
    assert proxies.to_server(SERVER, None, {"https_proxy": "proxy:3128"}) == expected


def test_the_variable_is_that_of_the_servers_scheme():
    """HTTP_PROXY is for http."""
    assert proxies.to_server(SERVER, None, {"HTTP_PROXY": "http://proxy:3128"}) is None


def test_the_kubeconfig_comes_before_the_environment():
    """Also where NO_PROXY has the server: it was named for this one."""
    environ = {**SET, "NO_PROXY": "*"}

    assert proxies.to_server(SERVER, "http://bastion:8080", environ) == Proxy("bastion", 8080)


@pytest.mark.parametrize(
    "server", ["https://127.0.0.1:6443", "https://localhost:6443", "https://0.0.0.0:6443"]
)
def test_the_environments_is_not_asked_for_this_machine(server):
    """A kind cluster works behind a company's proxy."""
    assert proxies.to_server(server, None, SET) is None
    assert proxies.to_server(server, "http://bastion", {}) == Proxy("bastion", 80)


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
def test_no_proxy_lets_a_server_be_reached_without(listed, server):
    """By its name, its domain, its address or its network."""
    assert proxies.to_server(server, None, {**SET, "NO_PROXY": listed}) is None


@pytest.mark.parametrize(
    "listed", ["ample.com", "api.team.example.com:443", "10.0.0.0/8", "", "team"]
)
def test_no_proxy_is_about_whole_names(listed):
    """The twin: what only looks alike does not count."""
    assert proxies.to_server(SERVER, None, {**SET, "NO_PROXY": listed}) is not None


def test_a_user_and_a_password_are_no_part_of_the_address():
    """What is shown in errors is the address."""
    proxy = proxies.to_server(SERVER, "http://me:s%40cret@[::1]:3128", {})

    assert proxy == Proxy("::1", 3128, "me", "s@cret")
    assert proxy.url == "http://[::1]:3128"
    assert "s@cret" not in repr(proxy)


@pytest.mark.parametrize("url", ["socks5://proxy:1080", "https://proxy:443", "nonsense"])
def test_a_proxy_of_another_kind_is_refused(url):
    """An exec session could not go by it, and would fail later with another word."""
    with pytest.raises(errors.ClusterUnreachable, match="proxy-url of the kubeconfig"):
        proxies.to_server(SERVER, url, {})
