"""Connecting to a Unix socket with whatever program an image has for it."""

from __future__ import annotations

import dataclasses
import errno
import os
import posixpath
import re

from pytest_podshare import errors
from pytest_podshare.containers.fileops import posix_shell
from pytest_podshare.containers.fileops.posix_shell import Missing, Refused, Shell, quote
from pytest_podshare.kube.exec.protocol import Completed

# exit code of a process that SIGALRM has ended, since a server was too busy for five seconds
_ALARM = 142
BUSY = Refused("Connection timed out")
# reported by a program that knows fewer types of sockets
_OTHER_TYPE = Refused(os.strerror(errno.EPROTOTYPE))
# reported by connect(2) if nothing listens
STALE = Refused("Connection refused")
# A socket knows only one of three types; connect(2) reports EPROTOTYPE (91) for the others. Each
# program enters the folder first, since the address of a socket has at most 108 bytes (unix(7)).
_PYTHON = """
import os, signal, socket, sys
signal.alarm(5)
try:
    os.chdir(sys.argv[1])
    for kind, name in ((1, "stream"), (2, "datagram"), (5, "seqpacket")):
        try:
            socket.socket(socket.AF_UNIX, kind).connect(sys.argv[2])
            sys.exit(print(name))
        except OSError as error:
            if error.errno != 91: raise
    sys.exit("python: Protocol wrong type for socket")
except OSError as error:
    sys.exit("python: " + os.strerror(error.errno))
"""
PERL = """
use Socket;
alarm 5;
sub fail { print STDERR "perl: $!\\n"; exit 1 }
chdir $ARGV[0] or fail;
for (["stream", 1], ["datagram", 2], ["seqpacket", 5]) {
    socket(my $s, PF_UNIX, $$_[1], 0) or fail;
    if (connect($s, pack_sockaddr_un($ARGV[1]))) { print $$_[0]; exit }
    $! == 91 or fail;
}
fail;
"""
_NODE = """
setTimeout(() => process.exit(142), 5000);
const fail = error => { console.error("node: " + error.code); process.exit(1) };
try { process.chdir(process.argv[1]) } catch (error) { fail(error) }
const socket = require("net").connect("./" + process.argv[2]);
socket.on("error", fail).on("connect", () => { console.log("stream"); process.exit() });
"""
# Of curl's exit codes, 7 and 28 are about the connection. It sends a request, and does not wait
# long for the answer.
_CURL = """
message=$(cd "$folder" && curl -sv -o /dev/null -m 1 --unix-socket "./$name" http://localhost 2>&1)
code=$?
printf '%s\\n' "$message" >&2
case $code:$message in
  [24]:*) exit 127;;
  7:*"Connection refused"*|7:*"Permission denied"*|7:*"No such file or directory"*) exit 1;;
  7:*) exit 127;;
  28:*Connected*) ;;
  28:*) exit 142;;
esac
echo stream
"""
# other programs of that name have no -z for Unix sockets
_NC = 'cd "$folder" && nc -z -U "./$name" && echo stream'
_TOOLS = {
    "python3": b"python3 -c %s \"$folder\" \"$name\"" % quote(_PYTHON),
    "python": b"python -c %s \"$folder\" \"$name\"" % quote(_PYTHON),
    "perl": b"perl -e %s \"$folder\" \"$name\"" % quote(PERL),
    "node": b"node -e %s \"$folder\" \"$name\"" % quote(_NODE),
    "nc": _NC.encode(),
    "curl": _CURL.encode(),
}  # fmt: skip
_FIND = b"""export LC_ALL=C
for tool in %s; do
  command -v "$tool" > /dev/null 2>&1 || continue
  if [ "$tool" = nc ]; then case $(nc -h 2>&1) in *OpenBSD*) ;; *) continue;; esac; fi
  echo "$tool"
done
""" % " ".join(_TOOLS).encode()


@dataclasses.dataclass(frozen=True)
class Connected:
    """A connection that was accepted by the kernel for a listening socket.

    Args:
        by: the program that connected, and where it ran.
        kind: `stream`, `datagram` or `seqpacket`.
    """

    by: str
    kind: str

    def __str__(self) -> str:
        return f"connected ({self.kind})"


def connect(shell: Shell, path: str) -> Connected | Missing | Refused:
    """Connect to a socket with the permissions of the container's user, and disconnect.

    Raises:
        ToolMissing: the image has no program that can connect to a Unix socket.
    """
    tools = shell.run(_FIND).stdout.decode().split()
    folder, name = posixpath.split(shell.resolve_path(path))
    variables = b"folder=%s name=%s\nexport LC_ALL=C\n" % (quote(folder), quote(name))
    for tool in tools:
        done = shell.run(variables + _TOOLS[tool])
        # a program that cannot be started, for example a broken interpreter, proves nothing
        if done.returncode in (2, 126, 127):
            continue
        if (result := parse(done, tool)) != _OTHER_TYPE:
            return result
    raise errors.ToolMissing(
        f"The image of {shell.name} has no program that can connect to a Unix socket"
        f" ({', '.join(_TOOLS)}).",
        "Use an image with one of them",
    )


def parse(done: Completed, by: str) -> Connected | Missing | Refused:
    """Return what a program that tried to connect has printed."""
    if done.returncode == 0:
        return Connected(by, done.stdout.decode().strip())
    if done.returncode == _ALARM:
        return BUSY
    if code := re.search(rb": (E[A-Z]+)\s*$", done.stderr):
        return _parse_message(os.strerror(getattr(errno, code[1].decode(), 0)))
    printed = done.stderr.decode(errors="replace")
    # curl prints more than the error
    known = (os.strerror(number) for number in (errno.ECONNREFUSED, errno.EACCES, errno.ENOENT))
    return _parse_message(
        next((message for message in known if message in printed), "")
        or posix_shell.parse_reason(done.stderr)
    )


def _parse_message(message: str) -> Missing | Refused:
    return Missing() if message == os.strerror(errno.ENOENT) else Refused(message)
