"""Capabilities, checked on the real cluster; each check can also fail."""

import contextlib
import json

import pytest
import yaml

from pytest_podshare import errors
from pytest_podshare.cluster.capabilities import api_checks, trials
from pytest_podshare.cluster.capabilities.api_checks import CheckContext
from pytest_podshare.cluster.capabilities.catalog import Capabilities
from pytest_podshare.kube.client import Api
from tests.support.pytest_runs import run

# what differs between the two versions that the sandbox builds
NEWER = {"image-volumes", "restart-rules", "restart-all-containers"}
# what every kind cluster has
KIND = {"ephemeral-containers", "node-access", "restart-by-resize", "user-namespaces"}


@pytest.fixture
def context(podshare):
    """Return a context in the namespace of the test."""
    return CheckContext(podshare.cluster, podshare.namespace, "busybox", "test")


@pytest.fixture
def powerless(context, tmp_path):
    """Return the same context with an account without permissions."""
    path = f"/api/v1/namespaces/{context.namespace}/serviceaccounts/default/token"
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = context.cluster.api.post(path, request)["status"]["token"]
    config = yaml.safe_load(context.cluster.kubeconfig.read_text())
    config["users"] = [{**user, "user": {"token": token}} for user in config["users"]]
    file = tmp_path / "powerless.yaml"
    file.write_text(yaml.safe_dump(config))
    with contextlib.closing(Api(file)) as api:
        cluster = type(context.cluster)(
            "existing", "powerless", file, None, False, False, context.cluster.version, api
        )
        yield CheckContext(cluster, context.namespace, "busybox", "test")


def test_a_kind_cluster_has_its_capabilities(podshare_capabilities, podshare_cluster):
    """It lacks volumes for several nodes, in the words of its provisioner."""
    if not podshare_cluster.own:
        pytest.skip("this is a test of kind")

    assert {name for name in KIND if podshare_capabilities[name].there} == KIND
    many = podshare_capabilities["read-write-many"]
    assert not many.there
    assert many.why.startswith("ProvisioningFailed: ")
    assert "NodePath only supports ReadWriteOnce" in many.why


@pytest.mark.parametrize("name", sorted(NEWER))
def test_a_newer_capability_is_missing_in_1_34_and_found_in_1_36(
    podshare_capabilities, podshare_cluster, name
):
    """The check does not read the version; only this test does."""
    minor = int(podshare_cluster.version.split(".")[1])
    if not podshare_cluster.own or minor == 35:
        pytest.skip("this is a test of kind in a version that the sandbox builds")

    assert podshare_capabilities[name].there == (minor > 35), podshare_capabilities[name]


def test_a_capability_is_checked_once(context):
    """All checks share one context, created for the first of them."""
    contexts = []

    def create_context():
        contexts.append(context)
        return context

    capabilities = Capabilities(create_context)
    assert (contexts, capabilities.checked) == ([], ())

    first = capabilities["two-nodes"]

    assert capabilities["two-nodes"] is first
    assert capabilities["ephemeral-containers"].there
    assert contexts == [context]
    names = [capability.name for capability in capabilities.checked]
    assert names == ["ephemeral-containers", "two-nodes"]


def test_the_objects_of_a_trial_are_deleted(context):
    """They are Pods and claims."""
    Capabilities(lambda: context)["user-namespaces"]

    pods = context.cluster.api.get(f"/api/v1/namespaces/{context.namespace}/pods")["items"]
    assert [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]] == []


def test_without_a_permission_the_capability_is_missing(powerless):
    """The reason names the permission, unless the check needs none."""
    capabilities = Capabilities(lambda: powerless)

    why = {name: capabilities[name].why for name in (*KIND, "two-nodes", "image-volumes")}

    assert not any(capability.there for capability in capabilities.checked)
    assert why["ephemeral-containers"] == (
        "the account lacks the permission to patch pods/ephemeralcontainers"
    )
    assert why["restart-by-resize"] == ("the account lacks the permission to patch pods/resize")
    assert why["node-access"] == "only the kind provider gives access to nodes"
    for name in ("user-namespaces", "image-volumes"):
        assert "cannot create resource" in why[name], why[name]
    assert 'cannot list resource "nodes"' in why["two-nodes"]


def test_a_dry_run_can_fail(context):
    """The twin has the same field with a value that every API server rejects."""
    valid = api_checks.build_pod(context, {"hostUsers": False})
    invalid = api_checks.build_pod(context, {"hostUsers": "no"})

    assert api_checks.check_fields(context, valid) == ""
    with pytest.raises(errors.ApiError, match="hostUsers"):
        api_checks.check_fields(context, invalid)


def test_a_trial_can_fail_with_the_reason_of_the_node(context):
    """The twins have an invalid image, and an exit code without a restart rule."""
    never, always = (
        api_checks.build_pod(
            context, {"restartPolicy": restart_policy}, command=["sh", "-c", "exit 43"]
        )
        for restart_policy in ("Never", "Always")
    )
    invalid = api_checks.build_pod(context, {}, image="No Image")

    failure = "its container exited with code 43 and was not restarted (Error)"
    assert trials.try_restart(context, never) == failure
    assert trials.try_restart(context, always) == ""
    assert trials.try_start(context, invalid).startswith("InvalidImageName: ")
    assert trials.try_claim(context, "ReadWriteOnce") == ""


@pytest.mark.parametrize("name", sorted(NEWER))
def test_a_manifest_is_deployed_only_with_the_capability_that_it_needs(
    podshare, podshare_capabilities, name
):
    """The API server never drops a field silently."""
    spec = SPECS[name]
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}

    if podshare_capabilities[name].there:
        assert podshare.deploy(manifest).name == name
    else:
        with pytest.raises(errors.CapabilityMissing, match=f"the cluster lacks {name}: "):
            podshare.deploy(manifest)


def _spec(volumes=(), **fields):
    container = {"name": "c", "image": "busybox", "command": ["sleep", "600"], **fields}
    return {"restartPolicy": "Never", "containers": [container], "volumes": list(volumes)}


def _restart_rule(action):
    rule = {"action": action, "exitCodes": {"operator": "In", "values": [42]}}
    return {"restartPolicy": "Never", "restartPolicyRules": [rule]}


IMAGE_VOLUME = {"name": "v", "image": {"reference": "busybox", "pullPolicy": "IfNotPresent"}}
SPECS = {
    "image-volumes": _spec([IMAGE_VOLUME], volumeMounts=[{"name": "v", "mountPath": "/v"}]),
    "restart-rules": _spec(**_restart_rule("Restart")),
    "restart-all-containers": _spec(**_restart_rule("RestartAllContainers")),
}
CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [%s], resources: {requests: {storage: 1Mi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: two}
spec:
  volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]
  containers:
    - name: c1
      image: busybox
      command: &command [sleep, "600"]
      volumeMounts: &mounts [{name: v, mountPath: /v}]
    - {name: c2, image: busybox, command: *command, volumeMounts: *mounts}
"""
MARKED = """
import pytest

@pytest.fixture
def resource():
    print("a fixture has started")

@pytest.mark.podshare_needs("ephemeral-containers", "read-write-many")
def test_lacks(resource):
    pass

@pytest.mark.podshare_needs("ephemeral-containers")
def test_has(resource):
    pass
"""


def test_a_test_is_skipped_if_the_cluster_lacks_a_capability(pytester, podshare_cluster):
    """It is skipped before its fixtures start; the items of manifests are skipped as well."""
    if not podshare_cluster.own:
        pytest.skip("this is a test of kind, whose volumes are on one node")
    pytester.makepyfile(MARKED)
    (pytester.path / "many.yaml").write_text(CLAIM % "ReadWriteMany")
    (pytester.path / "once.yaml").write_text(CLAIM % "ReadWriteOnce")

    result = run(
        pytester, "-rs", "-v", "-s", ".", "-k=test_ or c1",
        "--podshare-manifests=many.yaml", "--podshare-manifests=once.yaml",
    )  # fmt: skip

    printed = result.stdout.str()
    outcomes = result.parseoutcomes()
    assert outcomes["passed"] >= 4, printed
    assert "failed" not in outcomes, printed
    assert "errors" not in outcomes, printed
    assert printed.count("a fixture has started") == 1
    lacks = "the cluster lacks read-write-many: ProvisioningFailed: "
    assert f"podshare: {lacks}" in printed
    assert "podshare: the cluster has ephemeral-containers\n" in printed
    skipped = [line for line in printed.splitlines() if line.startswith("SKIPPED")]
    assert skipped
    assert all(lacks in line for line in skipped), printed
    assert json.dumps(outcomes)
