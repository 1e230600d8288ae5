"""Which cause is named, for facts as containers tell them."""

import dataclasses

import pytest

from pytest_podshare.containers.fileops.mountinfo import MountEntry
from pytest_podshare.containers.fileops.path_walk import PathEntry, User
from pytest_podshare.containers.fileops.posix_shell import Missing, Refused
from pytest_podshare.diagnosis import root_cause
from pytest_podshare.diagnosis.cause import WORDS, Cause
from pytest_podshare.diagnosis.facts import ContainerView, Facts, FileLocation
from pytest_podshare.diagnosis.symptom import Symptom
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

KUBELET = "/var/lib/kubelet/pods/1-2/volumes/kubernetes.io~empty-dir"
OUT, IN = VolumeMount("v", "/out"), VolumeMount("v", "/in")
WIRING = Wiring(
    (ContainerSpec("c1", "container", (OUT,)), ContainerSpec("c2", "container", (IN,))),
    (VolumeSpec("v", "emptyDir"),),
)


def entry(path, root, device="8:1", options="rw", fs_type="ext4", super_options=""):
    """A line of a table of mounts."""
    return MountEntry(path, root, fs_type, (options,), (super_options,), device)


ROOT = entry("/", "/", device="0:7", fs_type="overlay")


def there(path, kind="regular file", uid=0, gid=0, mode=0o644, inode=7, target=""):
    """A file or folder on the way."""
    return PathEntry(path, kind, uid, gid, mode, inode, target)


def folder(path, **how):
    """A folder on the way."""
    return there(path, "directory", **{"mode": 0o777, **how})


WRITER = ContainerView(
    FileLocation("c1", "/out/report", OUT),
    entries=(ROOT, entry("/out", f"{KUBELET}/v")),
    user=User(0, (0,)),
    way=(folder("/out"), there("/out/report")),
)
READER = ContainerView(
    FileLocation("c2", "/in/report", IN),
    entries=(ROOT, entry("/in", f"{KUBELET}/v")),
    user=User(1000, (1000,)),
    way=(folder("/in"), there("/in/report")),
)


def case(writer=WRITER, reader=READER, seen=None, fate="", **how):
    """A case of these views."""
    views = (writer,) if reader is None else (writer, reader)
    facts = Facts(fate, "as it was said", views)
    return Symptom(how.pop("wiring", WIRING), facts, seen or Missing(), **how)


def but(view, **changes):
    """The same view with some answers changed."""
    return dataclasses.replace(view, **changes)


NO_FILE = (folder("/in"),)
OWNED = there("/in/report", mode=0o600)
CASES = {
    "evicted": case(fate="evicted"),
    "replaced": case(fate="replaced"),
    "deleted": case(fate="deleted"),
    "API server unreachable": case(fate="unreachable"),
    "not running": case(reader=but(READER, running=False, state="waiting", last_words=("boom",))),
    "stale file": case(
        reader=but(
            READER,
            entries=(ROOT, entry("/in/report", f"{KUBELET}/v/report//deleted")),
            way=(folder("/in"), there("/in/report", inode=8)),
        ),
        seen=b"old",
    ),
    "shadowed": case(
        WRITER,
        but(
            READER,
            place=FileLocation("c2", "/in/sub/report", IN),
            entries=(*READER.entries, entry("/in/sub", f"{KUBELET}/w")),
        ),
    ),
    "not mounted": case(reader=but(READER, entries=(ROOT,), way=())),
    "different subPath": case(
        reader=but(READER, entries=(ROOT, entry("/in", f"{KUBELET}/v/sub")), way=NO_FILE)
    ),
    "another volume": case(
        reader=but(READER, entries=(ROOT, entry("/in", f"{KUBELET}/w")), way=NO_FILE)
    ),
    "symlink leaves the volume": case(
        WRITER,
        but(
            READER, way=(folder("/in"), there("/in/report", "symbolic link", target="/opt/release"))
        ),
    ),
    "permission denied": case(
        reader=but(READER, way=(folder("/in"), OWNED)), seen=Refused("Permission denied")
    ),
    "read-only": case(reader=None, seen=Refused("Read-only file system"), writing=True),
    "no space left": case(reader=None, seen=Refused("No space left on device"), writing=True),
    "restarted meanwhile": case(reader=but(READER, restarts="c2 is another", way=NO_FILE)),
    "removed": case(but(WRITER, way=(folder("/out"),)), but(READER, way=NO_FILE)),
    "never written": case(
        but(WRITER, way=(folder("/out"),), nearby=("reports", "other")), None, written=False
    ),
    "another content": case(seen=b"other"),
    "unknown": case(seen=Refused("Input/output error")),
}


@pytest.mark.parametrize("word", CASES)
def test_the_cause_that_the_facts_show_is_named(word):
    """One case of each."""
    assert root_cause.first(CASES[word]).kind == word


@pytest.mark.parametrize("word", [each for each in CASES if each != "unknown"])
def test_a_cause_is_not_named_where_nothing_shows_it(word):
    """The twin of each case: the same question, and two containers with nothing amiss."""
    sound = dataclasses.replace(CASES[word], facts=Facts("", "", (WRITER, READER)))
    sound = dataclasses.replace(sound, seen=Refused("Input/output error"), writing=False)

    assert root_cause.first(sound).kind == "unknown"


def test_what_is_unknown_is_told_with_all_that_is_known():
    """Who asked as whom, by which mount, and what lies at the path."""
    text = root_cause.first(CASES["unknown"]).text

    assert "c2 is running, user 1000 with group 1000, mount /in is ext4 (rw)" in text
    assert "/in/report belongs to 0:0 with mode 0644 (regular file)" in text


def test_permission_denied_names_the_owner_the_user_and_what_fs_group_would_change():
    """A group alone does not open a file without group bits, and the remedy says so."""
    cause = root_cause.first(CASES["permission denied"])

    assert "/in/report belongs to 0:0 with mode 0600" in cause.text
    assert "c2 is user 1000 with group 1000" in cause.text
    assert "fsGroup" in cause.remedy
    assert "lets no group read it" in cause.remedy
    assert "mode 0640 and set the Pod's fsGroup" in cause.remedy


def test_a_folder_that_may_not_be_entered_is_named_rather_than_the_file():
    """The first thing on the way that bars the user."""
    way = (folder("/in", mode=0o700), OWNED)

    cause = root_cause.first(case(reader=but(READER, way=way), seen=Refused("Permission denied")))

    assert "/in belongs to 0:0 with mode 0700" in cause.text


def test_a_folder_that_may_be_entered_and_not_written_to_bars_a_writer():
    """Reading the same folder would be no trouble."""
    view = but(WRITER, user=User(1000, (1000,)), way=(folder("/out", mode=0o755),))

    cause = root_cause.first(case(view, None, seen=Refused("Permission denied"), writing=True))

    assert "/out belongs to 0:0 with mode 0755" in cause.text


@pytest.mark.parametrize(
    ("target", "leaves"),
    [("/opt/x", True), ("../x", True), ("x", False), ("/in/x", False), ("sub/../x", False)],
)
def test_a_symlink_is_to_blame_only_if_it_leaves_the_volume(target, leaves):
    """Relative links within it work in every container."""
    link = there("/in/report", "symbolic link", target=target)

    cause = root_cause.first(case(reader=but(READER, way=(folder("/in"), link))))

    assert (cause.kind == "symlink leaves the volume") == leaves


def test_two_subpaths_that_lead_to_one_folder_are_no_difference():
    """What counts is the folder on the node, whatever the mounts are called."""
    deep = but(
        READER,
        place=FileLocation("c2", "/in/report", IN),
        entries=(ROOT, entry("/in", f"{KUBELET}/v/sub")),
    )
    whole = but(WRITER, place=FileLocation("c1", "/out/sub/report", OUT))

    assert root_cause.first(case(whole, deep, seen=Refused("Input/output error"))).kind == "unknown"


def test_a_file_that_nobody_saw_was_perhaps_never_there_and_perhaps_removed():
    """Only a name that looks like it says that it was written elsewhere."""
    gone = but(WRITER, way=(folder("/out"),), nearby=("elsewhere",))

    cause = root_cause.first(case(gone, None, written=False))

    assert cause.kind == "unknown"
    assert "c1 itself has no /out/report now: never written, or removed since" in cause.text


def test_where_the_mode_is_enough_a_group_is_all_that_is_needed():
    """The remedy asks for no other mode then; with an fsGroup, for its group."""
    way = (folder("/in"), there("/in/report", mode=0o640))
    denied = case(reader=but(READER, way=way), seen=Refused("Permission denied"))
    with_group = dataclasses.replace(WIRING, fs_group=3000)

    assert root_cause.first(denied).remedy.startswith("Set the Pod's fsGroup: ")
    assert root_cause.first(dataclasses.replace(denied, wiring=with_group)).remedy.startswith(
        "Let who makes it leave it the group 3000 of the Pod's fsGroup (it has 0)"
    )


def test_the_mount_that_is_to_blame_is_the_readers():
    """An annotation points there."""
    assert root_cause.first(CASES["different subPath"]).blame == ("c2", IN)


def test_a_cause_has_one_of_the_known_words():
    """Reports and golden texts count on them."""
    with pytest.raises(ValueError, match="no cause"):
        Cause("bad luck", "")

    assert list(WORDS) == sorted(WORDS, key=str.lower)
    assert set(CASES) <= set(WORDS)
