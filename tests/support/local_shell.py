"""A shell of this machine in place of one in a container: a real sh behind pipes."""

import contextlib
import os
import select
import shutil
import subprocess
import tempfile
import time

from pytest_podshare.containers.fileops.posix_shell import EphemeralContainerUnavailable
from pytest_podshare.kube.exec import protocol

_PATIENCE = 20.0
KINDS = {
    "dash": ["dash"],
    "sh": ["sh"],
    "bash": ["bash"],
    "bash-posix": ["bash", "--posix"],
    "busybox": ["busybox", "sh"],
}
# those that are installed; a program behaves differently under different names
SHELLS = {name: argv for name, argv in KINDS.items() if shutil.which(argv[0])}


class LocalShell:
    """A shell that stays open, like the one of an exec session.

    Args:
        argv: the shell's command.
        path: its PATH; None for this process's.
        user: setpriv and its options, to run as another user.
    """

    name = "here"

    def __init__(self, argv, *, path=None, user=()):
        environ = {**os.environ, "LANG": "de_DE.UTF-8", "LC_ALL": "C.UTF-8"}
        if path is not None:
            environ["PATH"] = str(path)
        self._argv = [*user, shutil.which(argv[0]), *argv[1:]]
        self._environ = environ
        self._process = subprocess.Popen(
            self._argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environ,
            bufsize=0,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait(timeout=_PATIENCE)
        self._process.stdout.close()
        self._process.stderr.close()

    def resolve_path(self, path, *, follow=True):  # noqa: ARG002
        """Return the same path."""
        return path

    def use_ephemeral_shell(self):
        """Refuse."""
        raise EphemeralContainerUnavailable

    def run(self, script):
        """Run a script as a session does."""
        return self.stream(script, None)

    def stream(self, script, to):
        """Run a script and hand on its output."""
        marker = protocol.new_marker()
        return self._ask(protocol.command(script, marker), protocol.ReplyParser(marker, to=to))

    def run_inline(self, script):
        """Run a script in the shell itself."""
        marker = protocol.new_marker()
        return self._ask(
            protocol.inline_script(script, marker), protocol.ReplyParser(marker, inline=True)
        )

    def enqueue(self, script):
        """Send a script and do not wait for it."""
        self._send(protocol.enqueued_script(script))

    def feed(self, script, pieces):
        """Run a script in a shell of its own, which reads these bytes."""
        marker = protocol.new_marker()
        reply = protocol.ReplyParser(marker)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen(
                [*self._argv, "-c", protocol.fed(script, marker)],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
                env=self._environ,
            )
            try:
                with contextlib.suppress(BrokenPipeError), process.stdin:
                    for piece in pieces:
                        process.stdin.write(piece)
            finally:
                process.wait(timeout=_PATIENCE)
            for channel, printed in ((protocol.STDOUT, out), (protocol.STDERR, err)):
                printed.seek(0)
                reply.feed(bytes([channel]) + printed.read())
        return reply.completed

    def _ask(self, command, reply):
        self._send(command)
        outputs = {
            self._process.stdout.fileno(): protocol.STDOUT,
            self._process.stderr.fileno(): protocol.STDERR,
        }
        until = time.monotonic() + _PATIENCE
        while reply.completed is None:
            ready, _, _ = select.select(list(outputs), [], [], until - time.monotonic())
            assert ready, f"no answer from {self._argv}: {reply.partial()}"
            for output in ready:
                some = os.read(output, 65536)
                assert some, f"{self._argv} ended: {reply.partial()}"
                reply.feed(bytes([outputs[output]]) + some)
        return reply.completed

    def _send(self, frame):
        assert frame[0] == protocol.STDIN
        rest = memoryview(frame)[1:]
        while rest:
            rest = rest[self._process.stdin.write(rest) :]
