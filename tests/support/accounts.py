"""Accounts with the rights of manifests/rbac.yaml, and runs of pytest as one of them."""

import contextlib
import copy
import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import yaml

from pytest_podshare import errors
from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.cluster.namespaces import SharedNamespace
from pytest_podshare.deadline import Timeouts
from pytest_podshare.kube import resources
from pytest_podshare.pods.deployer import Podshare

RBAC = Path("manifests/rbac.yaml").resolve()
RULES = next(each for each in yaml.safe_load_all(RBAC.read_text()) if each["kind"] == "Role")[
    "rules"
]


@dataclasses.dataclass(frozen=True)
class Account:
    """A ServiceAccount in a namespace of its own.

    Args:
        namespace: the namespace.
        kubeconfig: a kubeconfig with its token, whose only context is `team`.
    """

    namespace: str
    kubeconfig: Path

    @property
    def environment(self):
        """The environment for runs of pytest as this account."""
        given = {"PODSHARE_PROVIDER": "existing", "PODSHARE_KUBECONFIG": str(self.kubeconfig)}
        return {**given, **({"PODSHARE_NAMESPACE": self.namespace} if self.namespace else {})}


@dataclasses.dataclass(frozen=True)
class Team:
    """An account, and what it sees of the cluster.

    Args:
        admin: the cluster as one sees it who may give rights.
        account: the account.
        cluster: the cluster as the account sees it.
    """

    admin: Cluster
    account: Account
    cluster: Cluster

    @property
    def namespace(self):
        """The account's namespace."""
        return self.account.namespace

    def podshare(self, run_id="team0001", **timeouts):
        """A `Podshare` of the account, and its namespace that stays."""
        shared = SharedNamespace(self.cluster.api, self.namespace, run_id)
        how = {"run_id": run_id, "timeouts": Timeouts(**timeouts), "shared_namespace": shared}
        return shared, Podshare(self.cluster, self.namespace, **how)


def make(cluster, namespace, folder, without=()):
    """An account with a Role as in manifests/rbac.yaml.

    Args:
        cluster: the cluster, by an account that may give rights.
        namespace: a namespace of its own.
        folder: where its kubeconfig is to lie.
        without: rights that its Role is to lack, each (verb, resource).
    """
    for document in yaml.safe_load_all(RBAC.read_text()):
        if document["kind"] == "Role":
            document["rules"] = list(rules(without))
        for subject in document.get("subjects", ()):
            subject["namespace"] = namespace
        document["metadata"]["namespace"] = namespace
        resources.create(cluster.api, document, namespace)
    return Account(namespace, kubeconfig(cluster, folder, {"token": token(cluster, namespace)}))


def rules(without):
    """The rules of manifests/rbac.yaml, without some rights."""
    for rule in RULES:
        for resource in rule["resources"]:
            verbs = [verb for verb in rule["verbs"] if (verb, resource) not in without]
            if verbs:
                yield {**rule, "resources": [resource], "verbs": verbs}


def change(cluster, namespace, without):
    """Let the account's Role lack other rights from now on."""
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/roles/podshare"
    cluster.api.patch(path, {"rules": list(rules(without))})


def forget(cluster, namespace, names):
    """Delete what a lack of rights has left, of whatever kind."""
    for kind in resources.list_types(cluster.api, namespace):
        for name in names:
            with contextlib.suppress(errors.ApiError):
                cluster.api.delete(f"{kind.path}/{name}", gracePeriodSeconds=0)


def forget_one(cluster, path):
    """Delete one object, if it is there."""
    with contextlib.suppress(errors.ApiError):
        cluster.api.delete(path)


def token(cluster, namespace, seconds=3600, name="podshare", **bound):
    """A token of the account, by TokenRequest."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
    request = {"spec": {"expirationSeconds": seconds, **bound}}
    return cluster.api.post(path, request)["status"]["token"]


def kubeconfig(cluster, folder, user, **changed):
    """A kubeconfig for the cluster with another user, and other facts about the server."""
    told = copy.deepcopy(yaml.safe_load(cluster.kubeconfig.read_text()))
    server = {**told["clusters"][0]["cluster"], **changed}
    name = "team"
    made = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": server}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }
    path = folder / f"{name}-kubeconfig"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(made))
    return path


def pytest_as(account, *args, folder=Path(), seconds=600):
    """Run pytest as an account, without settings of the run around it; return status and output."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("PODSHARE_")}
    environ["PODSHARE_PROBE_IMAGE"] = os.environ.get("PODSHARE_PROBE_IMAGE", "busybox")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:pytest-kind"),
            *args,
        ],
        cwd=folder.resolve(),
        env={**environ, **account.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )
    return done.returncode, done.stdout
