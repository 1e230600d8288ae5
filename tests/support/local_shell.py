"""A real shell of this machine in place of one in a container, with pipes for a WebSocket."""

import contextlib
import os
import select
import shutil
import subprocess
import tempfile
import time

from pytest_podshare.containers.fileops.posix_shell import EphemeralContainerUnavailable
from pytest_podshare.kube.exec import protocol

_TIMEOUT = 20.0
KINDS = {
    "dash": ["dash"],
    "sh": ["sh"],
    "bash": ["bash"],
    "bash-posix": ["bash", "--posix"],
    "busybox": ["busybox", "sh"],
}
# those that this machine has; two names of one program behave like two shells
SHELLS = {name: argv for name, argv in KINDS.items() if shutil.which(argv[0])}


class LocalShell:
    """A shell that stays open, like that of an exec session.

    Args:
        argv: the shell.
        path: its PATH; None for that of this process.
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
        self._process.wait(timeout=_TIMEOUT)
        self._process.stdout.close()
        self._process.stderr.close()

    def resolve_path(self, path, *, follow=True):  # noqa: ARG002
        """Return the path itself, as there is no other root."""
        return path

    def use_ephemeral_shell(self):
        """Fail, because there is no other shell."""
        raise EphemeralContainerUnavailable

    def run(self, script):
        """Run a script like a session."""
        return self.stream(script, None)

    def stream(self, script, to):
        """Run a script and pass its output on."""
        marker = protocol.new_marker()
        reply = protocol.ReplyParser(marker, to=to)
        return self._exchange(protocol.command_frame(script, marker), reply)

    def run_inline(self, script):
        """Run a script in the shell itself."""
        marker = protocol.new_marker()
        reply = protocol.ReplyParser(marker, inline=True)
        return self._exchange(protocol.inline_frame(script, marker), reply)

    def enqueue(self, script):
        """Send a script without waiting for it."""
        self._send(protocol.enqueue_frame(script))

    def feed(self, script, pieces):
        """Run a script in a new shell, with the pieces as its stdin."""
        marker = protocol.new_marker()
        reply = protocol.ReplyParser(marker)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            process = subprocess.Popen(
                [*self._argv, "-c", protocol.script_with_stdin(script, marker)],
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
                process.wait(timeout=_TIMEOUT)
            for channel, printed in ((protocol.STDOUT, out), (protocol.STDERR, err)):
                printed.seek(0)
                reply.feed(bytes([channel]) + printed.read())
        return reply.completed

    def _exchange(self, command, reply):
        self._send(command)
        outputs = {
            self._process.stdout.fileno(): protocol.STDOUT,
            self._process.stderr.fileno(): protocol.STDERR,
        }
        deadline = time.monotonic() + _TIMEOUT
        while reply.completed is None:
            ready, _, _ = select.select(list(outputs), [], [], deadline - time.monotonic())
            assert ready, f"no answer from {self._argv}: {reply.partial()}"
            for output in ready:
                part = os.read(output, 65536)
                assert part, f"{self._argv} ended: {reply.partial()}"
                reply.feed(bytes([outputs[output]]) + part)
        return reply.completed

    def _send(self, frame):
        assert frame[0] == protocol.STDIN
        rest = memoryview(frame)[1:]
        while rest:
            rest = rest[self._process.stdin.write(rest) :]
