"""Folders by their names, on Unix and on Windows."""

import pytest

from pytest_podshare.wiring import folders
from pytest_podshare.wiring.model import VolumeMount
from pytest_podshare.wiring.pod_spec import read_wiring, runs_on_windows


@pytest.mark.parametrize(
    "path",
    ["C:\\Data\\Out", "c:/data/out", "/data/out", "\\data\\out\\", "data/out", "/c:/data/out"],
)
def test_a_path_of_windows_has_one_form(path):
    """Whatever its slashes, its case and its drive, which is C by default."""
    assert folders.normalize_windows(path) == "/c:/data/out"
    assert folders.normalize_windows("D:\\data\\out") == "/d:/data/out"


@pytest.mark.parametrize(
    ("path", "is_covered"),
    [("C:\\DATA", True), ("c:/data/x", True), ("c:/database", False), ("D:\\data", False)],
)
def test_a_mount_covers_the_paths_of_its_system(path, is_covered):
    """The same mount on Unix covers none of them."""
    mount = VolumeMount("v", "C:\\data", on_windows=True)

    assert mount.covers(path) is is_covered
    assert not VolumeMount("v", "/data").covers(path)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"os": {"name": "windows"}}, True),
        ({"nodeSelector": {"kubernetes.io/os": "windows"}}, True),
        ({"nodeSelector": {"beta.kubernetes.io/os": "windows"}}, True),
        ({"nodeSelector": {"kubernetes.io/os": "linux"}}, False),
        ({"os": {"name": "linux"}, "nodeSelector": {"disk": "windows"}}, False),
        ({"os": None, "nodeSelector": None}, False),
    ],
)
def test_a_pod_on_windows_says_so(spec, expected):
    """By its os, or by a label of its nodes; its mounts know it as well."""
    mounts = [{"name": "v", "mountPath": "/Data", "subPath": "A\\b"}]
    wiring = read_wiring({**spec, "containers": [{"name": "c", "volumeMounts": mounts}]})
    (mount,) = wiring.container("c").mounts

    assert runs_on_windows(spec) is wiring.on_windows is mount.on_windows is expected
    assert mount.folder == ("/c:/data" if expected else "/Data")
    assert mount.sub_folders == (("a", "b") if expected else ("A\\b",))
