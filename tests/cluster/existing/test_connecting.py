"""Connections to a real API server: expiring tokens, plugins, certificates, proxies."""

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

# a name that only the proxy resolves, for a server whose certificate is for localhost
ELSEWHERE = {"server": "https://api.podshare.test:6443", "tls-server-name": "localhost"}


@pytest.fixture
def connect(team, tmp_path):
    """Return a function that connects as a user, with changes to the kubeconfig's cluster."""
    connections = []

    def connect(user, allowed=(), **changed):
        kubeconfig = accounts.kubeconfig(team.admin, tmp_path, user, **changed)
        connections.append(
            connect_existing(ExistingSettings(kubeconfig, None, allowed, Timeouts(exec=10)))
        )
        return connections[-1]

    yield connect
    for connection in connections:
        connection.close()


@pytest.fixture
def tunnels(team):
    """Return a function that starts a proxy to the API server."""
    url, proxies = urlsplit(team.admin.server), []

    def tunnels(user=""):
        proxies.append(Tunnels(url.hostname, url.port, user).__enter__())
        return proxies[-1]

    yield tunnels
    for proxy in proxies:
        proxy.__exit__()


def check(team, cluster):
    """Deploy a Pod and check it, which needs requests, a watch and exec sessions."""
    shared = SharedNamespace(cluster.api, team.namespace, "way00001")
    options = {"run_id": "way00001", "shared_namespace": shared}
    with Podshare(cluster, team.namespace, **options) as podshare:
        pod = podshare.deploy(MANIFEST)
        assert_file_visible(pod, from_c="c1", to_c="c2", volume="v")


def revocable(team, name):
    """Return a token that is valid as long as a Secret exists, and the Secret's path."""
    root = f"/api/v1/namespaces/{team.namespace}/secrets"
    secret = team.admin.api.post(root, {"kind": "Secret", "metadata": {"name": name}})
    bound = {"apiVersion": "v1", "kind": "Secret", "name": name, "uid": secret["metadata"]["uid"]}
    return accounts.token(team.admin, team.namespace, boundObjectRef=bound), f"{root}/{name}"


def plugin(folder, token):
    """Return a user with a credential plugin, and a function that sets its token."""
    answer, path = folder / "answer", folder / "plugin"
    path.write_text(f"#!/bin/sh\necho run >> {folder}/runs\ncat {answer}\n")
    path.chmod(0o700)
    version = "client.authentication.k8s.io/v1"

    def set_token(token):
        status = {"status": {"token": token}}
        answer.write_text(json.dumps({"apiVersion": version, "kind": "ExecCredential", **status}))

    set_token(token)
    return {
        "exec": {"apiVersion": version, "command": str(path), "interactiveMode": "Never"}
    }, set_token


def until_refused(api, path):
    """Send requests until the API server rejects the cached token, which takes seconds."""

    def ask():
        try:
            api.get(path)
        except errors.CredentialsRefused as error:
            return error
        return None

    return poll(ask, until=bool, deadline=Deadline(40), first=0.5, most=1.0)


def test_a_plugin_runs_again_when_its_token_is_revoked(team, connect, tmp_path):
    """Requests and exec sessions go on in the middle of a run, without an error."""
    token, secret = revocable(team, "first")
    user, set_token = plugin(tmp_path, token)
    cluster = connect(user)
    check(team, cluster)
    set_token(accounts.token(team.admin, team.namespace))
    team.admin.api.delete(secret)

    def ask():
        cluster.api.get(pod_path(team.namespace))
        return (tmp_path / "runs").read_text().count("run")

    assert poll(ask, until=lambda runs: runs == 2, deadline=Deadline(40), first=0.5, most=1.0) == 2
    check(team, cluster)


def test_a_revoked_token_without_a_replacement_is_an_error(team, connect):
    """The error says that the credentials were rejected."""
    token, secret = revocable(team, "only")
    cluster = connect({"token": token})
    check(team, cluster)
    team.admin.api.delete(secret)

    error = until_refused(cluster.api, pod_path(team.namespace))

    assert "rejects the credentials: missing, wrong or expired" in str(error)
    with pytest.raises(errors.CredentialsRefused):
        check(team, cluster)


def test_an_exec_session_reads_the_credentials_again_too(team, connect, tmp_path):
    """It may be the first request that the server rejects."""
    _, podshare = team.podshare()
    user, set_token = plugin(tmp_path, "nonsense")
    with podshare:
        pod = podshare.deploy(MANIFEST)
        set_token(accounts.token(team.admin, team.namespace))
        cluster = connect(user)
        stale = cluster.api.login
        set_token(accounts.token(team.admin, team.namespace))
        stale.configuration.api_key["BearerToken"] = "Bearer stale"
        stale.configuration.refresh_api_key_hook = None
        pod.live = dataclasses.replace(pod.live, cluster=cluster)
        assert pod["c1"].exec(["echo", "hello"]).stdout == b"hello\n"

    assert cluster.api.login is not stale


def test_a_token_file_is_read_again(team, connect, tmp_path):
    """The kubelet replaces it every hour."""
    file = tmp_path / "token"
    file.write_text(accounts.token(team.admin, team.namespace))
    cluster = connect({"tokenFile": str(file)})
    check(team, cluster)
    file.write_text("an invalid token")
    with pytest.raises(errors.CredentialsRefused):
        cluster.api.get(pod_path(team.namespace))
    file.write_text(accounts.token(team.admin, team.namespace))

    check(team, cluster)


def test_requests_and_sessions_use_the_proxy_of_the_kubeconfig(team, connect, tunnels):
    """Only the proxy resolves the server's name, and it gets the user and the password."""
    proxy = tunnels("me:s@cret")
    url = f"http://me:s%40cret@127.0.0.1:{proxy.port}"
    token = accounts.token(team.admin, team.namespace)
    cluster = connect({"token": token}, ("team",), **{"proxy-url": url}, **ELSEWHERE)
    before = len(proxy.requested)

    check(team, cluster)

    assert set(proxy.requested) == {"api.podshare.test:6443"}
    # a watch, and the exec sessions of two containers
    assert len(proxy.requested) - before >= 3


def test_a_proxy_that_requires_a_user_is_an_error_without_one(team, connect, tunnels):
    """The mutated twin, without a user."""
    url = f"http://127.0.0.1:{tunnels('me:secret').port}"
    token = accounts.token(team.admin, team.namespace)

    with pytest.raises(errors.ClusterUnreachable, match="407"):
        connect({"token": token}, ("team",), **{"proxy-url": url}, **ELSEWHERE)


def test_the_environments_proxy_is_used_but_not_for_this_machine(
    team, connect, tunnels, monkeypatch
):
    """It is used for a remote server, but not for a local one or one in NO_PROXY."""
    proxy = tunnels()
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    user = {"token": accounts.token(team.admin, team.namespace)}

    check(team, connect(user))
    assert proxy.requested == []
    check(team, connect(user, ("team",), **ELSEWHERE))
    assert len(proxy.requested) >= 4
    monkeypatch.setenv("NO_PROXY", "podshare.test")
    with pytest.raises(errors.ClusterUnreachable):
        connect(user, ("team",), **ELSEWHERE)


def test_a_server_behind_a_proxy_needs_an_allowed_context(connect, tunnels):
    """127.0.0.1 is then another machine."""
    url = f"http://127.0.0.1:{tunnels().port}"

    with pytest.raises(errors.ContextNotAllowed, match="via the proxy"):
        connect({"token": "any"}, **{"proxy-url": url})


def test_a_certificate_in_files_is_enough(team, tmp_path):
    """As with kubeadm: no token, and paths relative to the kubeconfig."""
    import base64

    import yaml

    config = yaml.safe_load(team.admin.kubeconfig.read_text())
    user = config["users"][0]["user"]
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
