"""Credentials that change while a run goes on, over real HTTP."""

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
    """Answers whoever has a token that is valid, and remembers what was shown to it."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.valid = set()
        self.shown = []


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        token = (self.headers["authorization"] or "").removeprefix("Bearer ")
        self.server.shown.append(token)
        known = token in self.server.valid
        content = json.dumps({} if known else {"message": "Unauthorized"}).encode()
        self.send_response(200 if known else 401)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def server():
    """The server, answering."""
    with Server() as made:
        threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture
def api(server, tmp_path):
    """A function that connects as a user that a kubeconfig has."""
    made = []

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
        made.append(Api(kubeconfig))
        return made[-1]

    yield connect
    for each in made:
        each.close()


def plugin(folder, script):
    """The kubeconfig's part about a credential plugin that runs a script."""
    path = folder / "plugin"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    version = "client.authentication.k8s.io/v1"
    return {"apiVersion": version, "command": str(path), "interactiveMode": "Never"}


def credential(token):
    """What a plugin prints."""
    version = "client.authentication.k8s.io/v1"
    told = {"apiVersion": version, "kind": "ExecCredential", "status": {"token": token}}
    return json.dumps(told)


def test_a_tokens_file_is_read_again_when_it_has_changed(server, api, tmp_path):
    """The kubelet and others write a new one before the old one expires."""
    server.valid = {"one", "two"}
    (tmp_path / "token").write_text("one\n")
    its = api(tokenFile="token")

    its.get("/x")
    its.get("/x")
    (tmp_path / "new").write_text("two\n")
    (tmp_path / "new").replace(tmp_path / "token")
    its.get("/x")

    assert server.shown == ["one", "one", "two"]


def test_a_tokens_file_that_goes_is_told_of(server, api, tmp_path):
    """Rather than asking as nobody."""
    server.valid = {"one"}
    (tmp_path / "token").write_text("one")
    its = api(tokenFile="token")
    (tmp_path / "token").unlink()

    with pytest.raises(errors.ClusterUnreachable, match=r"token's file .* cannot be read"):
        its.get("/x")


def test_a_plugin_is_asked_again_when_its_token_is_refused(server, api, tmp_path):
    """A token may be revoked before it expires; the request that found it out is made again."""
    server.valid = {"one"}
    (tmp_path / "says").write_text(credential("one"))
    its = api(exec=plugin(tmp_path, f"cat {tmp_path}/says"))

    its.get("/x")
    server.valid = {"two"}
    (tmp_path / "says").write_text(credential("two"))
    answer = its.get("/x")

    assert answer == {}
    assert server.shown == ["one", "one", "two"]


def test_credentials_that_stay_refused_are_an_error_of_their_own(server, api):
    """After one more try, and no more than that."""
    its = api(token="stale")

    with pytest.raises(errors.CredentialsRefused, match=r"expired \(GET /x: Unauthorized\)"):
        its.get("/x")

    assert server.shown == ["stale", "stale"]


def test_of_several_threads_one_reads_the_credentials_anew(server, api, tmp_path):
    """The plugin may be a program that asks a person."""
    server.valid = {"one"}
    (tmp_path / "says").write_text(credential("one"))
    its = api(exec=plugin(tmp_path, f"echo run >> {tmp_path}/runs; cat {tmp_path}/says"))
    server.valid = {"two"}
    (tmp_path / "says").write_text(credential("two"))
    refused = its.login

    threads = [threading.Thread(target=its.renew, args=(refused,)) for _ in range(5)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert (tmp_path / "runs").read_text().split() == ["run", "run"]


def test_a_plugin_that_fails_is_told_of_in_its_own_words(api, tmp_path):
    """Instead of asking as nobody, and being refused for a right."""
    with pytest.raises(errors.ClusterUnreachable) as caught:
        api(exec=plugin(tmp_path, "echo 'run: team login' >&2; exit 3"))

    assert "plugin gave no credentials: exec: process returned 3. run: team login" in str(
        caught.value
    )


@pytest.fixture
def account(tmp_path, monkeypatch):
    """The account of a Pod, as the kubelet puts it there."""
    for name in ("token", "ca.crt"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(credentials, "ACCOUNT", tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    return tmp_path


def test_without_a_kubeconfig_the_pods_own_account_is_used(account):
    """Its token's file is one that rotates."""
    login = credentials.load(None, None)

    assert (login.context, login.configuration.host) == ("in-cluster", "https://[fd00::1]:443")
    assert (login.token_file, login.authority) == (account / "token", str(account / "ca.crt"))


def test_a_kubeconfig_comes_before_the_pods_own_account(account, monkeypatch):
    """The twin: whoever has one means it, also by a variable."""
    (account / "config").write_text("{}")
    monkeypatch.setenv("KUBECONFIG", f"{account / 'none'}{os.pathsep}{account / 'config'}")

    with pytest.raises(errors.ClusterUnreachable, match="The default kubeconfig: Invalid"):
        credentials.load(None, None)


@pytest.mark.usefixtures("account")
def test_outside_of_a_cluster_there_is_no_account(monkeypatch):
    """And without a kubeconfig nothing to connect by."""
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST")

    with pytest.raises(errors.ClusterUnreachable, match=r"there is no file ~/\.kube/config"):
        credentials.load(None, None)
