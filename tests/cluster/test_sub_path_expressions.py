"""Folders that a subPathExpr names with variables."""

import re

import pytest

from pytest_podshare import assert_file_visible, errors

STAY = "while :; do sleep 1; done"
FIELD = {"fieldRef": {"fieldPath": "metadata.name"}}
CONFIG = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "folders"},
    "data": {"first": "one", "second": "two"},
}


def key(name):
    """Return the source of a variable in the ConfigMap."""
    return {"configMapKeyRef": {"name": "folders", "key": name}}


def deploy(podshare, first, second):
    """Deploy a Pod whose containers mount the folder `x-$(V)` of a volume, with these variables."""
    containers = [
        {
            "name": name,
            "image": "busybox",
            "command": ["sh", "-c", STAY],
            "env": [{"name": "V", **variable}],
            "volumeMounts": [{"name": "v", "mountPath": f"/{name}", "subPathExpr": "x-$(V)"}],
        }
        for name, variable in (("c1", first), ("c2", second))
    ]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "expressions"},
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "containers": containers,
            "volumes": [{"name": "v", "emptyDir": {}}],
        },
    }
    return podshare.deploy({"kind": "List", "items": [CONFIG, pod]})


SHARED = {
    "two fields": ({"valueFrom": FIELD}, {"valueFrom": FIELD}),
    "a field and a text": ({"valueFrom": FIELD}, {"value": "expressions"}),
    "an unknown value and the same text": ({"valueFrom": key("first")}, {"value": "one"}),
}


@pytest.mark.parametrize("case", SHARED)
def test_containers_share_the_folder_that_their_variables_name(podshare, case):
    """Where a value is unknown, the file shows it."""
    pod = deploy(podshare, *SHARED[case])

    assert assert_file_visible(pod, from_c="c1", to_c="c2").steps


APART = {
    "a field and a text": ({"valueFrom": FIELD}, {"value": "other"}, errors.NoSharedVolume),
    "two texts": ({"value": "a"}, {"value": "b"}, errors.NoSharedVolume),
    "an unknown value and another text": (
        *({"valueFrom": key("first")}, {"value": "two"}),
        errors.PromiseBroken,
    ),
    "two unknown values": (
        *({"valueFrom": key("first")}, {"valueFrom": key("second")}),
        errors.PromiseBroken,
    ),
}


@pytest.mark.parametrize("case", APART)
def test_the_same_text_with_other_values_is_another_folder(podshare, case):
    """The twins: the spec shows it where the values are known, and otherwise the mount tables."""
    *variables, error = APART[case]
    pod = deploy(podshare, *variables)

    with pytest.raises(error) as caught:
        assert_file_visible(pod, from_c="c1", to_c="c2", timeout=1)

    assert caught.value.cause == "different subPath"
    folders = re.search(
        r"folder '(.+)' of volume v, but c2 mounts folder '(.+)'", str(caught.value)
    )
    assert folders[1] != folders[2]
    assert "$" not in folders[0]


def test_a_file_is_named_by_the_value_of_the_variable(podshare):
    """So is its path on the node, from which the volume can be read without the container."""
    pod = deploy(podshare, {"valueFrom": FIELD}, {"value": "other"})
    files = pod["c1"].volume("v")

    files.write("x-expressions/f", b"1")

    assert files.path("x-expressions/f") == "/c1/f"
    with pytest.raises(errors.NotInVolume):
        pod["c2"].volume("v").read("x-expressions/f")
