"""Names and contents are never executed: every script that is built, in the real shells.

The names are made of what has a meaning in a shell, in its tools or in the session's own protocol.
Many of them would create a file, the canary, if any part of them were executed.
"""

import os
import shlex
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pytest_podshare.containers.fileops import (
    operations,
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
# the path of the canary is in a variable, because a name cannot contain a slash
ATTACK = 'touch "$CANARY"'
PIECES = [
    *(f"$({ATTACK})", f"`{ATTACK}`", f";{ATTACK};", f"|{ATTACK}|"),
    *(f"\n{ATTACK}\n", f"&{ATTACK}&", f"&&{ATTACK}", f"}}\n{ATTACK}\n{{"),
    *(f")\n{ATTACK}\n(", f"'{ATTACK}'", f"\r\n{ATTACK}\r\n", "touch", "$CANARY"),
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
    """Return the path of the file that must never exist."""
    path = tmp_path_factory.mktemp("canary") / "canary"
    os.environ["CANARY"] = str(path)
    yield path
    del os.environ["CANARY"]


@pytest.fixture(scope="module", params=SHELLS)
def shell(request, canary):  # noqa: ARG001
    """Open each kind of shell that this machine has, as a session does."""
    with LocalShell(SHELLS[request.param]) as opened:
        yield opened


@REAL
@given(name=NAMES)
@example(name=f"'$({ATTACK})'")
@example(name="-rf")
def test_the_name_of_a_file_is_never_executed(shell, canary, tmp_path, name):
    """Every operation uses the file of exactly that name, as Python does."""
    root = tempfile.mkdtemp(dir=tmp_path)
    path = f"{root}/{name}"

    assert operations.write(shell, path, b"1") is None
    assert os.listdir(root) == [name]
    assert operations.read(shell, path) == operations.read(shell, path, root=root) == b"1"
    assert operations.read_line(shell, path) == b"1"
    assert operations.write(shell, path, b"1" * 20_000) is None
    assert Path(path).stat().st_size == 20_000
    assert streaming.write(shell, path, [b"22"], 2, root=root).size == 2
    assert streaming.read(shell, path, root=root).size == 2
    assert operations.write(shell, path, b"333", root=root) is None
    assert operations.lstat(shell, path, root=root).size == operations.stat(shell, path).size == 3
    assert operations.find(shell, [root], name) == [path]
    assert operations.listdir(shell, root) == operations.listdir(shell, root, root=root) == [name]
    assert path_walk.walk(shell, path)[-1].path == path
    assert operations.remove(shell, path, root=root) is None
    assert operations.create(shell, path, b"4") is None
    operations.discard(shell, path)
    assert operations.listdir(shell, root) == []
    assert not canary.exists()


@REAL
@given(folder=NAMES, name=NAMES)
def test_the_name_of_a_folder_is_never_executed(shell, canary, tmp_path, folder, name):
    """Not even if it is the mount itself, since a mountPath may be any name."""
    root = os.path.join(tempfile.mkdtemp(dir=tmp_path), folder)  # noqa: PTH118
    Path(root).mkdir()
    path = f"{root}/{name}"

    assert operations.write(shell, path, b"1", root=root) is None
    assert streaming.write(shell, path, [b"22"], 2, root=root).size == 2
    assert operations.read(shell, path, root=root) == b"22"
    assert operations.listdir(shell, root, root=root) == operations.listdir(shell, root) == [name]
    assert path in operations.find(shell, [root], name)
    resolved = shell.run(resolve_path.resolve_script(root, f"/{name}", follow=True))
    assert resolve_path.parse_resolved(resolved) == path
    assert operations.remove(shell, path, root=root) is None
    assert operations.write_zeros(shell, path, 10) is None
    assert operations.remove(shell, path) is None
    assert operations.read(shell, path, root=root) == posix_shell.Missing()
    assert not canary.exists()


@REAL
@given(name=NAMES, target=NAMES)
def test_the_target_of_a_symlink_is_never_executed(shell, canary, tmp_path, name, target):
    """An application chooses it; it is only reported."""
    folder = tempfile.mkdtemp(dir=tmp_path)
    Path(folder, name).symlink_to(target)

    status = operations.lstat(shell, f"{folder}/{name}", root=folder)

    assert status.linked_to.rstrip("\n") == target.rstrip("\n")
    assert path_walk.walk(shell, f"{folder}/{name}")[-1].target == target.rstrip("\n")
    assert not canary.exists()


@REAL
@given(words=st.lists(NAMES, min_size=1, max_size=4))
def test_an_argument_of_a_command_is_never_executed(shell, canary, words):
    """The command gets every argument unchanged."""
    script = b" ".join(posix_shell.quote(word) for word in ["printf", "%s\\0", *words])

    assert shell.run(script).stdout == b"".join(os.fsencode(word) + b"\0" for word in words)
    assert not canary.exists()


@REAL
@given(content=st.lists(NAMES, min_size=1).map("\n".join).map(os.fsencode))
def test_content_is_never_executed(shell, canary, tmp_path, content):
    """Neither when the shell prints it, nor when it reads it, nor when it returns it."""
    root = tempfile.mkdtemp(dir=tmp_path)

    assert operations.write(shell, f"{root}/a", content) is None
    assert operations.write(shell, f"{root}/b", content, root=root) is None
    assert streaming.write(shell, f"{root}/c", [content], len(content), root=root)
    assert {operations.read(shell, f"{root}/{name}", root=root) for name in "abc"} == {content}
    assert not canary.exists()


@REAL
@given(output=st.lists(NAMES, min_size=1).map("".join).map(os.fsencode), code=st.integers(0, 99))
def test_output_cannot_imitate_the_end_of_a_command(shell, canary, output, code):
    """Not even output with the marker of an earlier command and another exit code."""
    earlier = protocol.new_marker()
    shell.run(b": " + earlier)
    output += earlier + b"7." + b"0." + protocol.new_marker() + b"0."
    printed = posix_shell.escape_printf(output)
    script = b"printf '%s'; printf '%s' >&2; exit %d" % (printed, printed, code)

    assert shell.run(script) == protocol.Completed(code, output, output)
    assert not canary.exists()


def test_a_name_without_quotes_is_executed(shell, canary):
    """The mutated twin: without quotes the canary appears."""
    name = f"$({ATTACK})"
    try:
        shell.run(b"cat " + name.encode())

        assert canary.exists()
    finally:
        canary.unlink(missing_ok=True)
    shell.run(b"cat " + shlex.quote(name).encode())
    assert not canary.exists()
