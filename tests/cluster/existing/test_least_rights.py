"""manifests/rbac.yaml grants every permission that the plugin needs, and no other."""

import copy
import dataclasses
import re

import pytest

from pytest_podshare import assert_file_visible, assert_log_contains
from pytest_podshare.deadline import Deadline
from pytest_podshare.errors import PodshareError
from pytest_podshare.kube.client import pod_path
from pytest_podshare.kube.rbac import Permission
from pytest_podshare.pods.config_change import changed_entries
from pytest_podshare.pods.config_source import ConfigEntry
from pytest_podshare.pods.pod import Pod
from pytest_podshare.report.attachments import collect
from tests.support import accounts
from tests.support.permissions import wait_for_permission
from tests.support.restricted_pod import MANIFEST, POD

ALL = [
    (verb, resource, rule["apiGroups"][0])
    for rule in accounts.RULES
    for resource in rule["resources"]
    for verb in rule["verbs"]
]
KINDS = {
    "configmaps": ("v1", "ConfigMap", {}),
    "secrets": ("v1", "Secret", {}),
    "persistentvolumeclaims": (
        *("v1", "PersistentVolumeClaim"),
        {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}},
    ),
    "services": ("v1", "Service", {"ports": [{"port": 80}]}),
    "deployments": ("apps/v1", "Deployment", {"replicas": 0}),
    "statefulsets": ("apps/v1", "StatefulSet", {"replicas": 0, "serviceName": "s"}),
    "replicasets": ("apps/v1", "ReplicaSet", {"replicas": 0}),
    "daemonsets": ("apps/v1", "DaemonSet", {}),
    "jobs": ("batch/v1", "Job", {"parallelism": 0}),
}
# tests of the cluster suite that cover every assertion the permissions are for
SAMPLE = (
    "tests/cluster/scenarios/test_exchange_and_drain.py::test_files_are_exchanged_in_both_directions[manifests/sharevol.yaml]",
    "tests/cluster/scenarios/test_config_as_files.py::test_every_entry_is_a_read_only_file_with_the_specified_mode",
    "tests/cluster/scenarios/test_config_as_files.py::test_a_change_to_the_pod_itself_triggers_a_sync",
    "tests/cluster/scenarios/test_shared_pages_and_logs.py::test_shared_data_is_lost_with_the_pod",
    "tests/cluster/scenarios/test_shared_pages_and_logs.py::test_the_aggregator_prints_the_logs_of_both_programs",
    "tests/cluster/scenarios/test_paths_and_media.py::test_a_volume_in_memory_is_a_tmpfs_of_the_specified_size",
    "tests/cluster/scenarios/test_exchange_and_drain.py::test_files_are_exchanged_in_both_directions[manifests/sharevol-claim.yaml]",
    "tests/cluster/scenarios/test_sub_paths_and_access.py::test_a_read_only_mount_can_be_read_but_not_written",
    "tests/cluster/test_restart.py::test_each_strategy_restarts_the_container_alone[resize--]",
)
DRAIN = """
from pytest_podshare import (
    assert_survives_drain, assert_survives_restart, assert_survives_sandbox_restart
)

def test_a_drain(podshare):
    assert_survives_drain(podshare.deploy("manifests/sharevol-claim.yaml"))

def test_a_sandbox(podshare):
    assert_survives_sandbox_restart(podshare.deploy("manifests/sharevol.yaml"))

def test_a_restart(podshare):
    assert_survives_restart(podshare.deploy("manifests/sharevol.yaml"), container="c1")

def test_a_class(podshare):
    podshare.deploy({"kind": "List", "items": [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
         "spec": {"containers": [{"name": "c", "image": "busybox"}]}},
        {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
         "metadata": {"name": "podshare-never"}, "provisioner": "none"},
    ]})
"""


def objects_of(team):
    """Return the objects in the team's namespace, except those that Kubernetes creates itself."""
    api, root = team.admin.api, f"namespaces/{team.namespace}"
    paths = [f"/api/v1/{root}/{kind}" for kind in ("pods", "services", "persistentvolumeclaims")]
    paths += [f"/api/v1/{root}/{kind}" for kind in ("configmaps", "secrets")]
    kinds = ("deployments", "statefulsets", "daemonsets", "replicasets")
    paths += [f"/apis/apps/v1/{root}/{kind}" for kind in kinds]
    names = [item["metadata"]["name"] for path in paths for item in api.get(path)["items"]]
    return sorted(set(names) - {"kube-root-ca.crt"})


@pytest.mark.usefixtures("images")
def test_the_suite_passes_with_these_permissions_and_leaves_nothing(team):
    """In a run of pytest as the account, nothing fails and nothing is skipped."""
    code, output = accounts.pytest_as(team.account, "-q", *SAMPLE)

    assert code == 0, output
    assert " skipped" not in output
    assert f"Kubernetes {team.admin.version}" in output
    assert objects_of(team) == []


@pytest.mark.usefixtures("images")
def test_what_needs_more_is_skipped_and_names_the_permission(team, tmp_path):
    """These are drains, access to nodes, restarts through a node, and cluster-scoped objects."""
    test = tmp_path / "test_more.py"
    test.write_text(DRAIN)

    code, output = accounts.pytest_as(team.account, "-q", "-rs", str(test))

    assert code == 0, output
    assert "4 skipped" in output
    lines = [line for line in output.splitlines() if line.startswith("SKIPPED")]
    assert "needs permission to patch nodes, get nodes, list nodes, watch nodes" in lines[0]
    assert "needs access to the nodes: A sandbox can only be killed on its node" in output
    assert re.search(
        r"needs access to the nodes: Container c1 of .* cannot be restarted \(", output
    )
    assert "needs permission to create storageclasses" in output
    skipped = "podshare: skipped 2 tests because of missing permissions: create storageclasses (1)"
    assert skipped in output
    assert objects_of(team) == []


def test_without_its_namespace_the_account_can_do_nothing(team, tmp_path):
    """That is an error, because a run that skips every test would look green."""
    test = tmp_path / "test_it.py"
    test.write_text("def test_it(podshare): pass")
    account = dataclasses.replace(team.account, namespace="")

    code, output = accounts.pytest_as(account, "-q", str(test))

    assert code == 1, output
    assert "Cannot create a namespace for a test: namespaces is forbidden" in output
    assert "--podshare-namespace" in output


@dataclasses.dataclass
class Setup:
    """What scenarios use: the team, and a Pod that is already deployed."""

    team: accounts.Team
    pod: Pod


@pytest.fixture(scope="module")
def used(team):
    """Deploy the Pod with all permissions."""
    _, podshare = team.podshare()
    with podshare:
        yield Setup(team, podshare.deploy(MANIFEST))


def deploy(used, _resource):
    """Deploy another Pod and delete it."""
    another = {**POD, "metadata": {"name": "another", "labels": {"changes": "often"}}}
    shared, podshare = used.team.podshare()
    with podshare:
        podshare.deploy(another)
    return shared.undeleted


def create(used, resource):
    """Create an object, fail to create it again, and delete it."""
    version, kind, spec = KINDS[resource]
    labels = {"app": "created"}
    template = {"metadata": {"labels": labels}, "spec": copy.deepcopy(POD["spec"])}
    for container in template["spec"]["containers"]:
        del container["resizePolicy"]
    if resource == "jobs":
        template["spec"]["restartPolicy"] = "Never"
    if resource == "daemonsets":
        template["spec"]["nodeSelector"] = {"podshare.test/none": "has-it"}
    if version == "apps/v1":
        spec = {**spec, "selector": {"matchLabels": labels}}
    if version != "v1":
        spec = {**spec, "template": template}
    manifest = {"apiVersion": version, "kind": kind, "metadata": {"name": "created"}}
    if spec:
        manifest["spec"] = spec
    shared, podshare = used.team.podshare()
    with podshare:
        podshare.objects.create(manifest, "a manifest")
        # the very same object would be created once
        manifest["metadata"]["annotations"] = {"example.com/other": "true"}
        with pytest.raises(PodshareError) as caught:
            podshare.objects.create(manifest, "a manifest")
    if "another test of this process uses it" not in str(caught.value):
        raise caught.value
    return shared.undeleted


def change(used, resource):
    """Change an entry and change it back, as an assertion about updates does."""
    entries = {
        "pods": ConfigEntry("Pod", "restricted", "labels", "changes", ""),
        "configmaps": ConfigEntry("ConfigMap", "settings", "data", "changed", "changed"),
        "secrets": ConfigEntry("Secret", "credentials", "data", "changed", "changed"),
    }
    with changed_entries(used.pod, [entries[resource]]):
        pass


def fail(used, _resource):
    """Collect what a failure is explained with."""
    _, podshare = used.team.podshare()
    podshare.pods.append(used.pod)
    collected = collect.collect(podshare, Deadline(10))
    return [text for text in collected.missing if "events" in text]


SCENARIOS = {
    ("create", "pods"): deploy,
    ("list", "pods"): deploy,
    ("watch", "pods"): deploy,
    ("delete", "pods"): deploy,
    ("get", "pods"): lambda used, _: used.pod.live.refresh(),
    ("patch", "pods"): change,
    ("create", "pods/exec"): lambda used, _: visible(used),
    ("get", "pods/exec"): lambda used, _: visible(used),
    ("get", "pods/log"): lambda used, _: assert_log_contains(
        used.pod, container="c1", text="ready"
    ),
    ("patch", "pods/resize"): lambda used, _: used.pod["c2"].restart(strategy="resize"),
    ("patch", "pods/ephemeralcontainers"): lambda used, _: ephemeral(used),
    ("patch", "configmaps"): change,
    ("patch", "secrets"): change,
    ("list", "events"): fail,
    **{(verb, kind): create for verb in ("create", "get", "delete") for kind in KINDS},
}


def visible(used):
    """Look for a file through a new session."""
    used.pod["c1"].close()
    assert_file_visible(used.pod, from_c="c1", to_c="c2", volume="v")


def ephemeral(used):
    """Request an ephemeral container, as a container without a shell needs one."""
    path = pod_path(used.pod.namespace, used.pod.name, "ephemeralcontainers")
    used.pod.api.patch(path, {"spec": {}}, strategic=True)


def outcome(used, verb, resource):
    """Return the error of a scenario, or what it left; "" for neither."""
    try:
        left = SCENARIOS[verb, resource](used, resource)
    except (PodshareError, AssertionError) as error:
        return str(error)
    return " ".join(left or ()) if isinstance(left, (list, tuple)) else ""


# permissions that an API server does not check without this feature gate
GATED = {("create", "pods/exec"): "AuthorizePodWebsocketUpgradeCreatePermission"}


def is_checked(team, verb, resource):
    """Return whether the API server checks a permission at all, according to its metrics."""
    gate = GATED.get((verb, resource))
    enabled = rf'^kubernetes_feature_enabled{{name="{gate}",[^}}]*}} 1$'
    return gate is None or re.search(enabled, team.admin.api.get_text("/metrics"), re.M) is not None


def test_every_permission_has_a_scenario():
    """So the Role grants no permission that nothing needs."""
    assert {(verb, resource) for verb, resource, _ in ALL} == set(SCENARIOS)


@pytest.mark.parametrize(
    ("verb", "resource", "group"), ALL, ids=[f"{verb} {resource}" for verb, resource, _ in ALL]
)
def test_a_missing_permission_is_named(used, verb, resource, group):
    """The Role lacks one verb; the positive control is the same scenario with all verbs.

    Before 1.35, an API server allows an exec over a WebSocket with `get` alone.
    """
    team = used.team
    permission = Permission(verb, resource, group, team.namespace)
    with_permission = outcome(used, verb, resource)
    accounts.change(team.admin, team.namespace, [(verb, resource)])
    try:
        wait_for_permission(team.cluster.api, permission, granted=False)
        without = outcome(used, verb, resource)
    finally:
        accounts.change(team.admin, team.namespace, ())
        wait_for_permission(team.cluster.api, permission, granted=True)
        if verb == "delete":
            accounts.forget(team.admin, team.namespace, ("another", "created"))

    assert with_permission == ""
    if is_checked(team, verb, resource):
        assert f"{verb} {resource}" in without or f"cannot {verb} resource" in without
    else:
        assert without == ""
