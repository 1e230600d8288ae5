"""Ways to a real API server: tokens that go, plugins, certificates, proxies."""

import dataclasses
import json
from urllib.parse import urlsplit

import pytest

from pytest_podshare import assert_file_visible, errors
from pytest_podshare.cluster.existing import ExistingSettings, connect_existing
from pytest_podshare.cluster.namespaces import SharedNamespace
from pytest_podshare.deadline import Deadline, Timeouts, poll
from pytest_podshare.kube.client import Api, pod_path
from pytest_podshare.pods.deployer import Podshare
from tests.support import accounts
from tests.support.connect_proxy import Tunnels
from tests.support.restricted_pod import MANIFEST

# a name that nobody knows but the proxy, for a certificate that says localhost
ELSEWHERE = {"server": "https://api.podshare.test:6443", "tls-server-name": "localhost"}


@pytest.fixture
def connect(team, tmp_path):
    """A function that connects as a user that a kubeconfig has, by a way that it tells."""
    made = []

    def connect(user, allowed=(), **changed):
        kubeconfig = accounts.kubeconfig(team.admin, tmp_path, user, **changed)
        made.append(
            connect_existing(ExistingSettings(kubeconfig, None, allowed, Timeouts(exec=10)))
        )
        return made[-1]

    yield connect
    for each in made:
        each.close()


@pytest.fixture
def tunnels(team):
    """A function that makes a proxy to the API server."""
    url, made = urlsplit(team.admin.server), []

    def tunnels(user=""):
        made.append(Tunnels(url.hostname, url.port, user).__enter__())
        return made[-1]

    yield tunnels
    for each in made:
        each.__exit__()


def check(team, cluster):
    """Deploy a Pod by that way, and prove something of it: requests, a watch, exec sessions."""
    shared = SharedNamespace(cluster.api, team.namespace, "way00001")
    how = {"run_id": "way00001", "shared_namespace": shared}
    with Podshare(cluster, team.namespace, **how) as podshare:
        pod = podshare.deploy(MANIFEST)
        assert_file_visible(pod, from_c="c1", to_c="c2", volume="v")


def revocable(team, name):
    """A token that is worth something as long as a Secret is there, and the Secret's path."""
    root = f"/api/v1/namespaces/{team.namespace}/secrets"
    secret = team.admin.api.post(root, {"kind": "Secret", "metadata": {"name": name}})
    bound = {"apiVersion": "v1", "kind": "Secret", "name": name, "uid": secret["metadata"]["uid"]}
    return accounts.token(team.admin, team.namespace, boundObjectRef=bound), f"{root}/{name}"


def plugin(folder, token):
    """A credential plugin that gives what is in a file, and the file."""
    says, path = folder / "says", folder / "plugin"
    path.write_text(f"#!/bin/sh\necho run >> {folder}/runs\ncat {says}\n")
    path.chmod(0o700)
    version = "client.authentication.k8s.io/v1"

    def say(token):
        status = {"status": {"token": token}}
        says.write_text(json.dumps({"apiVersion": version, "kind": "ExecCredential", **status}))

    say(token)
    return {"exec": {"apiVersion": version, "command": str(path), "interactiveMode": "Never"}}, say


def until_refused(api, path):
    """Ask until the API server has forgotten that it knew the token, which takes seconds."""

    def ask():
        try:
            api.get(path)
        except errors.CredentialsRefused as error:
            return error
        return None

    return poll(ask, until=bool, deadline=Deadline(40), first=0.5, most=1.0)


def test_a_plugin_is_asked_again_when_its_token_was_revoked(team, connect, tmp_path):
    """In the middle of a run, for requests and for exec sessions, without a word to anybody."""
    token, secret = revocable(team, "first")
    user, say = plugin(tmp_path, token)
    cluster = connect(user)
    check(team, cluster)
    say(accounts.token(team.admin, team.namespace))
    team.admin.api.delete(secret)

    def ask():
        cluster.api.get(pod_path(team.namespace))
        return (tmp_path / "runs").read_text().count("run")

    assert poll(ask, until=lambda runs: runs == 2, deadline=Deadline(40), first=0.5, most=1.0) == 2
    check(team, cluster)


def test_a_token_that_was_revoked_is_an_error_of_its_own(team, connect):
    """Where there is no other one."""
    token, secret = revocable(team, "only")
    cluster = connect({"token": token})
    check(team, cluster)
    team.admin.api.delete(secret)

    error = until_refused(cluster.api, pod_path(team.namespace))

    assert "rejects the credentials: missing, wrong or expired" in str(error)
    with pytest.raises(errors.CredentialsRefused):
        check(team, cluster)


def test_an_exec_session_reads_the_credentials_anew_as_well(team, connect, tmp_path):
    """It may be the first that is refused."""
    _, podshare = team.podshare()
    user, say = plugin(tmp_path, "nonsense")
    with podshare:
        pod = podshare.deploy(MANIFEST)
        say(accounts.token(team.admin, team.namespace))
        cluster = connect(user)
        stale, say = cluster.api.login, say(accounts.token(team.admin, team.namespace))
        stale.configuration.api_key["BearerToken"] = "Bearer stale"
        stale.configuration.refresh_api_key_hook = None
        pod.live = dataclasses.replace(pod.live, cluster=cluster)
        assert pod["c1"].exec(["echo", "hello"]).stdout == b"hello\n"

    assert cluster.api.login is not stale


def test_a_tokens_file_is_read_again(team, connect, tmp_path):
    """As the kubelet replaces it every hour."""
    file = tmp_path / "token"
    file.write_text(accounts.token(team.admin, team.namespace))
    cluster = connect({"tokenFile": str(file)})
    check(team, cluster)
    file.write_text("no token any more")
    with pytest.raises(errors.CredentialsRefused):
        cluster.api.get(pod_path(team.namespace))
    file.write_text(accounts.token(team.admin, team.namespace))

    check(team, cluster)


def test_requests_and_sessions_go_by_the_kubeconfigs_proxy(team, connect, tunnels):
    """The server is known to the proxy alone, and its user is shown."""
    proxy = tunnels("me:s@cret")
    url = f"http://me:s%40cret@127.0.0.1:{proxy.port}"
    token = accounts.token(team.admin, team.namespace)
    cluster = connect({"token": token}, ("team",), **{"proxy-url": url}, **ELSEWHERE)
    before = len(proxy.asked)

    check(team, cluster)

    assert set(proxy.asked) == {"api.podshare.test:6443"}
    # a watch, and the exec sessions of two containers
    assert len(proxy.asked) - before >= 3


def test_a_proxy_that_wants_to_know_who_asks_is_told_of(team, connect, tunnels):
    """The twin without a user."""
    url = f"http://127.0.0.1:{tunnels('me:secret').port}"
    token = accounts.token(team.admin, team.namespace)

    with pytest.raises(errors.ClusterUnreachable, match="407"):
        connect({"token": token}, ("team",), **{"proxy-url": url}, **ELSEWHERE)


def test_the_environments_proxy_is_used_but_not_for_this_machine(
    team, connect, tunnels, monkeypatch
):
    """A server elsewhere goes by it; one of this machine, and one of NO_PROXY, does not."""
    proxy = tunnels()
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    user = {"token": accounts.token(team.admin, team.namespace)}

    check(team, connect(user))
    assert proxy.asked == []
    check(team, connect(user, ("team",), **ELSEWHERE))
    assert len(proxy.asked) >= 4
    monkeypatch.setenv("NO_PROXY", "podshare.test")
    with pytest.raises(errors.ClusterUnreachable):
        connect(user, ("team",), **ELSEWHERE)


def test_a_server_by_a_proxy_needs_its_context_allowed(connect, tunnels):
    """127.0.0.1 is then somebody else's."""
    url = f"http://127.0.0.1:{tunnels().port}"

    with pytest.raises(errors.ContextNotAllowed, match="via the proxy"):
        connect({"token": "any"}, **{"proxy-url": url})


def test_a_certificate_in_files_is_enough(team, tmp_path):
    """As kubeadm and others have it: no token, and paths beside the kubeconfig."""
    import base64

    import yaml

    told = yaml.safe_load(team.admin.kubeconfig.read_text())
    user = told["users"][0]["user"]
    for name in ("client-certificate", "client-key"):
        path = tmp_path / name
        path.touch(mode=0o600)
        path.write_bytes(base64.b64decode(user[f"{name}-data"]))
    files = {"client-certificate": "client-certificate", "client-key": "client-key"}

    with Api(accounts.kubeconfig(team.admin, tmp_path, files)) as api:
        assert api.get("/api/v1/nodes")["items"]
        (tmp_path / "client-key").unlink()
    with pytest.raises(errors.ClusterUnreachable, match="client-key"):
        Api(accounts.kubeconfig(team.admin, tmp_path, files))
