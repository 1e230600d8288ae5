"""By which way evidence and failures say that a container was looked into."""

from types import SimpleNamespace

import pytest

from pytest_podshare import assert_file_visible, assert_log_contains
from pytest_podshare.containers.fileops.path_walk import User
from pytest_podshare.containers.shell_access import ShellAccess
from pytest_podshare.errors import PromiseBroken
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.manifest import load
from tests.support import offline_pods
from tests.support.local_shell import LocalShell

EPHEMERAL = ShellAccess("podshare-ab", "/proc/7", User(1000, (1000,)))
BY = "ephemeral container podshare-ab at /proc/7/root as user 1000 with group 1000"
# besides the two that are checked: one named as the volume, others as words of what is said
OTHERS = ("shared", "wrote", "see", "log", "file")


class LocalContainer(LocalShell):
    """A container whose files are this machine's."""

    def __init__(self, name):
        super().__init__(["sh"])
        self.name = name
        self.access = ShellAccess(name)

    def open(self):
        """It is open."""

    def flush(self):
        """Nothing is posted."""


@pytest.fixture
def pod(tmp_path):
    """A Pod with two containers that are this machine, and others that were looked into before."""
    folders = {"c1": "out", "c2": "in"}
    (tmp_path / "in").symlink_to("out")
    (tmp_path / "out").mkdir()
    containers = [
        {
            "name": name,
            "image": "busybox",
            "volumeMounts": [
                {"name": "shared", "mountPath": f"{tmp_path}/{folders.get(name, 'o')}"}
            ],
        }
        for name in ("c1", "c2", *OTHERS)
    ]
    volumes = [{"name": "shared", "emptyDir": {}}]
    api = SimpleNamespace(text=lambda *_, **__: "the log\n")
    live = offline_pods.live_pod({"containers": containers, "volumes": volumes}, api=api, own=False)
    manifest = load({"apiVersion": "v1", "kind": "Pod", **live.raw})
    pod = Pod(live, manifest=manifest, replacement=dict)
    for name in OTHERS:
        pod[name]._opener.access = EPHEMERAL
    with LocalContainer("c1") as c1, LocalContainer("c2") as c2:
        pod._containers |= {"c1": c1, "c2": c2}
        yield pod


def test_a_container_that_was_not_looked_into_is_not_named(pod):
    """Though it is called as the volume, or as a word of the claim."""
    evidence = assert_file_visible(pod, from_c="c1", to_c="c2")

    assert evidence.claim == "c2 sees what c1 wrote to shared"
    assert evidence.method == "sh in each container over one exec session"


def test_one_that_was_looked_into_is_named_with_its_way(pod):
    """The control."""
    pod["c2"].access = EPHEMERAL

    evidence = assert_file_visible(pod, from_c="c1", to_c="c2")

    assert evidence.method == f"sh in each container over one exec session, c2 by {BY}"


def test_a_failure_does_not_name_it_either(pod, tmp_path):
    """The row `method` is there for containers that the check looked into."""
    (tmp_path / "in").unlink()

    with pytest.raises(PromiseBroken) as caught:
        assert_file_visible(pod, from_c="c1", to_c="c2", timeout=0)

    assert "'c2' does not see what 'c1' wrote in volume 'shared'" in str(caught.value)
    assert "method" not in str(caught.value)


def test_a_failure_names_one_that_was_looked_into(pod, tmp_path):
    """The control."""
    (tmp_path / "in").unlink()
    pod["c2"].access = EPHEMERAL

    with pytest.raises(PromiseBroken) as caught:
        assert_file_visible(pod, from_c="c1", to_c="c2", timeout=0)

    assert f"  method    c2 by {BY}\n" in str(caught.value)


def test_a_log_is_read_without_looking_into_the_container(pod):
    """The API server has it, whoever looked into the container before."""
    evidence = assert_log_contains(pod, container="shared", text="the log")

    assert evidence.method == "log of the container"
