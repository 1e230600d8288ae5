"""No name and no content is ever run: every script that is built, in the real shells.

The names are made of what means something to a shell, to its tools or to the session's own framing.
Many of them would leave a file, the canary, if any part of them were run.
"""

import os
import shlex
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pytest_podshare.containers.fileops import (
    confined,
    path_walk,
    posix_shell,
    resolve_path,
    streaming,
)
from pytest_podshare.kube.exec import protocol
from tests.support.local_shell import SHELLS, LocalShell

pytestmark = pytest.mark.slow

REAL = settings(
    derandomize=True,
    deadline=None,
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
# no slash is needed to reach the canary: its path is in a variable
SETTING_OFF = 'touch "$CANARY"'
PIECES = [
    *(f"$({SETTING_OFF})", f"`{SETTING_OFF}`", f";{SETTING_OFF};", f"|{SETTING_OFF}|"),
    *(f"\n{SETTING_OFF}\n", f"&{SETTING_OFF}&", f"&&{SETTING_OFF}", f"}}\n{SETTING_OFF}\n{{"),
    *(f")\n{SETTING_OFF}\n(", f"'{SETTING_OFF}'", f"\r\n{SETTING_OFF}\r\n", "touch", "$CANARY"),
    *("'", '"', "\\", "\\'", "''", '"$CANARY"', "$", "$0", "$IFS", "${PATH}", "`", "!", "!!"),
    *("*", "?", "[a-z]", "[", "]", "{a,b}", "~", "~root", "-", "--", "-rf", "-n", "-exec", "="),
    *(";", "&", "|", "<", ">", "(", ")", "{", "}", "#", "%", "%s", "%n", "%%", "\\0", "\\c", "\\n"),
    *(" ", "\t", "\n", "\r", "\x01", "\x02", "\x03", "\x04", "\x1a", "\x1b[31m", "\x7f", "\x85"),
    *("EOF", "exit", "0.", "127.", "0123456789abcdef01234567", "</dev", "2>&1", ">&2", ". "),
    *(
        "\udc80",
        "\udcff",
        "\udce3\udc81",
        "\udcf0",
        "ä",
        "\u2028",
        "\u202e",
        "表",
        "ソ",
        "\x00x"[1:],
    ),
]
NAMES = (
    st.lists(st.sampled_from(PIECES), min_size=1, max_size=7)
    .map(lambda pieces: "".join(pieces).replace("/", "_"))
    .filter(lambda name: name not in (".", "..") and len(os.fsencode(name)) < 200)
)


@pytest.fixture(scope="module")
def canary(tmp_path_factory):
    """The file that must never be there."""
    path = tmp_path_factory.mktemp("canary") / "canary"
    os.environ["CANARY"] = str(path)
    yield path
    del os.environ["CANARY"]


@pytest.fixture(scope="module", params=SHELLS)
def here(request, canary):  # noqa: ARG001
    """Each kind of shell that this machine has, kept open as in a session."""
    with LocalShell(SHELLS[request.param]) as opened:
        yield opened


@REAL
@given(name=NAMES)
@example(name=f"'$({SETTING_OFF})'")
@example(name="-rf")
def test_no_name_of_a_file_is_run(here, canary, tmp_path, name):
    """Whatever is done to it; and each time the file is that of Python, of exactly that name."""
    root = tempfile.mkdtemp(dir=tmp_path)
    path = f"{root}/{name}"

    assert posix_shell.write(here, path, b"1") is None
    assert os.listdir(root) == [name]
    assert posix_shell.read(here, path) == confined.read(here, path, root) == b"1"
    assert posix_shell.read_line(here, path) == b"1"
    assert streaming.write(here, path, [b"22"], 2, root=root).size == 2
    assert streaming.read(here, path, root=root).size == 2
    assert confined.write(here, path, b"333", root) is None
    assert confined.lstat(here, path, root).size == posix_shell.stat(here, path).size == 3
    assert posix_shell.find(here, [root], name) == [path]
    assert posix_shell.names_in(here, root) == confined.names_in(here, root, root) == [name]
    assert path_walk.of_path(here, path)[-1].path == path
    assert confined.remove(here, path, root) is None
    assert posix_shell.create(here, path, b"4") is None
    posix_shell.discard(here, path)
    assert posix_shell.names_in(here, root) == []
    assert not canary.exists()


@REAL
@given(folder=NAMES, name=NAMES)
def test_no_name_of_a_folder_is_run(here, canary, tmp_path, folder, name):
    """Neither where it is the mount itself, as a mountPath may be called anything."""
    root = os.path.join(tempfile.mkdtemp(dir=tmp_path), folder)  # noqa: PTH118
    Path(root).mkdir()
    path = f"{root}/{name}"

    assert confined.write(here, path, b"1", root) is None
    assert streaming.write(here, path, [b"22"], 2, root=root).size == 2
    assert confined.read(here, path, root) == b"22"
    assert confined.names_in(here, root, root) == posix_shell.names_in(here, root) == [name]
    assert path in posix_shell.find(here, [root], name)
    assert (
        resolve_path.resolved(here.run(resolve_path.resolving(root, f"/{name}", follow=True)))
        == path
    )
    assert confined.remove(here, path, root) is None
    assert posix_shell.fill(here, path, 10) is None
    assert posix_shell.remove(here, path) is None
    assert confined.read(here, path, root) == posix_shell.Missing()
    assert not canary.exists()


@REAL
@given(name=NAMES, target=NAMES)
def test_no_goal_of_a_link_is_run(here, canary, tmp_path, name, target):
    """An application chooses it, and it is only told."""
    folder = tempfile.mkdtemp(dir=tmp_path)
    Path(folder, name).symlink_to(target)

    found = confined.lstat(here, f"{folder}/{name}", folder)

    assert found.linked_to.rstrip("\n") == target.rstrip("\n")
    assert path_walk.of_path(here, f"{folder}/{name}")[-1].target == target.rstrip("\n")
    assert not canary.exists()


@REAL
@given(words=st.lists(NAMES, min_size=1, max_size=4))
def test_no_word_of_a_command_is_run(here, canary, words):
    """They are its arguments, each as it is."""
    script = b" ".join(posix_shell.quoted(word) for word in ["printf", "%s\\0", *words])

    assert here.run(script).stdout == b"".join(os.fsencode(word) + b"\0" for word in words)
    assert not canary.exists()


@REAL
@given(content=st.lists(NAMES, min_size=1).map("\n".join).map(os.fsencode))
def test_no_content_is_run(here, canary, tmp_path, content):
    """Neither printed by the shell, nor fed to it, nor given back by it."""
    root = tempfile.mkdtemp(dir=tmp_path)

    assert posix_shell.write(here, f"{root}/a", content) is None
    assert confined.write(here, f"{root}/b", content, root) is None
    assert streaming.write(here, f"{root}/c", [content], len(content), root=root)
    assert {confined.read(here, f"{root}/{name}", root) for name in "abc"} == {content}
    assert not canary.exists()


@REAL
@given(output=st.lists(NAMES, min_size=1).map("".join).map(os.fsencode), code=st.integers(0, 99))
def test_no_output_is_taken_for_the_end_of_a_command(here, canary, output, code):
    """Not even one that has the markers of all earlier commands in it, with another exit code."""
    before = protocol.new_marker()
    here.run(b": " + before)
    output += before + b"7." + b"0." + protocol.new_marker() + b"0."
    script = b"printf '%s'; printf '%s' >&2; exit %d" % (*[posix_shell.formatted(output)] * 2, code)

    assert here.run(script) == protocol.Completed(code, output, output)
    assert not canary.exists()


def test_the_control_a_name_that_is_not_quoted_is_run(here, canary):
    """The mutated twin: were the quotes forgotten, the canary would be there."""
    name = f"$({SETTING_OFF})"
    try:
        here.run(b"cat " + name.encode())

        assert canary.exists()
    finally:
        canary.unlink(missing_ok=True)
    here.run(b"cat " + shlex.quote(name).encode())
    assert not canary.exists()
