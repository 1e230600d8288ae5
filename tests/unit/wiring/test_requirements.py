"""What a Pod needs of its cluster, and what is said when the cluster drops it."""

import copy
import dataclasses
from pathlib import Path

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster.capabilities import catalog
from pytest_podshare.cluster.capabilities.api_checks import _accepts_pods
from pytest_podshare.cluster.ownership import CORDON_LABEL
from pytest_podshare.pods import admission
from pytest_podshare.report import terminal
from pytest_podshare.wiring import manifest as load
from pytest_podshare.wiring import requirements

RULES = [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]
ALL = [{**RULES[0], "action": "RestartAllContainers"}]
SPECS = {
    "image-volumes": (
        {"volumes": [{"name": "v", "image": {"reference": "i"}}]},
        "volumes[0].image",
    ),
    "user-namespaces": ({"hostUsers": False}, "hostUsers"),
    "restart-rules": (
        {"initContainers": [{"name": "c", "restartPolicyRules": RULES}]},
        "initContainers[0].restartPolicyRules",
    ),
    "restart-all-containers": (
        {"containers": [{"name": "a"}, {"name": "c", "restartPolicyRules": ALL}]},
        "containers[1].restartPolicyRules",
    ),
}
ORDINARY = {
    "hostUsers": True,
    "volumes": [{"name": "v", "emptyDir": {}}, {"name": "w", "image": None}],
    "containers": [{"name": "c", "restartPolicyRules": None}],
    "initContainers": None,
}


@pytest.mark.parametrize("name", SPECS)
def test_what_a_pod_needs_is_named_with_its_field(name):
    """One capability for each, and no other."""
    spec, field = SPECS[name]

    assert requirements.of_pod(spec) == {name: field}


def test_an_ordinary_pod_needs_nothing():
    """The same fields, with what every cluster has."""
    assert requirements.of_pod(ORDINARY) == {}


def test_a_claim_that_many_nodes_may_write_to_is_a_need():
    """By the claim's name; a claim of one node is none."""

    def claim(mode):
        spec = {"accessModes": [mode]}
        return {"kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": spec}

    assert requirements.of_objects([claim("ReadWriteMany")]) == {"read-write-many": "claim data"}
    assert requirements.of_objects([claim("ReadWriteOnce"), {"kind": "ConfigMap"}]) == {}


def test_whatever_a_pod_may_need_can_be_asked_for():
    """No need without a question."""
    names = {
        value for name, value in vars(requirements).items() if name.isupper() and name[0] != "_"
    }

    assert set(SPECS) < names
    assert names <= set(catalog.CHECKS)


@pytest.mark.parametrize("name", catalog.CHECKS)
def test_every_capability_is_in_the_reference(name):
    """With a row of its own."""
    assert f"\n| `{name}` |" in Path("docs/reference.md").read_text()


def test_a_name_that_is_none_is_refused_with_those_that_are():
    """A typing error must not become a test that never runs."""
    with pytest.raises(errors.UnknownCapability) as caught:
        catalog.check_names(["two-nodes", "image-volume"])

    what, remedy = str(caught.value).splitlines()
    assert what == "Unknown capability 'image-volume'."
    assert remedy.startswith("Use one of ephemeral-containers, image-volumes, ")


def test_a_field_that_the_api_server_drops_is_refused_by_name():
    """Of a Pod and of a workload's template; the control is an answer that has it."""
    manifest = load.load("manifests/restart-all-containers.yaml")
    template = {"metadata": {"labels": {"a": "b"}}, "spec": manifest.pod["spec"]}
    workload = {"kind": "Deployment", "metadata": {"name": "w"}, "spec": {"template": template}}
    for each in (manifest, dataclasses.replace(manifest, subject=workload)):
        live = copy.deepcopy(each.subject)
        admission.check_kept(each, live)
        dropped = dataclasses.replace(each, subject=live)
        del dropped.pod["spec"]["containers"][0]["restartPolicyRules"]

        with pytest.raises(errors.CapabilityMissing) as caught:
            admission.check_kept(each, live)

        assert str(caught.value) == (
            "manifests/restart-all-containers.yaml: the cluster lacks restart-all-containers: "
            "the API server drops containers[0].restartPolicyRules.\n"
            "Use a cluster that has it, or mark the test, so that it is skipped: "
            '@pytest.mark.podshare_needs("restart-all-containers")'
        )


UNSCHEDULABLE = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
NODES = {
    "ready": (True, {}),
    "not ready": (False, {"ready": "False"}),
    "cordoned": (False, {"unschedulable": True, "taints": [UNSCHEDULABLE]}),
    "cordoned by a drain of ours": (
        True,
        {"unschedulable": True, "taints": [UNSCHEDULABLE], "labels": {CORDON_LABEL: "run"}},
    ),
    "tainted": (False, {"taints": [{"key": "k", "effect": "NoSchedule"}]}),
    "tainted, rather not": (True, {"taints": [{"key": "k", "effect": "PreferNoSchedule"}]}),
}


@pytest.mark.parametrize("which", NODES)
def test_a_node_counts_that_accepts_pods(which):
    """A drain of ours, beside which a test asks, ends and gives the node back."""
    counts, how = NODES[which]
    node = {
        "metadata": {"name": "n", "labels": how.get("labels", {})},
        "spec": {key: how[key] for key in ("unschedulable", "taints") if key in how},
        "status": {"conditions": [{"type": "Ready", "status": how.get("ready", "True")}]},
    }

    assert _accepts_pods(node) == counts


def test_the_terminal_says_what_was_asked_for():
    """What is there in one line, what is not with its reason; nothing if nothing was asked."""
    told = {"b": (True, "it works"), "c": (False, "why not"), "a": (True, "it works")}

    assert terminal.format_capabilities(told) == [
        "podshare: the cluster has a, b",
        "podshare: the cluster lacks c: why not",
    ]
    assert terminal.format_capabilities({}) == []
