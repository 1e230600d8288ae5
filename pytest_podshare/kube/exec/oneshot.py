"""A command in a container that has no shell, in an exec of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.exec import protocol
from pytest_podshare.kube.exec.websocket import ExecConnection

# as a shell has it
_NO_SUCH_PROGRAM = 127


def run(
    api: Api, namespace: str, pod: str, container: str, argv: Sequence[str], *, timeout: float
) -> protocol.Completed:
    """Run a program with an empty stdin; one that is not there gives returncode 127.

    Args:
        api: the API server.
        namespace: the Pod's namespace.
        pod: the Pod's name.
        container: the container's name.
        argv: the program and its arguments.
        timeout: seconds for it to end.

    Raises:
        ExecTimeout: it did not end in time; it may go on.
        SessionLost: the connection broke, so nothing is known of what it did.
    """
    deadline = Deadline(timeout)
    # nothing prints the marker: what ends this is the status
    reply, status = protocol.ReplyParser(protocol.new_marker()), None
    with ExecConnection(
        api, namespace, pod, container, argv, timeout=timeout, stdin=False
    ) as channels:
        try:
            while status is None:
                status = reply.feed(channels.frame(timeout=deadline.left))
        except TimeoutError:
            raise errors.ExecTimeout(
                f"{argv[0]} in {channels.target} did not end within {timeout:g} s.",
            ) from None
        if status.code is not None:
            return protocol.Completed(status.code, *reply.partial())
        ended = channels.ended(status)
        if isinstance(ended, errors.ToolMissing):
            return protocol.Completed(_NO_SUCH_PROGRAM, b"", status.message.encode())
        raise ended


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
    """Run a shell script whose stdin is these bytes; it has to know where they end.

    Args:
        api: the API server.
        namespace: the Pod's namespace.
        pod: the Pod's name.
        container: the container's name.
        script: a POSIX shell script, which need not read all of them.
        pieces: what it reads; the rest is not sent once it has ended.
        timeout: seconds to open it, and for which nothing may move.

    Raises:
        ExecTimeout: nothing moved for so long.
        SessionLost: the connection broke, so nothing is known of what the script did.
        ToolMissing: the image has no `sh`.
    """
    marker = protocol.new_marker()
    command = ["sh", "-c", protocol.fed(script, marker)]
    with ExecConnection(api, namespace, pod, container, command, timeout=timeout) as channels:
        reply = protocol.ReplyParser(marker)

        def heard(frame: bytes) -> bool:
            status = reply.feed(frame)
            if status is not None:
                raise channels.ended(status)
            return reply.completed is None

        try:
            for piece in pieces:
                frame = bytes([protocol.STDIN]) + piece
                if not channels.send_listening(frame, heard, timeout=timeout):
                    break
            while (completed := reply.completed) is None:
                heard(channels.frame(timeout=timeout))
        except TimeoutError:
            raise errors.ExecTimeout(
                f"A command in {channels.target} took or gave nothing for {timeout:g} s.",
            ) from None
        return completed
