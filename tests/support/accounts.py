"""Accounts with the permissions of manifests/rbac.yaml, and runs of pytest as one of them."""

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
RULES = next(item for item in yaml.safe_load_all(RBAC.read_text()) if item["kind"] == "Role")[
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
        """Return the environment for runs of pytest as this account."""
        variables = {"PODSHARE_PROVIDER": "existing", "PODSHARE_KUBECONFIG": str(self.kubeconfig)}
        return {**variables, **({"PODSHARE_NAMESPACE": self.namespace} if self.namespace else {})}


@dataclasses.dataclass(frozen=True)
class Team:
    """An account, with its connection to the cluster.

    Args:
        admin: the cluster, as an account that may grant permissions.
        account: the account.
        cluster: the cluster, as the account.
    """

    admin: Cluster
    account: Account
    cluster: Cluster

    @property
    def namespace(self):
        """Return the account's namespace."""
        return self.account.namespace

    def podshare(self, run_id="team0001", **timeouts):
        """Return the account's namespace, which stays, and a `Podshare` for it."""
        shared = SharedNamespace(self.cluster.api, self.namespace, run_id)
        options = {"run_id": run_id, "timeouts": Timeouts(**timeouts), "shared_namespace": shared}
        return shared, Podshare(self.cluster, self.namespace, **options)


def make(cluster, namespace, folder, without=()):
    """Create an account with the Role of manifests/rbac.yaml.

    Args:
        cluster: the cluster, as an account that may grant permissions.
        namespace: the account's namespace.
        folder: the folder for its kubeconfig.
        without: the permissions that its Role lacks, each as (verb, resource).
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
    """Yield the rules of manifests/rbac.yaml, without some permissions."""
    for rule in RULES:
        for resource in rule["resources"]:
            verbs = [verb for verb in rule["verbs"] if (verb, resource) not in without]
            if verbs:
                yield {**rule, "resources": [resource], "verbs": verbs}


def change(cluster, namespace, without):
    """Change which permissions the account's Role lacks."""
    path = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/roles/podshare"
    cluster.api.patch(path, {"rules": list(rules(without))})


def forget(cluster, namespace, names):
    """Delete what was left because of a missing permission, of any kind."""
    for kind in resources.list_types(cluster.api, namespace):
        for name in names:
            with contextlib.suppress(errors.ApiError):
                cluster.api.delete(f"{kind.path}/{name}", gracePeriodSeconds=0)


def forget_one(cluster, path):
    """Delete one object if it exists."""
    with contextlib.suppress(errors.ApiError):
        cluster.api.delete(path)


def token(cluster, namespace, seconds=3600, name="podshare", **bound):
    """Return a token of the account, from a TokenRequest."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
    request = {"spec": {"expirationSeconds": seconds, **bound}}
    return cluster.api.post(path, request)["status"]["token"]


def kubeconfig(cluster, folder, user, **changed):
    """Write a kubeconfig for the cluster with another user and changed server fields."""
    original = copy.deepcopy(yaml.safe_load(cluster.kubeconfig.read_text()))
    server = {**original["clusters"][0]["cluster"], **changed}
    name = "team"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": server}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }
    path = folder / f"{name}-kubeconfig"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(config))
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
