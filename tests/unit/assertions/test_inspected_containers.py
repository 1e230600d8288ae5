"""How evidence and failures say which containers were inspected, and by which access method."""

from types import SimpleNamespace

import pytest

from pytest_podshare import assert_file_visible, assert_log_contains
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops.path_walk import User
from pytest_podshare.containers.shell_access import ShellAccess
from pytest_podshare.errors import PromiseBroken
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.manifest import load
from tests.support import offline_pods
from tests.support.local_shell import LocalShell

EPHEMERAL = ShellAccess("podshare-ab", "/proc/7", User(1000, (1000,)))
BY = "ephemeral container podshare-ab at /proc/7/root as user 1000 with group 1000"
# besides c1 and c2: one is named like the volume, the others like words of the claim
OTHERS = ("shared", "wrote", "see", "log", "file")


class LocalContainer(LocalShell, Container):
    """A container whose shell and files are this machine's."""

    def __init__(self, container):
        LocalShell.__init__(self, ["sh"])
        Container.__init__(self, container._current, container.name)

    def open(self, timeout=None):
        """Do nothing: the shell is open."""

    def flush(self, timeout=None):
        """Do nothing: no script is queued."""


@pytest.fixture
def pod(tmp_path):
    """Return a Pod with two local containers, and others that were inspected before."""
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
    api = SimpleNamespace(get_text=lambda *_, **__: "the log\n")
    live = offline_pods.live_pod({"containers": containers, "volumes": volumes}, api=api, own=False)
    manifest = load({"apiVersion": "v1", "kind": "Pod", **live.raw})
    pod = Pod(live, manifest=manifest, replacement=dict)
    for name in OTHERS:
        pod[name]._opener.access = EPHEMERAL
    with LocalContainer(pod["c1"]) as c1, LocalContainer(pod["c2"]) as c2:
        pod._containers |= {"c1": c1, "c2": c2}
        yield pod


def test_evidence_does_not_name_a_container_that_was_not_inspected(pod):
    """Even if it is named like the volume or like a word of the claim."""
    evidence = assert_file_visible(pod, from_c="c1", to_c="c2")

    assert evidence.claim == "c2 sees what c1 wrote to shared"
    assert evidence.method == "sh in each container over one exec session"


def test_evidence_names_the_access_method_of_an_inspected_container(pod):
    """Unless it is the container's own shell."""
    pod["c2"]._opener.access = EPHEMERAL

    evidence = assert_file_visible(pod, from_c="c1", to_c="c2")

    assert evidence.method == f"sh in each container over one exec session, c2 by {BY}"


def test_a_failure_does_not_name_a_container_that_was_not_inspected(pod, tmp_path):
    """It has no line `method` at all."""
    (tmp_path / "in").unlink()

    with pytest.raises(PromiseBroken) as caught:
        assert_file_visible(pod, from_c="c1", to_c="c2", timeout=0)

    assert "'c2' does not see what 'c1' wrote to volume 'shared'" in str(caught.value)
    assert "method" not in str(caught.value)


def test_a_failure_names_the_access_method_of_an_inspected_container(pod, tmp_path):
    """In the line `method`."""
    (tmp_path / "in").unlink()
    pod["c2"]._opener.access = EPHEMERAL

    with pytest.raises(PromiseBroken) as caught:
        assert_file_visible(pod, from_c="c1", to_c="c2", timeout=0)

    assert f"  method    c2 by {BY}\n" in str(caught.value)


def test_reading_a_log_inspects_no_container(pod):
    """The API server has the log, even of a container that was inspected before."""
    evidence = assert_log_contains(pod, container="shared", text="the log")

    assert evidence.method == "log of the container"
