"""One command per exec: without a shell, or with content as its stdin."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.exec import protocol
from pytest_podshare.kube.exec.websocket import ExecConnection

# a shell's exit code for a missing program
_NO_SUCH_PROGRAM = 127


def run(
    api: Api, namespace: str, pod: str, container: str, argv: Sequence[str], *, timeout: float
) -> protocol.Completed:
    """Run a program with an empty stdin; a missing program results in returncode 127.

    Args:
        api: the API server.
        namespace: the Pod's namespace.
        pod: the Pod's name.
        container: the container's name.
        argv: the program and its arguments.
        timeout: seconds for the program to finish.

    Raises:
        ExecTimeout: it did not finish in time; it may still be running.
        SessionLost: the connection broke, so it is unknown what the program did.
    """
    deadline = Deadline(timeout)
    # the marker is never printed: the status ends this reply
    reply, status = protocol.ReplyParser(protocol.new_marker()), None
    with ExecConnection(
        api, namespace, pod, container, argv, timeout=timeout, stdin=False
    ) as connection:
        try:
            while status is None:
                status = reply.feed(connection.receive(timeout=deadline.left))
        except TimeoutError:
            raise errors.ExecTimeout(
                f"{argv[0]} in {connection.target} did not finish within {timeout:g} s.",
            ) from None
        if status.code is not None:
            return protocol.Completed(status.code, *reply.partial())
        error = connection.ended_error(status)
        if isinstance(error, errors.ToolMissing):
            return protocol.Completed(_NO_SUCH_PROGRAM, b"", status.message.encode())
        raise error


def run_with_stdin(
    api: Api,
    namespace: str,
    pod: str,
    container: str,
    script: str,
    pieces: Iterable[bytes],
    *,
    timeout: float,
) -> protocol.Completed:
    """Run a shell script with content as its stdin; the script must know where that ends.

    Args:
        api: the API server.
        namespace: the Pod's namespace.
        pod: the Pod's name.
        container: the container's name.
        script: a POSIX shell script; it need not read all of its stdin.
        pieces: the content; what is left once the script has finished is not sent.
        timeout: seconds to open the connection, and seconds without progress.

    Raises:
        ExecTimeout: there was no progress for so long.
        SessionLost: the connection broke, so it is unknown what the script did.
        ToolMissing: the image has no `sh`.
    """
    marker = protocol.new_marker()
    command = ["sh", "-c", protocol.script_with_stdin(script, marker)]
    with ExecConnection(api, namespace, pod, container, command, timeout=timeout) as connection:
        reply = protocol.ReplyParser(marker)

        def handle(frame: bytes) -> bool:
            status = reply.feed(frame)
            if status is not None:
                raise connection.ended_error(status)
            return reply.completed is None

        try:
            for piece in pieces:
                frame = bytes([protocol.STDIN]) + piece
                if not connection.send_while_receiving(frame, handle, timeout=timeout):
                    break
            while (completed := reply.completed) is None:
                handle(connection.receive(timeout=timeout))
        except TimeoutError:
            raise errors.ExecTimeout(
                f"A command in {connection.target} made no progress for {timeout:g} s.",
            ) from None
        return completed
