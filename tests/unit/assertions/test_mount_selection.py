"""Tests of which mounts an assertion writes to."""

import types

import pytest

from pytest_podshare.assertions.mount_selection import other_folders, writable_mounts
from pytest_podshare.wiring.pod_spec import read_wiring

READ_ONLY = {"readOnly": True}


def mount(path, sub_path="", **fields):
    """Return a volumeMount of the volume v."""
    return {"name": "v", "mountPath": path, "subPath": sub_path, **fields}


def two(writer, reader):
    """Return the containers c1 and c2 with these mounts, as assertions take them."""
    wiring = read_wiring(
        {
            "containers": [
                {"name": "c1", "volumeMounts": writer},
                {"name": "c2", "volumeMounts": reader},
            ],
            "volumes": [{"name": "v", "emptyDir": {}}],
        }
    )
    live = types.SimpleNamespace(wiring=wiring, namespace="n", name="p", node="worker")
    return [
        types.SimpleNamespace(name=spec.name, spec=spec, pod=live) for spec in wiring.containers
    ]


@pytest.mark.parametrize("volume", ["v", None])
def test_a_mount_that_is_not_read_only_is_preferred(volume):
    """Whatever the order of the mounts; the first one would be refused."""
    writer, _ = two([mount("/ro", **READ_ONLY), mount("/rw", "in")], [])

    assert [found.path for found in writable_mounts(writer, volume)] == ["/rw"]


def test_only_read_only_mounts_are_tried_if_the_volume_is_named():
    """The refusal of the write is then the result."""
    writer, _ = two([mount("/ro", **READ_ONLY)], [])

    assert [found.path for found in writable_mounts(writer, "v")] == ["/ro"]


@pytest.mark.parametrize(
    ("writer", "reader", "expected"),
    [
        ([mount("/v")], [mount("/v")], []),
        ([mount("/v")], [mount("/v", "in")], ["/v/in"]),
        ([mount("/v", "in")], [mount("/v")], []),
        ([mount("/v", "a"), mount("/w", "b")], [mount("/v", "b")], ["/w"]),
        ([mount("/v"), mount("/w", "a")], [mount("/v", "a/deep")], ["/w", "/v/a/deep", "/w/deep"]),
        ([mount("/v"), mount("/ro", "a", **READ_ONLY)], [mount("/v", "a/deep")], ["/v/a/deep"]),
        # a single file, in which no other can be created
        ([mount("/v")], [mount("/app.conf", "app.conf")], []),
        # an unknown folder, which may not exist
        ([mount("/v")], [{"name": "v", "mountPath": "/v", "subPathExpr": "$(NAME)"}], []),
    ],
)
def test_a_writer_writes_wherever_a_reader_may_look(writer, reader, expected):
    """In its other mounts, and in the folders that the reader mounts, except single files."""
    found = other_folders(*two(writer, reader), "v")

    assert [folder for _, folder in found] == expected
