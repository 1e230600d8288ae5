"""What a cluster can do, asked of the real one; and that the answers can be no."""

import contextlib
import json

import pytest
import yaml

from pytest_podshare import errors
from pytest_podshare.cluster.capabilities import api_checks, trials
from pytest_podshare.cluster.capabilities.api_checks import CheckContext
from pytest_podshare.cluster.capabilities.registry import Capabilities
from pytest_podshare.kube.client import Api
from tests.support.pytest_runs import run

# what the two versions that the sandbox builds differ in
NEWER = {"image-volumes", "restart-rules", "restart-all-containers"}
# on a kind cluster whatever its version
KIND = {"ephemeral-containers", "node-access", "restart-by-resize", "user-namespaces"}


@pytest.fixture
def place(podshare):
    """Where to ask: the namespace of the test."""
    return CheckContext(podshare.cluster, podshare.namespace, "busybox", "test")


@pytest.fixture
def powerless(place, tmp_path):
    """The same, asked by an account without any right."""
    path = f"/api/v1/namespaces/{place.namespace}/serviceaccounts/default/token"
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = place.cluster.api.post(path, request)["status"]["token"]
    config = yaml.safe_load(place.cluster.kubeconfig.read_text())
    config["users"] = [{"name": each["name"], "user": {"token": token}} for each in config["users"]]
    file = tmp_path / "powerless.yaml"
    file.write_text(yaml.safe_dump(config))
    with contextlib.closing(Api(file)) as api:
        cluster = type(place.cluster)(
            "existing", "powerless", file, None, False, False, place.cluster.version, api
        )
        yield CheckContext(cluster, place.namespace, "busybox", "test")


def test_a_kind_cluster_has_what_it_has(podshare_capabilities, podshare_cluster):
    """And has no volume for several nodes, in its provisioner's own words."""
    if not podshare_cluster.own:
        pytest.skip("this is about kind")

    assert {name for name in KIND if podshare_capabilities[name].there} == KIND
    many = podshare_capabilities["read-write-many"]
    assert not many.there
    assert many.why.startswith("ProvisioningFailed: ")
    assert "NodePath only supports ReadWriteOnce" in many.why


@pytest.mark.parametrize("name", sorted(NEWER))
def test_the_sandboxs_versions_are_told_apart(podshare_capabilities, podshare_cluster, name):
    """Without their numbers, which say here what is to be found: 1.34 lacks it, 1.36 has it."""
    minor = int(podshare_cluster.version.split(".")[1])
    if not podshare_cluster.own or minor == 35:
        pytest.skip("somebody else's cluster may have any of them")

    assert podshare_capabilities[name].there == (minor > 35), podshare_capabilities[name]


def test_each_is_asked_for_once(place):
    """In one namespace, which is made for the first question."""
    asked = []

    def here():
        asked.append(place)
        return place

    capabilities = Capabilities(here)
    assert (asked, capabilities.known) == ([], ())

    first = capabilities["two-nodes"]

    assert capabilities["two-nodes"] is first
    assert capabilities["ephemeral-containers"].there
    assert asked == [place]
    assert [each.name for each in capabilities.known] == ["ephemeral-containers", "two-nodes"]


def test_nothing_stays_of_what_was_tried(place):
    """The Pods and claims go with the answer."""
    Capabilities(lambda: place)["user-namespaces"]

    pods = place.cluster.api.get(f"/api/v1/namespaces/{place.namespace}/pods")["items"]
    assert [each for each in pods if "deletionTimestamp" not in each["metadata"]] == []


def test_a_right_that_is_missing_is_a_capability_that_is_missing(powerless):
    """Named, also where listing would need it; what needs no right is told by its own reason."""
    capabilities = Capabilities(lambda: powerless)

    why = {name: capabilities[name].why for name in (*KIND, "two-nodes", "image-volumes")}

    assert not any(each.there for each in capabilities.known)
    assert why["ephemeral-containers"] == "no right to patch pods/ephemeralcontainers"
    assert why["restart-by-resize"] == "no right to patch pods/resize"
    assert why["node-access"] == "the cluster is not a kind cluster of the plugin's own"
    for name in ("user-namespaces", "image-volumes"):
        assert "cannot create resource" in why[name], why[name]
    assert 'cannot list resource "nodes"' in why["two-nodes"]


def test_a_dry_run_can_refuse(place):
    """Its twin: the same field with a value that no API server takes."""
    known = api_checks.pod(place, {"hostUsers": False})
    unknown = api_checks.pod(place, {"hostUsers": "no"})

    assert api_checks.keeps(place, known) == ""
    with pytest.raises(errors.ApiError, match="hostUsers"):
        api_checks.keeps(place, unknown)


def test_what_the_node_cannot_do_is_told_in_its_words(place):
    """The twins of the trials: no image of that name, a code without a rule, one node."""
    stays = api_checks.pod(place, {"restartPolicy": "Never"}, command=["sh", "-c", "exit 43"])
    back = api_checks.pod(place, {"restartPolicy": "Always"}, command=["sh", "-c", "exit 43"])
    nothing = api_checks.pod(place, {}, image="No Image")

    assert trials.restarts(place, stays) == "its container ended for good with 43 (Error)"
    assert trials.restarts(place, back) == ""
    assert trials.runs(place, nothing).startswith("InvalidImageName: ")
    assert trials.binds_claim(place, "ReadWriteOnce") == ""


@pytest.mark.parametrize("name", sorted(NEWER))
def test_a_manifest_runs_or_is_refused_by_what_it_needs(podshare, podshare_capabilities, name):
    """On every version one of the two, never a Pod that lacks a field without a word."""
    spec = MANIFESTS[name]
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}

    if podshare_capabilities[name].there:
        assert podshare.deploy(manifest).name == name
    else:
        with pytest.raises(errors.CapabilityMissing, match=f"the cluster lacks {name}: "):
            podshare.deploy(manifest)


def _spec(action="", volume=None):
    container = {"name": "c", "image": "busybox", "command": ["sleep", "600"]}
    if action:
        rule = {"action": action, "exitCodes": {"operator": "In", "values": [42]}}
        container |= {"restartPolicy": "Never", "restartPolicyRules": [rule]}
    volumes = [{"name": "v", "image": {"reference": "busybox"}}] if volume else []
    if volume:
        container["volumeMounts"] = [{"name": "v", "mountPath": "/v"}]
        volumes[0]["image"]["pullPolicy"] = "IfNotPresent"
    return {"restartPolicy": "Never", "containers": [container], "volumes": volumes}


MANIFESTS = {
    "image-volumes": _spec(volume=True),
    "restart-rules": _spec("Restart"),
    "restart-all-containers": _spec("RestartAllContainers"),
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
def begun():
    print("a fixture has begun")

@pytest.mark.podshare_needs("ephemeral-containers", "read-write-many")
def test_lacks(begun):
    pass

@pytest.mark.podshare_needs("ephemeral-containers")
def test_has(begun):
    pass
"""


def test_what_the_cluster_lacks_is_skipped_and_said(pytester, podshare_cluster):
    """Before the test's own fixtures; what it has runs; manifests' items likewise."""
    if not podshare_cluster.own:
        pytest.skip("this is about kind, whose volumes are of one node")
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
    assert printed.count("a fixture has begun") == 1
    lacks = "the cluster lacks read-write-many: ProvisioningFailed: "
    assert f"podshare: {lacks}" in printed
    assert "podshare: the cluster has ephemeral-containers\n" in printed
    skipped = [line for line in printed.splitlines() if line.startswith("SKIPPED")]
    assert skipped
    assert all(lacks in line for line in skipped), printed
    assert json.dumps(outcomes)
