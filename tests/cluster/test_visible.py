"""Files that one container writes and another sees, on a real cluster."""

import copy
import re
from pathlib import Path

import pytest
import yaml

from pytest_podshare import (
    assert_file_visible,
    assert_lost_on_delete,
    assert_medium,
    assert_read_only,
    assert_survives_restart,
)
from pytest_podshare.deadline import Timeouts
from pytest_podshare.errors import NoSharedVolume, SessionLost, UnknownContainer

SHAREVOL = yaml.safe_load(Path("manifests/sharevol.yaml").read_text())


@pytest.fixture
def twin(podshare):
    """Return a function that deploys the sharevol Pod with one change."""

    def deploy(change):
        manifest = copy.deepcopy(SHAREVOL)
        change(manifest["spec"], *manifest["spec"]["containers"])
        return podshare.deploy(manifest)

    return deploy


@pytest.mark.parametrize(
    ("writer", "written", "reader", "seen"),
    [("c1", "/tmp/xchange", "c2", "/tmp/data"), ("c2", "/tmp/data", "c1", "/tmp/xchange")],
)
def test_a_container_sees_what_the_other_writes(podshare, writer, written, reader, seen):
    """In both directions, and by each container's own path."""
    pod = podshare.deploy("manifests/sharevol.yaml")

    evidence = assert_file_visible(pod, from_c=writer, to_c=reader)

    wrote, saw = evidence.steps
    assert (wrote.container, wrote.action, str(Path(wrote.path).parent)) == (
        writer,
        "wrote",
        written,
    )
    assert (saw.container, saw.action, str(Path(saw.path).parent)) == (reader, "saw", seen)
    assert (wrote.sha256, wrote.size) == (saw.sha256, saw.size)
    assert evidence.identity.uid == pod.uid
    assert evidence.claim == f"{reader} sees what {writer} wrote to xchange"


def test_the_assertion_leaves_nothing_in_the_volume(podshare):
    """Neither its file nor the hidden draft of it."""
    pod = podshare.deploy("manifests/sharevol.yaml")

    assert_file_visible(pod, from_c="c1", to_c="c2")

    assert pod["c2"].exec(["ls", "-A", "/tmp/data"]).stdout == b""


def test_every_call_writes_new_content(podshare):
    """A file of an earlier call cannot pass for this one's."""
    pod = podshare.deploy("manifests/sharevol.yaml")

    digests = {assert_file_visible(pod, from_c="c1", to_c="c2").steps[0].sha256 for _ in range(5)}

    assert len(digests) == 5


def test_a_mount_path_may_end_with_a_slash(twin):
    """The kernel shows it without one; the mutated twins are a writable mount and a disk."""

    def add_slashes(_spec, c1, c2):
        for container in (c1, c2):
            container["volumeMounts"][0]["mountPath"] += "/"
        c2["volumeMounts"][0]["readOnly"] = True

    pod = twin(add_slashes)

    assert_file_visible(pod, from_c="c1", to_c="c2")
    assert_read_only(pod, container="c2", volume="xchange")
    assert_medium(pod, container="c1", volume="xchange", medium="Disk")
    with pytest.raises(AssertionError, match="not read-only for 'c1'"):
        assert_read_only(pod, container="c1", volume="xchange")
    with pytest.raises(AssertionError, match="not on the expected medium"):
        assert_medium(pod, container="c1", volume="xchange", medium="Memory")
    assert_survives_restart(pod, container="c1")
    assert_lost_on_delete(pod)


def test_it_fails_if_the_reader_mounts_another_volume(twin):
    """The mutated twin; the failure names both volumes."""

    def change(spec, _c1, c2):
        spec["volumes"].append({"name": "exchange2", "emptyDir": {}})
        c2["volumeMounts"][0]["name"] = "exchange2"

    pod = twin(change)

    with pytest.raises(AssertionError) as caught:
        assert_file_visible(pod, from_c="c1", to_c="c2")

    assert str(caught.value).splitlines() == [
        "'c2' does not see what 'c1' writes",
        "  expected  c1 and c2 mount the same volume and see the same folder",
        "  got       c1 mounts xchange at /tmp/xchange; c2 mounts exchange2 at /tmp/data",
        "  why       different volume: c1 mounts volume 'xchange', but c2 mounts 'exchange2' at"
        " /tmp/data, which is a different volume",
        "  to do     Mount 'xchange' in c2 instead of 'exchange2'.",
        f"  pod       {pod.namespace}/sharevol",
    ]


def test_a_named_volume_must_be_mounted_by_both(twin):
    """The mutated twin: another volume that they share does not count."""

    def change(spec, c1, c2):
        spec["volumes"].append({"name": "other", "emptyDir": {}})
        c1["volumeMounts"].append({"name": "other", "mountPath": "/other"})
        c2["volumeMounts"][0] = {"name": "other", "mountPath": "/other"}

    pod = twin(change)
    assert_file_visible(pod, from_c="c1", to_c="c2", volume="other")

    with pytest.raises(NoSharedVolume, match="not mounted: c2 does not mount volume 'xchange'"):
        assert_file_visible(pod, from_c="c1", to_c="c2", volume="xchange")
    with pytest.raises(NoSharedVolume, match="not mounted: the Pod has no volume 'exchange'"):
        assert_file_visible(pod, from_c="c1", to_c="c2", volume="exchange")


@pytest.mark.usefixtures("at_leisure")
def test_every_shared_volume_is_proved(twin):
    """If no volume is named, all of them count, and it fails if one is broken."""

    def change(spec, c1, c2):
        spec["volumes"].append({"name": "other", "emptyDir": {}})
        c1["volumeMounts"].append({"name": "other", "mountPath": "/o1", "readOnly": True})
        c2["volumeMounts"].append({"name": "other", "mountPath": "/o2"})

    pod = twin(change)

    evidence = assert_file_visible(pod, from_c="c2", to_c="c1")
    assert [step.volume for step in evidence.steps] == ["xchange", "xchange", "other", "other"]

    with pytest.raises(AssertionError) as caught:
        assert_file_visible(pod, from_c="c1", to_c="c2")
    text = re.sub(r"podshare-[0-9a-f]{16}", "NONCE", str(caught.value))
    text = re.sub(r" is \w+ \(ro\)", " is FS (ro)", text)
    assert text.splitlines() == [
        "'c1' cannot write to volume 'other'",
        "  expected  c1:/o1/NONCE  written",
        "  got       Read-only file system",
        "  where     c1 mounts other at /o1 (ro)",
        "  why       read-only: c1 mounts volume other with readOnly: true;"
        " live mount: /o1 is FS (ro)",
        "  to do     Remove readOnly from this mount of c1.",
        f"  pod       {pod.namespace}/sharevol",
    ]


@pytest.mark.parametrize(
    ("writes_to", "reads_from", "folder"),
    [("out", "out", "/tmp/xchange"), ("", "in", "/tmp/xchange/in")],
)
def test_overlapping_sub_paths_are_shared(twin, writes_to, reads_from, folder):
    """The file is written to the topmost folder that both containers see."""

    def change(_spec, c1, c2):
        c1["volumeMounts"][0]["subPath"] = writes_to
        c2["volumeMounts"][0]["subPath"] = reads_from

    evidence = assert_file_visible(twin(change), from_c="c1", to_c="c2")

    assert str(Path(evidence.steps[0].path).parent) == folder


def test_it_fails_if_the_sub_paths_do_not_overlap(twin):
    """The mutated twin: the volume is the same, but the folders are different."""

    def change(_spec, c1, c2):
        c1["volumeMounts"][0]["subPath"] = "out"
        c2["volumeMounts"][0]["subPath"] = "in"

    with pytest.raises(
        NoSharedVolume, match="different subPath: c1 mounts folder 'out' of volume xchange"
    ):
        assert_file_visible(twin(change), from_c="c1", to_c="c2", volume="xchange")


@pytest.mark.usefixtures("at_leisure")
def test_a_reader_without_permission_is_not_said_to_miss_the_file(twin):
    """By the spec the two share the folder; only the cluster shows that they do not."""

    def change(_spec, _c1, c2):
        c2["securityContext"] = {"runAsUser": 1000}

    pod = twin(change)
    assert_file_visible(pod, from_c="c1", to_c="c2")
    assert pod["c1"].exec(["chmod", "700", "/tmp/xchange"]).returncode == 0

    with pytest.raises(AssertionError) as caught:
        assert_file_visible(pod, from_c="c1", to_c="c2", timeout=0.5)

    text = re.sub(r"podshare-[0-9a-f]{16}", "NONCE", str(caught.value))
    text = re.sub(r"sha256 [0-9a-f]{8}", "sha256 DIGEST", text)
    assert text.splitlines() == [
        "'c2' does not see what 'c1' wrote to volume 'xchange'",
        "  expected  c1:/tmp/xchange/NONCE  64 bytes  sha256 DIGEST…",
        "  got       c2:/tmp/data/NONCE  Permission denied  (for 0.5 s)",
        "  where     c1 mounts xchange at /tmp/xchange; c2 mounts xchange at /tmp/data",
        "  why       permission denied: c2 runs as user 1000 with group 0; /tmp/data belongs to"
        " 0:0 with mode 0700",
        "  to do     Create /tmp/data with mode 0710, so that its group can enter it, and set the"
        " Pod's fsGroup, or run both containers as the same user.",
        f"  pod       {pod.namespace}/sharevol",
    ]


def test_it_fails_if_another_mount_hides_the_readers(twin):
    """By the spec the two share the folder, but the reader sees something else there."""

    def change(_spec, _c1, c2):
        c2["securityContext"] = {"privileged": True}

    pod = twin(change)
    assert_file_visible(pod, from_c="c1", to_c="c2")
    covered = pod["c2"].exec(["mount", "-t", "tmpfs", "tmpfs", "/tmp/data"])
    assert covered.returncode == 0, covered.stderr

    with pytest.raises(AssertionError, match=r"got +c2:/tmp/data/podshare-\w+  missing  \(for 0.3"):
        assert_file_visible(pod, from_c="c1", to_c="c2", timeout=0.3)


def test_a_file_of_the_application_is_proved_by_its_path(podshare):
    """Its content can be named as well."""
    pod = podshare.deploy("manifests/sharevol.yaml")
    pod["c1"].exec(["sh", "-c", "echo some data > /tmp/xchange/data"])
    arguments = {"from_c": "c1", "to_c": "c2", "path": "/tmp/xchange/data"}

    evidence = assert_file_visible(pod, **arguments, content="some data\n")

    assert [step.action for step in evidence.steps] == ["has", "saw"]
    assert evidence.steps[1].path == "/tmp/data/data"
    assert_file_visible(pod, **arguments)
    assert pod["c2"].exec(["cat", "/tmp/data/data"]).stdout == b"some data\n"


def test_it_fails_if_the_applications_file_is_missing_or_differs(podshare):
    """The mutated twins of path and content."""
    pod = podshare.deploy("manifests/sharevol.yaml")
    pod["c1"].exec(["sh", "-c", "echo some data > /tmp/xchange/data"])

    with pytest.raises(AssertionError, match="'c1' itself has no file /tmp/xchange/date"):
        assert_file_visible(pod, from_c="c1", to_c="c2", path="/tmp/xchange/date", timeout=0.3)
    with pytest.raises(AssertionError, match="'c1' itself has different content in /tmp/x"):
        assert_file_visible(
            pod, from_c="c1", to_c="c2", path="/tmp/xchange/data", content="other", timeout=0.3
        )
    with pytest.raises(NoSharedVolume, match="c1:/etc/passwd is not in a volume that both"):
        assert_file_visible(pod, from_c="c1", to_c="c2", path="/etc/passwd")


def test_an_unknown_container_is_not_a_failed_assertion(podshare):
    """A typing error in the test says nothing about the Pod."""
    pod = podshare.deploy("manifests/sharevol.yaml")

    with pytest.raises(UnknownContainer) as caught:
        assert_file_visible(pod, from_c="c1", to_c="c3")

    assert not isinstance(caught.value, AssertionError)


def test_the_reader_needs_no_programs(twin):
    """Its shell reads the line itself; for the application's file another container has `cat`."""

    def change(_spec, _c1, c2):
        c2["command"] = ["sh", "-c", "rm /usr/bin/cat; touch /tmp/ready; sleep 10000"]
        c2["readinessProbe"] = {
            "exec": {"command": ["test", "-e", "/tmp/ready"]},
            "periodSeconds": 1,
        }

    pod = twin(change)

    assert_file_visible(pod, from_c="c1", to_c="c2")
    pod["c1"].volume("xchange").write("data", "some data")
    evidence = assert_file_visible(pod, from_c="c1", to_c="c2", path="/tmp/xchange/data")

    assert "c2 by ephemeral container" in evidence.method


def test_a_broken_session_is_opened_again(podshare):
    """A shell that was killed between two calls does not make the second one fail."""
    pod = podshare.deploy("manifests/sharevol.yaml")
    assert_file_visible(pod, from_c="c1", to_c="c2")
    with pytest.raises(SessionLost):
        # the subshell's parent is the session's own shell
        pod["c1"].exec(["sh", "-c", "kill -9 $PPID; sleep 5"])

    assert_file_visible(pod, from_c="c1", to_c="c2")


def test_large_binary_output_comes_through_a_session(podshare):
    """Both streams and the exit code arrive unchanged."""
    pod = podshare.deploy("manifests/sharevol.yaml")

    done = pod["c1"].exec(["sh", "-c", "head -c 3000000 /dev/urandom; echo oops >&2; exit 7"])

    assert (len(done.stdout), done.stderr, done.returncode) == (3_000_000, b"oops\n", 7)


def test_the_default_timeout_is_that_of_the_run(another):
    """The failure shows the value of --podshare-visible-timeout."""
    with another(timeouts=Timeouts(visible=0.3)) as podshare:
        pod = podshare.deploy("manifests/sharevol.yaml")

        with pytest.raises(AssertionError, match=r"missing  \(for 0\.3 s\)"):
            assert_file_visible(pod, from_c="c1", to_c="c2", path="/tmp/xchange/no-such-file")
