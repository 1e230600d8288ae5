"""Tests of what a Pod requires of its cluster, and of the error if the cluster drops it."""

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
from pytest_podshare.wiring import requirements
from pytest_podshare.wiring.manifest import load

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
def test_a_requirement_is_found_with_its_field(name):
    """One capability for each field, and no other."""
    spec, field = SPECS[name]

    assert requirements.find_requirements(spec) == {name: field}


def test_an_ordinary_pod_has_no_requirements():
    """The same fields with values that every cluster supports."""
    assert requirements.find_requirements(ORDINARY) == {}


def test_a_read_write_many_claim_is_a_requirement():
    """The counterexample is a claim for one node."""

    def claim(mode):
        spec = {"accessModes": [mode]}
        return {"kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": spec}

    assert requirements.find_claim_requirements([claim("ReadWriteMany")]) == {
        "read-write-many": "claim data"
    }
    assert (
        requirements.find_claim_requirements([claim("ReadWriteOnce"), {"kind": "ConfigMap"}]) == {}
    )


def test_every_requirement_is_a_capability():
    """So that each of them can be checked."""
    names = {
        value for name, value in vars(requirements).items() if name.isupper() and name[0] != "_"
    }

    assert set(SPECS) < names
    assert names <= set(catalog.CHECKS)


@pytest.mark.parametrize("name", catalog.CHECKS)
def test_every_capability_is_in_the_reference(name):
    """In a row of its table."""
    assert f"\n| `{name}` |" in Path("docs/reference.md").read_text()


def test_an_unknown_capability_is_an_error_that_lists_the_known_ones():
    """A typo must not result in a test that never runs."""
    with pytest.raises(errors.UnknownCapability) as caught:
        catalog.check_names(["two-nodes", "image-volume"])

    what, remedy = str(caught.value).splitlines()
    assert what == "Unknown capability 'image-volume'."
    assert remedy.startswith("Use one of ephemeral-containers, image-volumes, ")


def test_a_field_that_the_api_server_drops_is_an_error():
    """In a Pod and in a Pod template; the control is a response that has the field."""
    manifest = load("manifests/restart-all-containers.yaml")
    template = {"metadata": {"labels": {"a": "b"}}, "spec": manifest.pod["spec"]}
    workload = {"kind": "Deployment", "metadata": {"name": "w"}, "spec": {"template": template}}
    for deployed in (manifest, dataclasses.replace(manifest, subject=workload)):
        live = copy.deepcopy(deployed.subject)
        admission.check_fields_kept(deployed, live)
        dropped = dataclasses.replace(deployed, subject=live)
        del dropped.pod["spec"]["containers"][0]["restartPolicyRules"]

        with pytest.raises(errors.CapabilityMissing) as caught:
            admission.check_fields_kept(deployed, live)

        assert str(caught.value) == (
            "manifests/restart-all-containers.yaml: the cluster lacks restart-all-containers: "
            "the API server dropped containers[0].restartPolicyRules.\n"
            "Use a cluster that has it, or skip the test on clusters without it: "
            '@pytest.mark.podshare_needs("restart-all-containers")'
        )


UNSCHEDULABLE = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}
NODES = {
    "ready": (True, {}),
    "not ready": (False, {"ready": "False"}),
    "cordoned": (False, {"unschedulable": True, "taints": [UNSCHEDULABLE]}),
    "cordoned by podshare": (
        True,
        {"unschedulable": True, "taints": [UNSCHEDULABLE], "labels": {CORDON_LABEL: "run"}},
    ),
    "tainted": (False, {"taints": [{"key": "k", "effect": "NoSchedule"}]}),
    "tainted, rather not": (True, {"taints": [{"key": "k", "effect": "PreferNoSchedule"}]}),
}


@pytest.mark.parametrize("which", NODES)
def test_a_node_counts_if_it_accepts_pods(which):
    """A node that podshare itself cordoned counts, because the drain will end."""
    counts, how = NODES[which]
    node = {
        "metadata": {"name": "n", "labels": how.get("labels", {})},
        "spec": {key: how[key] for key in ("unschedulable", "taints") if key in how},
        "status": {"conditions": [{"type": "Ready", "status": how.get("ready", "True")}]},
    }

    assert _accepts_pods(node) == counts


def test_the_terminal_lists_the_checked_capabilities():
    """Available ones in one line, missing ones with the reason."""
    capabilities = {"b": (True, "it works"), "c": (False, "why not"), "a": (True, "it works")}

    assert terminal.format_capabilities(capabilities) == [
        "podshare: the cluster has a, b",
        "podshare: the cluster lacks c: why not",
    ]
    assert terminal.format_capabilities({}) == []
