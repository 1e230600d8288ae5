"""Tests of credentials that change during a run, over real HTTP."""

import http.server
import json
import os
import threading

import pytest
import yaml

from pytest_podshare import errors
from pytest_podshare.kube import credentials
from pytest_podshare.kube.client import Api


class Server(http.server.ThreadingHTTPServer):
    """Accepts requests with a valid token, and records all tokens."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.valid = set()
        self.tokens = []


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        token = (self.headers["authorization"] or "").removeprefix("Bearer ")
        self.server.tokens.append(token)
        is_valid = token in self.server.valid
        content = json.dumps({} if is_valid else {"message": "Unauthorized"}).encode()
        self.send_response(200 if is_valid else 401)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Keep stderr clean."""


@pytest.fixture
def server():
    """Start the server."""
    with Server() as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def api(server, tmp_path):
    """Return a function that connects as a kubeconfig's user."""
    opened = []

    def connect(**user):
        kubeconfig = tmp_path / "kubeconfig"
        name = "c"
        kubeconfig.write_text(
            yaml.safe_dump(
                {
                    "current-context": name,
                    "clusters": [
                        {
                            "name": name,
                            "cluster": {"server": f"http://127.0.0.1:{server.server_port}"},
                        }
                    ],
                    "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
                    "users": [{"name": name, "user": user}],
                }
            )
        )
        opened.append(Api(kubeconfig))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


def plugin(folder, script):
    """Return the kubeconfig's section for a credential plugin that runs a script."""
    path = folder / "plugin"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    version = "client.authentication.k8s.io/v1"
    return {"apiVersion": version, "command": str(path), "interactiveMode": "Never"}


def credential(token):
    """Return the output of a credential plugin."""
    version = "client.authentication.k8s.io/v1"
    output = {"apiVersion": version, "kind": "ExecCredential", "status": {"token": token}}
    return json.dumps(output)


def test_a_token_file_is_read_again_when_it_has_changed(server, api, tmp_path):
    """The kubelet and others write a new token before the old one expires."""
    server.valid = {"one", "two"}
    (tmp_path / "token").write_text("one\n")
    connection = api(tokenFile="token")

    connection.get("/x")
    connection.get("/x")
    (tmp_path / "new").write_text("two\n")
    (tmp_path / "new").replace(tmp_path / "token")
    connection.get("/x")

    assert server.tokens == ["one", "one", "two"]


def test_a_deleted_token_file_is_an_error(server, api, tmp_path):
    """The request is not sent without a token."""
    server.valid = {"one"}
    (tmp_path / "token").write_text("one")
    connection = api(tokenFile="token")
    (tmp_path / "token").unlink()

    with pytest.raises(errors.ClusterUnreachable, match=r"token file .* cannot be read"):
        connection.get("/x")


def test_a_plugin_runs_again_when_its_token_is_rejected(server, api, tmp_path):
    """A token may be revoked before it expires; the rejected request is sent again."""
    server.valid = {"one"}
    (tmp_path / "output").write_text(credential("one"))
    connection = api(exec=plugin(tmp_path, f"cat {tmp_path}/output"))

    connection.get("/x")
    server.valid = {"two"}
    (tmp_path / "output").write_text(credential("two"))
    answer = connection.get("/x")

    assert answer == {}
    assert server.tokens == ["one", "one", "two"]


def test_credentials_that_are_rejected_twice_are_an_error(server, api):
    """There is exactly one more attempt."""
    connection = api(token="stale")

    with pytest.raises(errors.CredentialsRefused, match=r"expired \(GET /x: Unauthorized\)"):
        connection.get("/x")

    assert server.tokens == ["stale", "stale"]


def test_one_of_several_threads_renews_the_credentials(server, api, tmp_path):
    """The plugin may prompt the user."""
    server.valid = {"one"}
    (tmp_path / "output").write_text(credential("one"))
    connection = api(exec=plugin(tmp_path, f"echo run >> {tmp_path}/runs; cat {tmp_path}/output"))
    server.valid = {"two"}
    (tmp_path / "output").write_text(credential("two"))
    rejected = connection.login

    threads = [threading.Thread(target=connection.renew, args=(rejected,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (tmp_path / "runs").read_text().split() == ["run", "run"]


def test_the_message_of_a_failed_plugin_is_shown(api, tmp_path):
    """Without it, the request would be sent without credentials and denied."""
    with pytest.raises(errors.ClusterUnreachable) as caught:
        api(exec=plugin(tmp_path, "echo 'run: team login' >&2; exit 3"))

    assert "plugin returned no credentials: exec: process returned 3. run: team login" in str(
        caught.value
    )


@pytest.fixture
def account(tmp_path, monkeypatch):
    """Create a service account like the one that the kubelet mounts into a Pod."""
    for name in ("token", "ca.crt"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(credentials, "_ACCOUNT", tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    return tmp_path


def test_without_a_kubeconfig_the_service_account_is_used(account):
    """The token file is known, because the token is rotated."""
    login = credentials.load(None, None)

    assert (login.context, login.configuration.host) == ("in-cluster", "https://[fd00::1]:443")
    assert (login.token_file, login.authority) == (account / "token", str(account / "ca.crt"))


def test_a_kubeconfig_overrides_the_service_account(account, monkeypatch):
    """Counterexample: one of the files in KUBECONFIG exists."""
    (account / "config").write_text("{}")
    monkeypatch.setenv("KUBECONFIG", f"{account / 'none'}{os.pathsep}{account / 'config'}")

    with pytest.raises(errors.ClusterUnreachable, match="The default kubeconfig: Invalid"):
        credentials.load(None, None)


@pytest.mark.usefixtures("account")
def test_outside_a_cluster_there_is_no_service_account(monkeypatch):
    """Without a kubeconfig as well, there is nothing to connect with."""
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST")

    with pytest.raises(errors.ClusterUnreachable, match=r"file ~/\.kube/config does not exist"):
        credentials.load(None, None)
