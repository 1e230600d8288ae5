"""Paths of a container on its node, in a real shell of this machine instead of a node's."""

import pytest

from pytest_podshare.cluster.kind import nodes
from pytest_podshare.containers import node_shell
from pytest_podshare.errors import Unprovable
from tests.support import offline_pods
from tests.support.local_shell import SHELLS, LocalShell

MOUNTS = [
    {"name": "v", "mountPath": "/data/"},
    {"name": "w", "mountPath": "/data/deeper"},
    {"name": "v", "mountPath": "/part", "subPath": "folder"},
    {"name": "v", "mountPath": "/expanded", "subPathExpr": "$(NAME)"},
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return the kubelet's folder of volume v, on a node that is this machine."""
    with LocalShell(SHELLS["sh"]) as shell:
        monkeypatch.setattr(nodes, "run_script", lambda _node, script: shell.run(script))
        monkeypatch.setattr(node_shell, "_KUBELET_PODS", str(tmp_path))
        volume = tmp_path / "u" / "volumes" / "kubernetes.io~empty-dir" / "v"
        (volume / "folder").mkdir(parents=True)
        yield volume


@pytest.fixture
def node():
    """Return a shell on the node of a Pod."""
    spec = {
        "containers": [{"name": "c", "volumeMounts": MOUNTS}],
        "volumes": [{"name": "v", "emptyDir": {}}, {"name": "w", "emptyDir": {}}],
    }
    return node_shell.NodeShell(offline_pods.container(spec, "c"))


@pytest.mark.parametrize(
    ("path", "name"),
    [("/data/f", "f"), ("/data", ""), ("/part/f", "folder/f"), ("/data/link", "f")],
)
def test_a_path_is_found_in_the_kubelets_folder(folder, node, path, name):
    """By the mount that covers it, even if its mountPath ends with a slash."""
    (folder / "link").symlink_to("f")

    assert node.resolve_path(path) == str(folder / name)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/etc/passwd", "it is not in a volume"),
        ("/data/out", "a symlink on the path leads out of the volume"),
        ("/data/deeper/f", "volume 'w' has no folder on the node"),
        ("/expanded/f", r"its mount has subPathExpr \$\(NAME\)"),
    ],
)
def test_what_the_node_cannot_know_is_unprovable(folder, node, path, reason):
    """The error says why."""
    (folder / "out").symlink_to("/etc")

    with pytest.raises(Unprovable, match=f"what c of ns/p has at {path}: {reason}"):
        node.resolve_path(path)
