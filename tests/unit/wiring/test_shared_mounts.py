"""Tests of which folders of a volume two containers share."""

import pytest

from pytest_podshare import errors
from pytest_podshare.wiring.pod_spec import read_wiring
from pytest_podshare.wiring.shared_mounts import find_shared_mounts


def wiring_of(*containers):
    """Return the wiring of containers given as (name, mounts…), with the volumes v and w."""
    return read_wiring(
        {
            "containers": [{"name": name, "volumeMounts": mounts} for name, *mounts in containers],
            "volumes": [{"name": name, "emptyDir": {}} for name in ("v", "w")],
        }
    )


def mount(volume, path, **fields):
    """Return a volumeMount."""
    return {"name": volume, "mountPath": path, **fields}


def shared_folders(wiring):
    """Return the paths of the folders that c1 and c2 share."""
    return [(pair.from_dir, pair.to_dir) for pair in find_shared_mounts(wiring, "c1", "c2")]


def test_a_volume_is_shared_at_different_paths():
    """The volume ties the paths together."""
    wiring = wiring_of(("c1", mount("v", "/tmp/xchange")), ("c2", mount("v", "/tmp/data")))

    assert shared_folders(wiring) == [("/tmp/xchange", "/tmp/data")]


def test_each_shared_volume_is_found():
    """The order is that of the Pod's volumes."""
    wiring = wiring_of(
        ("c1", mount("v", "/a"), mount("w", "/b")), ("c2", mount("w", "/c"), mount("v", "/d"))
    )

    assert [pair.volume.name for pair in find_shared_mounts(wiring, "c1", "c2")] == ["v", "w"]


def test_equal_paths_of_different_volumes_are_not_shared():
    """The counterexample: the same path proves nothing."""
    wiring = wiring_of(("c1", mount("v", "/tmp/x")), ("c2", mount("w", "/tmp/x")))

    assert shared_folders(wiring) == []


@pytest.mark.parametrize(
    ("from_sub_path", "to_sub_path", "expected"),
    [
        ("", "", [("/a", "/b")]),
        ("out", "out", [("/a", "/b")]),
        ("", "in/deep", [("/a/in/deep", "/b")]),
        ("out/x", "out", [("/a", "/b/x")]),
        ("./out/", "out", [("/a", "/b")]),
        ("out", "in", []),
        ("out", "outer", []),
    ],
)
def test_sub_paths_share_a_folder_if_one_contains_the_other(from_sub_path, to_sub_path, expected):
    """The shared folder is the inner one."""
    wiring = wiring_of(
        ("c1", mount("v", "/a", subPath=from_sub_path)),
        ("c2", mount("v", "/b", subPath=to_sub_path)),
    )

    assert shared_folders(wiring) == expected


def test_a_writable_mount_is_preferred():
    """A writer that mounts a volume twice uses the mount to which it can write."""
    wiring = wiring_of(
        ("c1", mount("v", "/ro", readOnly=True), mount("v", "/rw")), ("c2", mount("v", "/b"))
    )

    assert shared_folders(wiring) == [("/rw", "/b")]


def test_an_unknown_container_is_an_error_that_lists_the_known_ones():
    """The message shows how to fix a typo."""
    with pytest.raises(errors.UnknownContainer) as caught:
        find_shared_mounts(wiring_of(("c1",), ("c2",)), "c1", "c3")

    assert str(caught.value) == (
        "The Pod has no container 'c3'.\nUse one of its containers: 'c1', 'c2'."
    )
