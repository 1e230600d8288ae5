"""Attachments in a failed test's report, in files and in JUnit XML."""

import os
import stat
import types

import pytest

from pytest_podshare.report.attachments import artifacts, attach
from pytest_podshare.report.attachments.collect import Attachment

NODEID = "tests/test_it.py::test_it[a/../b]"


def mode(path):
    """Return the permission bits."""
    return stat.S_IMODE(path.lstat().st_mode)


def test_only_the_owner_can_read_files(tmp_path):
    """Files and folders have these modes whatever the umask is."""
    before = os.umask(0)
    try:
        folder = artifacts.write(
            tmp_path / "new" / "dir", NODEID, [Attachment("web/logs/a.txt", "ü")]
        )
    finally:
        os.umask(before)

    assert (folder / "web" / "logs" / "a.txt").read_text("utf-8") == "ü"
    assert mode(folder / "web" / "logs" / "a.txt") == 0o600
    folders = (tmp_path / "new" / "dir", folder, folder / "web", folder / "web" / "logs")
    assert [mode(folder) for folder in folders] == [0o700] * 4


def test_files_of_an_earlier_run_are_replaced(tmp_path):
    """Files of other tests stay."""
    other = artifacts.write(tmp_path, "other", [Attachment("x.txt", "theirs")])
    artifacts.write(tmp_path, NODEID, [Attachment("old/pod.yaml", "")])

    folder = artifacts.write(tmp_path, NODEID, [Attachment("new/pod.yaml", "")])

    assert os.listdir(folder) == ["new"]
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
def test_hostile_names_stay_in_the_folder(tmp_path, name):
    """Names of tests, Pods and containers may be anything."""
    folder = tmp_path / "artifacts"

    test_folder = artifacts.write(folder, name, [Attachment(f"{name}/logs/{name}.txt", "text")])

    assert test_folder.parent == folder
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.read_text() for path in files] == ["text"]
    assert files[0].resolve().is_relative_to(test_folder)
    assert all(part.isascii() and part.isprintable() for part in files[0].parts)


def test_names_stay_readable_and_unique():
    """A changed name gets a digest of the original."""
    names = ["web", "test_a.py::test_x[1/2]", "test_a.py::test_x[1:2]", "Web"]

    assert [artifacts.safe_name(name) for name in names] == [
        "web",
        "test_a.py-test_x-1-2-a8fd932c",
        "test_a.py-test_x-1-2-e107946d",
        "Web",
    ]


def test_a_symlink_is_not_followed(tmp_path):
    """It may have the name of the test."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("kept")
    folder = tmp_path / "artifacts"
    folder.mkdir()
    (folder / "test").symlink_to(elsewhere)

    test_folder = artifacts.write(folder, "test", [Attachment("pod.yaml", "text")])

    assert not test_folder.is_symlink()
    assert os.listdir(elsewhere) == ["kept"]


def test_a_terminal_shows_a_few_lines_of_each_attachment():
    """It says how many lines are omitted, and where to find them."""
    attachments = [
        Attachment("web/wiring.txt", "volume"),
        Attachment("web/logs/app.txt", "\n".join(f"line {number}" for number in range(100))),
        Attachment("web/mounts/app.txt", "36 35 0:52 / /v rw\n\nother\nothers"),
    ]

    sections = dict(attach.build_sections(attachments, "see /x"))

    assert list(sections) == [f"podshare {attachment.name}" for attachment in attachments]
    lines = sections["podshare web/logs/app.txt"].splitlines()
    assert (lines[0], len(lines)) == ("… 60 earlier lines omitted (see /x)", 41)
    assert lines[-1] == "line 99"
    assert sections["podshare web/mounts/app.txt"].splitlines()[0] == "36 35 0:52 / /v rw"
    assert "other" not in sections["podshare web/mounts/app.txt"]


def test_a_terminal_is_neither_flooded_nor_controlled():
    """There may be many Pods, long lines and escape sequences."""
    attachments = [Attachment(f"pod-{number}/logs/a.txt", "x\n" * 50) for number in range(20)]
    attachments.insert(0, Attachment("web/logs/app.txt", "\x1b[31mred\a\n" + "y" * 9999))

    sections = list(attach.build_sections(attachments, "see /x"))

    assert sections[0][1].splitlines() == [
        "\\x1b[31mred\\x07",
        "y" * 300 + "… (9699 more characters)",
    ]
    assert len("\n".join(text for _, text in sections).splitlines()) <= 220
    omitted = ", ".join(f"pod-{number}/logs/a.txt" for number in range(5, 20))
    assert sections[-1] == ("podshare", f"Omitted: {omitted} (see /x).")


def test_properties_are_bounded():
    """Programs that read JUnit XML may not accept megabytes."""
    attachments = [Attachment(f"pod-{number}/logs/a.txt", "line\n" * 9999) for number in range(99)]

    properties = list(attach.build_properties(attachments))

    assert properties[0][0] == "podshare pod-0/logs/a.txt"
    assert properties[0][1].startswith("… ")
    assert max(len(text) for _, text in properties) <= 5 * 1024
    assert 40 * 1024 < sum(len(text) for _, text in properties) <= 52 * 1024


def test_an_error_during_the_collection_does_not_replace_the_failure():
    """The report says that attachments are missing, and secrets are still hidden."""
    report = pytest.TestReport(
        "test_it", ("test_it.py", 1, "test_it"), {}, "failed", "it failed: password=abc", "call"
    )
    item = types.SimpleNamespace(user_properties=[("podshare", "seen with token=abc")])

    attach.attach(item, report, None, None)

    assert report.longrepr == "it failed: password=(hidden)"
    assert item.user_properties == [("podshare", "seen with token=(hidden)")]
    assert report.sections == [("podshare", "Some attachments are missing: AttributeError.")]
