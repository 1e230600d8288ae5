"""Containers whose image lacks tools, or that cannot be accessed at all."""

import copy
import re
from pathlib import Path

import pytest
import yaml

from pytest_podshare import (
    assert_file_visible,
    assert_lost_on_delete,
    assert_read_only,
    assert_survives_restart,
    assert_writable,
)
from pytest_podshare.containers.node_shell import NodeShell
from pytest_podshare.deadline import Timeouts
from pytest_podshare.errors import ExecTimeout, FileMissing, ToolMissing, Unprovable
from pytest_podshare.kube.exec.protocol import Completed
from tests.support.two_containers import with_name

NO_SHELL = yaml.safe_load(Path("manifests/no-shell.yaml").read_text())
OTHER_USER = "exec setpriv --reuid=65534 --regid=65534 --clear-groups sleep 10000"


def slim(lacks="cat", then="exec sleep 10000"):
    """Return a Pod whose reader lacks a tool."""
    manifest = copy.deepcopy(NO_SHELL)
    _, c2 = manifest["spec"]["containers"]
    del c2["securityContext"]
    lines = (f"rm -f /bin/{lacks} /usr/bin/{lacks}", "touch /tmp/done", then)
    c2 |= {
        "image": "centos:7",
        "command": ["sh", "-c", "; ".join(lines)],
        "readinessProbe": {
            "exec": {"command": ["test", "-e", "/tmp/done"]},
            "periodSeconds": 1,
        },
    }
    return manifest


def without_access():
    """Return a Pod whose reader has no shell, and a process that has switched to another user."""
    return slim(lacks="sh", then=OTHER_USER)


@pytest.fixture(scope="module")
def closed(podshare_factory):
    """Deploy a Pod with a container that cannot be accessed."""
    with podshare_factory.make() as podshare:
        yield podshare.deploy(with_name("closed", without_access()))


@pytest.fixture(scope="module")
def slim_pod(podshare_factory):
    """Deploy a Pod whose reader lacks a tool, with a file in its volume."""
    with podshare_factory.make() as podshare:
        pod = podshare.deploy(with_name("slim", slim()))
        pod["c1"].volume("shared").write("data", "some data")
        yield pod


def test_an_ephemeral_container_has_the_missing_tool(slim_pod):
    """It is only used for what the container's own shell cannot do."""
    plain = assert_file_visible(slim_pod, from_c="c1", to_c="c2")
    evidence = assert_file_visible(slim_pod, from_c="c1", to_c="c2", path="/out/data")

    assert plain.method == "sh in each container over one exec session"
    assert re.search(r"c2 by ephemeral container podshare-\w+ at /proc/", evidence.method)
    assert slim_pod["c2"].volume("shared").read("data") == b"some data"


def test_a_missing_file_is_missing_in_the_ephemeral_container(slim_pod):
    """The mutated twin: the error is about the file, not about tools."""
    slim_pod["c1"].exec(["sh", "-c", "mkdir -p /out/deeper; echo x > /out/deeper/f"])
    with pytest.raises(FileMissing) as caught:
        slim_pod["c2"].volume("shared").read("deeper/g")

    assert "no usable" not in str(caught.value)
    assert slim_pod["c2"].volume("shared").read("deeper/f") == b"x\n"


@pytest.mark.podshare_needs("node-access")
def test_a_process_that_has_switched_its_user_cannot_be_accessed(podshare):
    """The file is known to be in the volume, but not to be visible in the container."""
    pod = podshare.deploy(slim(then=OTHER_USER))
    pod["c1"].volume("shared").write("data", "some data")

    with pytest.raises(Unprovable) as caught:
        assert_file_visible(pod, from_c="c1", to_c="c2", path="/out/data")

    text = str(caught.value)
    assert "The image of c2 has no usable `cat`" in text
    assert "process now runs as user 65534" in text
    assert "present in the volume (shared) on node" in text
    assert not isinstance(caught.value, AssertionError)


@pytest.mark.podshare_needs("node-access")
@pytest.mark.parametrize(("writer", "reader"), [("c1", "c2"), ("c2", "c1")])
def test_without_access_visibility_is_unprovable(closed, writer, reader):
    """A file that is in the volume need not be visible in the container."""
    with pytest.raises(Unprovable, match="Cannot fall back to an ephemeral container") as caught:
        assert_file_visible(closed, from_c=writer, to_c=reader)

    assert f"Cannot prove that {reader} sees what {writer} wrote" in str(caught.value)
    # no file is left over
    names = closed["c1"].volume("shared").listdir()
    assert [name for name in names if "podshare" in name] == []


def test_the_error_names_a_probe_image_that_does_not_exist(another):
    """It may come from --podshare-probe-image."""
    # a busy kubelet may start the ephemeral container late, which would be reported instead
    with another(probe_image="no:such:image", timeouts=Timeouts(exec=120)) as podshare:
        pod = podshare.deploy(NO_SHELL)

        with pytest.raises(ToolMissing, match=r"InvalidImageName.*no:such:image"):
            assert_writable(pod, container="c2", volume="shared")


def test_without_access_a_file_in_another_volume_is_not_present(podshare):
    """The mutated twin: another volume is mounted over the writer's folder."""
    manifest = without_access()
    manifest["spec"]["volumes"].append({"name": "other", "emptyDir": {}})
    c1, _ = manifest["spec"]["containers"]
    c1["volumeMounts"].append({"name": "other", "mountPath": "/out/deeper"})
    c1["command"] = ["sh", "-c", "echo x > /out/deeper/f; sleep 10000"]
    pod = podshare.deploy(manifest)

    with pytest.raises(ToolMissing) as caught:
        assert_file_visible(pod, from_c="c1", to_c="c2", path="/out/deeper/f", timeout=1)

    assert "present" not in str(caught.value)


@pytest.mark.parametrize("check", [assert_writable, assert_read_only])
def test_without_access_permissions_are_unknown(closed, check):
    """Root on the node may do everything."""
    with pytest.raises(ToolMissing, match="Cannot fall back to an ephemeral container"):
        check(closed, container="c2", volume="shared")


@pytest.mark.podshare_needs("node-access")
def test_without_access_survival_and_loss_are_proved_on_the_node(podshare):
    """They are claims about the volume, not about a container; the evidence names the node."""
    manifest = without_access()
    del manifest["spec"]["containers"][0]
    pod = podshare.deploy(manifest)

    survives = assert_survives_restart(pod, container="c2")
    lost = assert_lost_on_delete(pod)

    assert survives.claim == "what is present in shared survives a restart of c2"
    assert survives.steps[0].container.startswith("node ")
    assert f"in the volume on node {pod.node}, not from a container" in lost.method


@pytest.mark.podshare_needs("node-access")
def test_a_volume_outside_the_kubelets_folder_is_unprovable(podshare):
    """A hostPath outlives its Pod, and is elsewhere on the node."""
    manifest = without_access()
    del manifest["spec"]["containers"][0]
    manifest["spec"]["volumes"][0] = {"name": "shared", "hostPath": {"path": "/var/tmp"}}
    pod = podshare.deploy(manifest)

    with pytest.raises(Unprovable, match="has no folder on the node"):
        assert_lost_on_delete(pod, volume="shared")


def test_a_symlink_out_of_the_volume_is_not_followed_on_the_node(closed):
    """It would lead to the node's own files."""
    links = "ln -s /etc/passwd passwd; ln -s ../../../../../../../../../etc/passwd up; ln -s a b"
    closed["c1"].exec(["sh", "-c", f"cd /out; echo x > a; {links}"])
    node = NodeShell(closed["c2"])

    for name in ("passwd", "up"):
        with pytest.raises(Unprovable, match="leads out of the volume"):
            node.resolve_path(f"/in/{name}")

    # the control: a symlink within the volume is followed
    assert node.resolve_path("/in/b").endswith("/kubernetes.io~empty-dir/shared/a")
    with pytest.raises(Unprovable, match="it is not in a volume"):
        node.resolve_path("/etc/passwd")


def test_a_command_runs_in_the_container_itself(podshare):
    """Even without a shell, `exec` runs a program of the container's own image."""
    container = podshare.deploy(slim(lacks="sh"))["c2"]

    done = container.exec(["ls", "/no such file"])

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"'/no such file': No such file or directory" in done.stderr
    assert container.exec(["cat", "/proc/1/comm"]) == Completed(0, b"sleep\n", b"")
    assert container.exec(["sh", "-c", ":"]).returncode == 127
    # enough time for a busy machine to start it
    with pytest.raises(ExecTimeout, match=r"sleep in .* did not finish within 8 s"):
        container.exec(["sleep", "1000"], timeout=8)
