"""What is claimed where the image lacks programs, or where no way leads into a container at all."""

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
    """A reader that lacks a program."""
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


def closed_to_all():
    """A reader without a shell, whose process has become another user than it began as."""
    return slim(lacks="sh", then=OTHER_USER)


@pytest.fixture(scope="module")
def closed(podshare_factory):
    """A Pod with a container into which no way leads."""
    with podshare_factory.make() as podshare:
        yield podshare.deploy(with_name("closed", closed_to_all()))


@pytest.fixture(scope="module")
def slim_pod(podshare_factory):
    """A Pod whose reader lacks a program, and a file in its volume."""
    with podshare_factory.make() as podshare:
        pod = podshare.deploy(with_name("slim", slim()))
        pod["c1"].volume("shared").write("data", "some data")
        yield pod


def test_a_program_that_is_missing_is_another_images(slim_pod):
    """The shell does what it can; what takes a program is asked beside it."""
    plain = assert_file_visible(slim_pod, from_c="c1", to_c="c2")
    evidence = assert_file_visible(slim_pod, from_c="c1", to_c="c2", path="/out/data")

    assert plain.method == "sh in each container over one exec session"
    assert re.search(r"c2 by ephemeral container podshare-\w+ in its root", evidence.method)
    assert slim_pod["c2"].volume("shared").read("data") == b"some data"


def test_what_is_missing_is_missing_there_too(slim_pod):
    """The mutated twin: no word of tools where the file is not there."""
    slim_pod["c1"].exec(["sh", "-c", "mkdir -p /out/deeper; echo x > /out/deeper/f"])
    with pytest.raises(FileMissing) as caught:
        slim_pod["c2"].volume("shared").read("deeper/g")

    assert "no usable" not in str(caught.value)
    assert slim_pod["c2"].volume("shared").read("deeper/f") == b"x\n"


@pytest.mark.podshare_needs("node-access")
def test_a_process_that_has_changed_its_user_is_closed_to_others(podshare):
    """Then it can be said that the file is in the volume, and not that the container sees it."""
    pod = podshare.deploy(slim(then=OTHER_USER))
    pod["c1"].volume("shared").write("data", "some data")

    with pytest.raises(Unprovable) as caught:
        assert_file_visible(pod, from_c="c1", to_c="c2", path="/out/data")

    text = str(caught.value)
    assert "The image of c2 has no usable `cat`" in text
    assert "its process has become user 65534" in text
    assert "present in the volume (shared) on node" in text
    assert not isinstance(caught.value, AssertionError)


@pytest.mark.podshare_needs("node-access")
@pytest.mark.parametrize(("writer", "reader"), [("c1", "c2"), ("c2", "c1")])
def test_without_a_way_in_nothing_is_said_to_be_seen(closed, writer, reader):
    """That a file is present in the volume is no proof that the container sees it."""
    with pytest.raises(Unprovable, match="No ephemeral container can look instead") as caught:
        assert_file_visible(closed, from_c=writer, to_c=reader)

    assert f"Cannot prove that {reader} sees what {writer} wrote" in str(caught.value)
    # the control: nothing of it is left
    names = closed["c1"].volume("shared").listdir()
    assert [name for name in names if "podshare" in name] == []


def test_an_image_that_is_not_there_is_no_way_in(another):
    """And is named, since --podshare-probe-image names another one."""
    # a busy kubelet may take up the ephemeral container late, and that would be told instead
    with another(probe_image="no:such:image", timeouts=Timeouts(exec=120)) as made:
        pod = made.deploy(NO_SHELL)

        with pytest.raises(ToolMissing, match=r"InvalidImageName.*no:such:image"):
            assert_writable(pod, container="c2", volume="shared")


def test_without_a_way_in_what_is_not_in_the_volume_is_not_said_to_be(podshare):
    """The mutated twin: another volume lies over the writer's folder."""
    manifest = closed_to_all()
    manifest["spec"]["volumes"].append({"name": "other", "emptyDir": {}})
    c1, _ = manifest["spec"]["containers"]
    c1["volumeMounts"].append({"name": "other", "mountPath": "/out/deeper"})
    c1["command"] = ["sh", "-c", "echo x > /out/deeper/f; sleep 10000"]
    pod = podshare.deploy(manifest)

    with pytest.raises(ToolMissing) as caught:
        assert_file_visible(pod, from_c="c1", to_c="c2", path="/out/deeper/f", timeout=1)

    assert "present" not in str(caught.value)


@pytest.mark.parametrize("check", [assert_writable, assert_read_only])
def test_without_a_way_in_nothing_is_said_of_rights(closed, check):
    """The node's root may do everything."""
    with pytest.raises(ToolMissing, match="No ephemeral container can look instead"):
        check(closed, container="c2", volume="shared")


@pytest.mark.podshare_needs("node-access")
def test_what_is_present_survives_and_is_lost_all_the_same(podshare):
    """Neither is a claim about who sees it, and the evidence says how it was looked for."""
    manifest = closed_to_all()
    del manifest["spec"]["containers"][0]
    pod = podshare.deploy(manifest)

    survives = assert_survives_restart(pod, container="c2")
    lost = assert_lost_on_delete(pod)

    assert survives.claim == "what is present in shared survives a restart of c2"
    assert survives.steps[0].container.startswith("node ")
    assert f"in the volume on node {pod.node}, not from a container" in lost.method


@pytest.mark.podshare_needs("node-access")
def test_what_is_not_in_a_folder_of_the_pods_own_is_not_looked_for(podshare):
    """A hostPath outlives its Pod, and lies elsewhere on the node."""
    manifest = closed_to_all()
    del manifest["spec"]["containers"][0]
    manifest["spec"]["volumes"][0] = {"name": "shared", "hostPath": {"path": "/var/tmp"}}
    pod = podshare.deploy(manifest)

    with pytest.raises(Unprovable, match="has no folder of the Pod's own"):
        assert_lost_on_delete(pod, volume="shared")


def test_a_link_out_of_the_volume_is_not_followed_on_the_node(closed):
    """There it would lead to the node's own files."""
    links = "ln -s /etc/passwd passwd; ln -s ../../../../../../../../../etc/passwd up; ln -s a b"
    closed["c1"].exec(["sh", "-c", f"cd /out; echo x > a; {links}"])
    node = NodeShell(closed["c2"])

    for name in ("passwd", "up"):
        with pytest.raises(Unprovable, match="leads out of the volume"):
            node.resolve_path(f"/in/{name}")

    # the control: a link within is followed
    assert node.resolve_path("/in/b").endswith("/kubernetes.io~empty-dir/shared/a")
    with pytest.raises(Unprovable, match="lies in no volume"):
        node.resolve_path("/etc/passwd")


def test_a_command_is_run_in_the_container_itself(podshare):
    """Without its shell: a program of its own image, with its exit code, and no other's."""
    container = podshare.deploy(slim(lacks="sh"))["c2"]

    done = container.exec(["ls", "/no such file"])

    assert (done.returncode, done.stdout) == (2, b"")
    assert b"'/no such file': No such file or directory" in done.stderr
    assert container.exec(["cat", "/proc/1/comm"]) == Completed(0, b"sleep\n", b"")
    assert container.exec(["sh", "-c", ":"]).returncode == 127
    # enough for a busy machine to begin it
    with pytest.raises(ExecTimeout, match=r"sleep in .* did not end within 8 s"):
        container.exec(["sleep", "1000"], timeout=8)
