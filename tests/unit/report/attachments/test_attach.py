"""What a failed test's report shows of what was collected, and what is written where."""

import os
import stat
import types

import pytest

from pytest_podshare.report.attachments import artifacts, attach
from pytest_podshare.report.attachments.collect import Attachment

NODEID = "tests/test_it.py::test_it[a/../b]"


def mode(path):
    """The permission bits."""
    return stat.S_IMODE(path.lstat().st_mode)


def test_files_are_for_their_owner_alone(tmp_path):
    """Whatever the umask says; also the folders."""
    before = os.umask(0)
    try:
        home = artifacts.write(
            tmp_path / "new" / "dir", NODEID, [Attachment("web/logs/a.txt", "ü")]
        )
    finally:
        os.umask(before)

    assert (home / "web" / "logs" / "a.txt").read_text("utf-8") == "ü"
    assert mode(home / "web" / "logs" / "a.txt") == 0o600
    folders = (tmp_path / "new" / "dir", home, home / "web", home / "web" / "logs")
    assert [mode(each) for each in folders] == [0o700] * 4


def test_an_earlier_run_is_replaced_and_its_neighbours_are_not(tmp_path):
    """No file of a Pod that is no more; nothing of another test is touched."""
    other = artifacts.write(tmp_path, "other", [Attachment("x.txt", "theirs")])
    artifacts.write(tmp_path, NODEID, [Attachment("old/pod.yaml", "")])

    home = artifacts.write(tmp_path, NODEID, [Attachment("new/pod.yaml", "")])

    assert os.listdir(home) == ["new"]
    assert (other / "x.txt").read_text() == "theirs"


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "..",
        ".",
        "/etc/passwd",
        "a\0b",
        "x" * 5000,
        "ä" * 500,
        "\ud800",
        "a b:c*?\"<>|'$(touch x)`",
        "\x1b[31m",
        ".hidden",
        "-rf",
        "",
    ],
)
def test_hostile_names_lead_nowhere_else(tmp_path, name):
    """Neither those of tests nor those of Pods and containers."""
    folder = tmp_path / "artifacts"

    home = artifacts.write(folder, name, [Attachment(f"{name}/logs/{name}.txt", "text")])

    assert home.parent == folder
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.read_text() for path in files] == ["text"]
    assert files[0].resolve().is_relative_to(home)
    assert all(part.isascii() and part.isprintable() for part in files[0].parts)


def test_names_stay_readable_and_apart():
    """What has to be changed is told apart by a digest of the whole."""
    names = ["web", "test_a.py::test_x[1/2]", "test_a.py::test_x[1:2]", "Web"]

    assert [artifacts.safe(each) for each in names] == [
        "web",
        "test_a.py-test_x-1-2-a8fd932c",
        "test_a.py-test_x-1-2-e107946d",
        "Web",
    ]


def test_a_link_in_the_way_is_not_followed(tmp_path):
    """Not even one that has a test's own name."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("kept")
    folder = tmp_path / "artifacts"
    folder.mkdir()
    (folder / "test").symlink_to(elsewhere)

    home = artifacts.write(folder, "test", [Attachment("pod.yaml", "text")])

    assert not home.is_symlink()
    assert os.listdir(elsewhere) == ["kept"]


def test_a_terminal_gets_a_few_lines_of_each_text():
    """With how much was left out, and where it is."""
    texts = [
        Attachment("web/wiring.txt", "volume"),
        Attachment("web/logs/app.txt", "\n".join(f"line {number}" for number in range(100))),
        Attachment("web/mounts/app.txt", "36 35 0:52 / /v rw\n\nother\nothers"),
    ]

    shown = dict(attach.sections(texts, "it is in /x"))

    assert list(shown) == [f"podshare {each.name}" for each in texts]
    lines = shown["podshare web/logs/app.txt"].splitlines()
    assert (lines[0], len(lines)) == ("… 60 lines before this left out: it is in /x", 41)
    assert lines[-1] == "line 99"
    assert shown["podshare web/mounts/app.txt"].splitlines()[0] == "36 35 0:52 / /v rw"
    assert "other" not in shown["podshare web/mounts/app.txt"]


def test_a_terminal_is_not_flooded_and_not_steered():
    """By many Pods, by long lines, by escape sequences."""
    texts = [Attachment(f"pod-{number}/logs/a.txt", "x\n" * 50) for number in range(20)]
    texts.insert(0, Attachment("web/logs/app.txt", "\x1b[31mred\a\n" + "y" * 9999))

    shown = list(attach.sections(texts, "it is in /x"))

    assert shown[0][1].splitlines() == [
        "\\x1b[31mred\\x07",
        "y" * 300 + "… 9699 more",
    ]
    assert len("\n".join(text for _, text in shown).splitlines()) <= 220
    assert shown[-1] == (
        "podshare",
        f"Left out: {', '.join(f'pod-{number}/logs/a.txt' for number in range(5, 20))}:"
        " it is in /x.",
    )


def test_properties_are_bounded():
    """JUnit XML is read by machines that do not like megabytes."""
    texts = [Attachment(f"pod-{number}/logs/a.txt", "line\n" * 9999) for number in range(99)]

    found = list(attach.properties(texts))

    assert found[0][0] == "podshare pod-0/logs/a.txt"
    assert found[0][1].startswith("… ")
    assert max(len(text) for _, text in found) <= 5 * 1024
    assert 40 * 1024 < sum(len(text) for _, text in found) <= 52 * 1024


def test_whatever_happens_the_failure_stays():
    """A bug of ours is a line in the report, and what looks secret is hidden all the same."""
    report = pytest.TestReport(
        "test_it", ("test_it.py", 1, "test_it"), {}, "failed", "it failed: password=abc", "call"
    )
    item = types.SimpleNamespace(user_properties=[("podshare", "seen with token=abc")])

    attach.attach(item, report, None, None)

    assert report.longrepr == "it failed: password=(hidden)"
    assert item.user_properties == [("podshare", "seen with token=(hidden)")]
    assert report.sections == [("podshare", "Not all could be attached: AttributeError.")]
