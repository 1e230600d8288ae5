"""The cause that is named for what containers report."""

import dataclasses
import os
from pathlib import Path

import pytest

from pytest_podshare.containers.fileops.mountinfo import MountEntry
from pytest_podshare.containers.fileops.path_walk import PathEntry, User
from pytest_podshare.containers.fileops.posix_shell import Missing, Refused
from pytest_podshare.diagnosis.cause import MEANINGS, Cause
from pytest_podshare.diagnosis.facts import ContainerView, Facts, FileLocation
from pytest_podshare.diagnosis.root_cause import find_cause
from pytest_podshare.diagnosis.symptom import Symptom
from pytest_podshare.wiring.model import VolumeMount
from pytest_podshare.wiring.pod_spec import read_wiring
from tests.support import offline_pods

GOLDEN = Path(__file__).with_name("causes.txt")
KUBELET = "/var/lib/kubelet/pods/1-2/volumes/kubernetes.io~empty-dir"
OUT, IN = VolumeMount("v", "/out"), VolumeMount("v", "/in")
SPEC = {
    "containers": [
        {"name": "c1", "volumeMounts": [{"name": "v", "mountPath": "/out"}]},
        {"name": "c2", "volumeMounts": [{"name": "v", "mountPath": "/in"}]},
    ],
    "volumes": [{"name": "v", "emptyDir": {}}],
}
WIRING = read_wiring(SPEC)
C1, C2 = (offline_pods.container(SPEC, name) for name in ("c1", "c2"))


def mount(path, root, device="8:1", options="rw", fs_type="ext4", super_options=""):
    """Return a line of a mount table."""
    return MountEntry(path, root, fs_type, (options,), (super_options,), device)


ROOT = mount("/", "/", device="0:7", fs_type="overlay")


def entry(path, kind="regular file", uid=0, gid=0, mode=0o644, inode=7, target=""):
    """Return a file or folder on a path."""
    return PathEntry(path, kind, uid, gid, mode, inode, target)


def folder(path, **fields):
    """Return a folder on a path."""
    return entry(path, "directory", **{"mode": 0o777, **fields})


WRITER = ContainerView(
    FileLocation(C1, "/out/report", OUT),
    mount_table=(ROOT, mount("/out", f"{KUBELET}/v")),
    user=User(0, (0,)),
    path_entries=(folder("/out"), entry("/out/report")),
)
READER = ContainerView(
    FileLocation(C2, "/in/report", IN),
    mount_table=(ROOT, mount("/in", f"{KUBELET}/v")),
    user=User(1000, (1000,)),
    path_entries=(folder("/in"), entry("/in/report")),
)


def symptom(writer=WRITER, reader=READER, seen=None, problem="", **fields):
    """Return a symptom with these views."""
    views = (writer,) if reader is None else (writer, reader)
    facts = Facts(problem, "the details", views)
    return Symptom(fields.pop("wiring", WIRING), facts, seen or Missing(), **fields)


def reader(**changes):
    """Return the reader's view with some answers changed."""
    return dataclasses.replace(READER, **changes)


def writer(**changes):
    """Return the writer's view with some answers changed."""
    return dataclasses.replace(WRITER, **changes)


SENDS = VolumeMount("v", "/out", propagation="Bidirectional")
RECEIVES = VolumeMount("v", "/in", propagation="HostToContainer")
# c3 mounts v like c1, and propagates what it mounts there
PROPAGATING = dataclasses.replace(
    WIRING,
    containers=(*WIRING.containers, dataclasses.replace(C1.spec, name="c3", mounts=(SENDS,))),
)
C3 = offline_pods.container(
    {
        **SPEC,
        "containers": [
            {
                "name": "c3",
                "volumeMounts": [
                    {"name": "v", "mountPath": "/out", "mountPropagation": "Bidirectional"}
                ],
            }
        ],
    },
    "c3",
)
FILE_SYSTEM = mount("/out/fs", "/", device="0:90", fs_type="fuse")
NESTED = (*WRITER.mount_table, FILE_SYSTEM)
NO_FILE = (folder("/in"),)
OWNED = entry("/in/report", mode=0o600)
DENIED = Refused("Permission denied")
SYMPTOMS = {
    "evicted": symptom(problem="evicted"),
    "replaced": symptom(problem="replaced"),
    "deleted": symptom(problem="deleted"),
    "API server unreachable": symptom(problem="API server unreachable"),
    "not running": symptom(
        reader=reader(state="waiting", description="waiting", last_lines=("boom",))
    ),
    "stale file": symptom(
        reader=reader(
            mount_table=(ROOT, mount("/in/report", f"{KUBELET}/v/report//deleted")),
            path_entries=(folder("/in"), entry("/in/report", inode=8)),
        ),
        seen=b"old",
    ),
    "shadowed": symptom(
        reader=reader(
            location=FileLocation(C2, "/in/sub/report", IN),
            mount_table=(*READER.mount_table, mount("/in/sub", f"{KUBELET}/w")),
        )
    ),
    "not propagated": symptom(
        writer(location=FileLocation(C3, "/out/fs/f", SENDS), mount_table=NESTED),
        reader(location=FileLocation(C2, "/in/fs/f", IN)),
        wiring=PROPAGATING,
    ),
    "not mounted": symptom(reader=reader(mount_table=(ROOT,), path_entries=())),
    "different subPath": symptom(
        reader=reader(mount_table=(ROOT, mount("/in", f"{KUBELET}/v/sub")), path_entries=NO_FILE)
    ),
    "different volume": symptom(
        reader=reader(mount_table=(ROOT, mount("/in", f"{KUBELET}/w")), path_entries=NO_FILE)
    ),
    "symlink leaves the volume": symptom(
        reader=reader(
            path_entries=(
                folder("/in"),
                entry("/in/report", "symbolic link", target="/opt/release"),
            )
        )
    ),
    "permission denied": symptom(reader=reader(path_entries=(folder("/in"), OWNED)), seen=DENIED),
    "read-only": symptom(reader=None, seen=Refused("Read-only file system"), is_write=True),
    "no space left": symptom(reader=None, seen=Refused("No space left on device"), is_write=True),
    "restarted": symptom(reader=reader(restarted=True, exit_code=3, path_entries=NO_FILE)),
    "removed": symptom(writer(path_entries=(folder("/out"),)), reader(path_entries=NO_FILE)),
    "never written": symptom(
        writer(path_entries=(folder("/out"),), siblings=("reports", "other")),
        None,
        existed=False,
    ),
    "different content": symptom(seen=b"other"),
    "unknown": symptom(seen=Refused("Input/output error")),
}


@pytest.mark.parametrize("kind", SYMPTOMS)
def test_the_cause_that_the_facts_show_is_named(kind):
    """There is one symptom of each kind."""
    assert find_cause(SYMPTOMS[kind]).kind == kind


def test_the_words_of_each_cause_are_in_the_golden_file():
    """`PODSHARE_GOLDEN=write` rewrites it; tests/cluster/broken has the failures of real Pods."""
    causes = [find_cause(symptom) for symptom in SYMPTOMS.values()]
    text = "".join(f"{cause}\n  {cause.remedy}\n" for cause in causes)
    if os.environ.get("PODSHARE_GOLDEN") == "write":
        GOLDEN.write_text(text)

    assert text == GOLDEN.read_text()


@pytest.mark.parametrize("kind", [kind for kind in SYMPTOMS if kind != "unknown"])
def test_a_cause_is_not_named_if_no_fact_shows_it(kind):
    """The twin of each symptom has the same question and two containers without any problem."""
    sound = dataclasses.replace(SYMPTOMS[kind], facts=Facts("", "", (WRITER, READER)))
    sound = dataclasses.replace(sound, seen=Refused("Input/output error"), is_write=False)

    assert find_cause(sound).kind == "unknown"


@pytest.mark.parametrize(
    ("sent", "received", "text", "blame"),
    [
        (SENDS, IN, "c2 mounts volume v without mountPropagation, which receives no mounts", IN),
        (OUT, RECEIVES, "c3 mounts volume v without mountPropagation, which propagates no", OUT),
        (SENDS, RECEIVES, "although both mounts of volume v propagate mounts", None),
    ],
)
def test_the_mount_that_does_not_propagate_is_to_blame(sent, received, text, blame):
    """Both sides must say so; if they do, the node is at fault."""
    view = writer(location=FileLocation(C3, "/out/fs/f", sent), mount_table=NESTED)
    cause = find_cause(
        symptom(view, reader(location=FileLocation(C2, "/in/fs/f", received)), wiring=PROPAGATING)
    )

    assert cause.kind == "not propagated"
    assert text in cause.text
    assert (cause.blame[1] if cause.blame else None) == blame


def test_a_reader_with_an_earlier_file_system_has_another_one():
    """That is what a container without propagation keeps when the other mounts it again."""
    earlier = (*READER.mount_table, mount("/in/fs", "/", device="0:80", fs_type="fuse"))
    view = reader(location=FileLocation(C2, "/in/fs/f", IN), mount_table=earlier)
    sent = writer(location=FileLocation(C3, "/out/fs/f", SENDS), mount_table=NESTED)

    text = find_cause(symptom(sent, view, wiring=PROPAGATING)).text

    assert "c2 has another file system (fuse) at /in/fs;" in text


def test_a_file_system_that_both_have_is_no_cause():
    """Nor is it said to hide the volume, since the manifest propagates it."""
    nested = (*READER.mount_table, mount("/in/fs", "/", device="0:90", fs_type="fuse"))
    entries = (folder("/in"), folder("/in/fs"), entry("/in/fs/f", mode=0o600))
    view = reader(
        location=FileLocation(C2, "/in/fs/f", IN), mount_table=nested, path_entries=entries
    )
    sent = writer(location=FileLocation(C3, "/out/fs/f", SENDS), mount_table=NESTED)

    cause = find_cause(symptom(sent, view, seen=DENIED, wiring=PROPAGATING))

    assert cause.kind == "permission denied"
    assert find_cause(symptom(sent, view, seen=DENIED)).kind == "shadowed"


def test_a_container_that_hides_the_volume_from_itself_propagates_nothing():
    """Without any mountPropagation in the manifest, the mount is nobody's but its own."""
    view = writer(location=FileLocation(C1, "/out/fs/f", OUT), mount_table=NESTED)

    cause = find_cause(symptom(view, reader(location=FileLocation(C2, "/in/fs/f", IN))))

    assert cause.kind == "shadowed"


def test_an_unknown_cause_lists_all_known_facts():
    """The facts are the state, the user, the live mount, and what exists at the path."""
    text = find_cause(SYMPTOMS["unknown"]).text

    assert "c2: running, user 1000 with group 1000, mount /in is ext4 (rw)" in text
    assert "/in/report belongs to 0:0 with mode 0644 (regular file)" in text


def test_permission_denied_names_the_owner_and_the_user_and_the_mode_to_set():
    """A group alone does not open a file without group bits, and the remedy mentions it."""
    cause = find_cause(SYMPTOMS["permission denied"])

    assert cause.text == (
        "c2 runs as user 1000 with group 1000; /in/report belongs to 0:0 with mode 0600"
    )
    assert cause.remedy == (
        "Create /in/report with mode 0640, so that its group can read it, and set the Pod's"
        " fsGroup, or run both containers as the same user."
    )


@pytest.mark.parametrize(
    ("security", "remedy"),
    [
        ({}, "Set the Pod's fsGroup, whose group the kubelet lets read the files. Raise"),
        ({"fsGroup": 2000}, "Raise the defaultMode of volume v"),
    ],
)
def test_permission_denied_in_a_secret_names_its_mode(security, remedy):
    """No application can change the files of such a volume; control: an emptyDir."""
    secret = {"name": "v", "secret": {"secretName": "s", "defaultMode": 0o400}}
    wiring = read_wiring({**SPEC, "volumes": [secret], "securityContext": security})
    denied = reader(path_entries=(folder("/in"), OWNED))

    cause = find_cause(symptom(reader=denied, seen=DENIED, wiring=wiring))

    assert cause.kind == "permission denied"
    assert cause.remedy.startswith(remedy)
    control = find_cause(symptom(reader=denied, seen=DENIED))
    assert control.remedy.startswith("Create /in/report with mode 0640")


@pytest.mark.parametrize(("mode", "is_denied"), [(0o755, True), (0o777, False)])
def test_connecting_to_a_socket_takes_the_permission_to_write(mode, is_denied):
    """The permission to read is not enough; the folder needs no more than for a file."""
    view = reader(
        path_entries=(folder("/in", mode=0o755), entry("/in/report", "socket", mode=mode))
    )

    cause = find_cause(symptom(reader=view, seen=DENIED, is_connection=True))

    assert cause.kind == "permission denied"
    assert ("/in/report belongs to 0:0" in cause.text) is is_denied
    assert ("so that its group can write to it" in cause.remedy) is is_denied


def test_a_folder_that_denies_access_is_named_instead_of_the_file():
    """The first entry of the path that denies access counts."""
    path_entries = (folder("/in", mode=0o700), OWNED)

    cause = find_cause(symptom(reader=reader(path_entries=path_entries), seen=DENIED))

    assert "/in belongs to 0:0 with mode 0700" in cause.text


def test_a_folder_that_can_be_entered_but_not_written_to_is_named_for_a_writer():
    """A reader could use the same folder."""
    view = writer(user=User(1000, (1000,)), path_entries=(folder("/out", mode=0o755),))

    cause = find_cause(symptom(view, None, seen=DENIED, is_write=True))

    assert "/out belongs to 0:0 with mode 0755" in cause.text
    assert "so that its group can write to it" in cause.remedy


@pytest.mark.parametrize(
    ("target", "leaves"),
    [("/opt/x", True), ("../x", True), ("x", False), ("/in/x", False), ("sub/../x", False)],
)
def test_a_symlink_is_a_cause_only_if_it_leaves_the_volume(target, leaves):
    """Relative links inside the volume work in every container."""
    link = entry("/in/report", "symbolic link", target=target)

    cause = find_cause(symptom(reader=reader(path_entries=(folder("/in"), link))))

    assert (cause.kind == "symlink leaves the volume") == leaves


def test_two_subpaths_that_lead_to_one_folder_are_no_cause():
    """The folder on the node counts, not how the mounts are declared."""
    deep = reader(mount_table=(ROOT, mount("/in", f"{KUBELET}/v/sub")))
    whole = writer(location=FileLocation(C1, "/out/sub/report", OUT))

    assert find_cause(symptom(whole, deep, seen=Refused("Input/output error"))).kind == "unknown"


def test_different_subpaths_name_both_folders():
    """The root of the volume has no name of its own."""
    assert find_cause(SYMPTOMS["different subPath"]).text == (
        "c1 mounts the root folder of volume v, but c2 mounts folder 'sub'"
    )


def test_a_file_that_was_never_seen_may_have_been_deleted():
    """Only a similar name shows that it was written elsewhere."""
    view = writer(path_entries=(folder("/out"),), siblings=("elsewhere",))

    cause = find_cause(symptom(view, None, existed=False))

    assert cause.kind == "unknown"
    assert cause.text == (
        "c1 itself has no file /out/report: it was never written, or was deleted;"
        " the folder contains elsewhere"
    )


def test_a_group_is_enough_if_the_mode_allows_it():
    """The remedy asks for no other mode then; with an fsGroup, it asks for that group."""
    path_entries = (folder("/in"), entry("/in/report", mode=0o640))
    denied = symptom(reader=reader(path_entries=path_entries), seen=DENIED)
    with_group = dataclasses.replace(WIRING, fs_group=3000)

    assert find_cause(denied).remedy.startswith("Set the Pod's fsGroup, so that ")
    assert find_cause(dataclasses.replace(denied, wiring=with_group)).remedy.startswith(
        "Create /in/report with group 3000, the Pod's fsGroup, instead of 0, "
    )


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"exit_code": 3}, "c2 has restarted since the Pod became ready (exit code 3)"),
        ({}, "c2 has restarted since the Pod became ready"),
        (
            {"last_lines": ("one", "two")},
            "c2 has restarted since the Pod became ready; its last log line: two",
        ),
    ],
)
def test_a_restart_is_described_by_what_is_known_of_it(changes, text):
    """The exit code and the log may be unknown."""
    view = reader(restarted=True, path_entries=NO_FILE, **changes)

    assert find_cause(symptom(reader=view)).text == text


@pytest.mark.parametrize(
    ("state", "description", "text"),
    [
        ("terminated", "exited with code 1 (Error)", "c2 exited with code 1 (Error)"),
        ("waiting", "waiting (ErrImagePull)", "c2 is waiting (ErrImagePull)"),
        ("", "not started", "c2 is not started"),
    ],
)
def test_a_container_that_is_not_running_is_described_by_its_state(state, description, text):
    """The sentence needs a verb unless the container has terminated."""
    assert find_cause(symptom(reader=reader(state=state, description=description))).text == text


def test_the_readers_mount_is_to_blame():
    """An annotation points to it."""
    assert find_cause(SYMPTOMS["different subPath"]).blame == (C2, IN)


def test_a_cause_has_a_known_kind():
    """Reports and golden texts depend on the kinds."""
    with pytest.raises(ValueError, match="unknown cause 'bad luck'"):
        Cause("bad luck", "")

    assert list(MEANINGS) == sorted(MEANINGS, key=str.lower)
    assert set(SYMPTOMS) <= set(MEANINGS)
