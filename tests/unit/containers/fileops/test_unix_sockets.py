"""Connecting to sockets, in this machine's shells and with the programs that it has."""

import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path

import pytest

from pytest_podshare import errors
from pytest_podshare.containers.fileops import unix_sockets
from pytest_podshare.containers.fileops.posix_shell import Missing, Refused
from pytest_podshare.containers.fileops.unix_sockets import BUSY, STALE, Connected
from pytest_podshare.kube.exec.protocol import Completed
from tests.support.local_shell import SHELLS, LocalShell

# the first two are always here
TOOLS = [tool for tool in ("node", "nc", "curl") if shutil.which(tool)]
WITH_ALL_TYPES = ["python3", *(["perl"] if shutil.which("perl") else [])]
DENIED = Refused("Permission denied")
# a user who may not read the folders of the user who runs the tests
NOBODY = ["--reuid=65534", "--regid=65534", "--clear-groups"]


def program(tool):
    """Return the path of a program, whatever wrapper is on PATH."""
    return os.path.realpath(sys.executable) if tool == "python3" else shutil.which(tool)


@pytest.fixture
def open_folder():
    """Return a folder that every user may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        folder.chmod(0o755)
        yield folder


@pytest.fixture
def open_shell(open_folder):
    """Return a function that opens a shell with a single program on its PATH."""

    def open_shell(*tools, shell="sh", user=()):
        programs = open_folder / "bin"
        programs.mkdir(exist_ok=True)
        for tool in tools:
            (programs / tool).unlink(missing_ok=True)
            (programs / tool).symlink_to(program(tool))
        return LocalShell(SHELLS[shell], path=programs, user=user)

    return open_shell


@pytest.fixture
def bind(open_folder):
    """Return a function that creates a socket, which listens or not."""
    sockets = []

    def bind(name, kind=socket.SOCK_STREAM, *, listening=True):
        server = socket.socket(socket.AF_UNIX, kind)
        sockets.append(server)
        folder = os.open(open_folder, os.O_RDONLY)
        try:
            # a name may be longer than an address
            server.bind(f"/proc/self/fd/{folder}/{name}")
        finally:
            os.close(folder)
        if listening and kind != socket.SOCK_DGRAM:
            server.listen(9)
        return str(open_folder / name)

    yield bind
    for server in sockets:
        server.close()


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("tool", WITH_ALL_TYPES)
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (socket.SOCK_STREAM, "stream"),
        (socket.SOCK_DGRAM, "datagram"),
        (socket.SOCK_SEQPACKET, "seqpacket"),
    ],
)
def test_a_socket_of_each_type_is_connected_to(open_shell, bind, shell, tool, kind, name):
    """The type is found out; the name may contain what is special to a shell."""
    path = bind("it's a $(socket)", kind)

    with open_shell(tool, shell=shell) as session:
        assert unix_sockets.connect(session, path) == Connected(tool, name)


@pytest.mark.slow
@pytest.mark.parametrize("tool", TOOLS)
def test_other_programs_connect_to_streams(open_shell, bind, tool):
    """With a socket of another type, they prove nothing."""
    path, datagram = bind("s"), bind("d", socket.SOCK_DGRAM)

    with open_shell(tool) as shell:
        assert unix_sockets.connect(shell, path) == Connected(tool, "stream")
        with pytest.raises(errors.ToolMissing):
            unix_sockets.connect(shell, datagram)


@pytest.mark.slow
@pytest.mark.parametrize("tool", WITH_ALL_TYPES + TOOLS)
def test_what_is_wrong_with_a_socket_is_told_apart(open_shell, bind, open_folder, tool):
    """Nothing listens, nothing exists, or something else exists."""
    stale = bind("stale", listening=False)
    (open_folder / "file").touch()

    with open_shell(tool) as shell:
        assert unix_sockets.connect(shell, stale) == STALE
        assert unix_sockets.connect(shell, str(open_folder / "none")) == Missing()
        # connect(2) reports the same for what is not a socket
        assert unix_sockets.connect(shell, str(open_folder / "file")) == STALE


@pytest.mark.parametrize("tool", WITH_ALL_TYPES)
def test_a_path_that_is_longer_than_an_address_is_no_problem(open_shell, bind, open_folder, tool):
    """The container may see the socket at a shorter path than an ephemeral container."""
    path = bind("s")
    folder = open_folder / ("x" * 200)
    folder.symlink_to(".")

    with open_shell(tool) as shell:
        assert unix_sockets.connect(shell, f"{folder}/{Path(path).name}") == Connected(
            tool, "stream"
        )


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to become another user")
def test_another_user_is_denied(open_shell, bind):
    """It takes the permission to write; control: the same user with it."""
    if shutil.which("perl") is None or shutil.which("setpriv") is None:
        pytest.skip("needs perl and setpriv")
    path = bind("s")
    with open_shell("perl", user=(shutil.which("setpriv"), *NOBODY)) as shell:
        Path(path).chmod(0o755)
        assert unix_sockets.connect(shell, path) == DENIED
        Path(path).chmod(0o777)
        assert unix_sockets.connect(shell, path) == Connected("perl", "stream")


def test_without_a_program_nothing_is_known(open_shell, bind):
    """The error names what would do."""
    with (
        open_shell() as shell,
        pytest.raises(errors.ToolMissing, match=r"no program .* \(python3, .*curl\)"),
    ):
        unix_sockets.connect(shell, bind("s"))


@pytest.mark.parametrize(
    ("done", "result"),
    [
        (Completed(142, b"", b""), BUSY),
        (Completed(1, b"", b"node: ECONNREFUSED\n"), STALE),
        (Completed(1, b"", b"node: ENOENT\n"), Missing()),
        (Completed(1, b"", b"* connect to s failed: Permission denied\n* Closing\n"), DENIED),
        (Completed(1, b"", b"perl: Too many open files\n"), Refused("Too many open files")),
        (Completed(0, b"stream\n", b""), Connected("x", "stream")),
    ],
)
def test_the_output_of_a_program_is_parsed(done, result):
    """Each has its own words."""
    assert unix_sockets.parse(done, "x") == result
