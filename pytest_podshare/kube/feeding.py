"""A command in a container that is fed with bytes through its stdin, in an exec of its own.

A shell that takes its commands from stdin may read ahead, and would take for commands what a
program that ended early has left. Here the command is none of the bytes.
"""

from __future__ import annotations

from collections.abc import Iterable

from pytest_podshare import errors
from pytest_podshare.kube import framing
from pytest_podshare.kube.channels import Channels
from pytest_podshare.kube.client import Api


def feed(
    api: Api,
    namespace: str,
    pod: str,
    container: str,
    script: str,
    pieces: Iterable[bytes],
    *,
    timeout: float,
) -> framing.Completed:
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
    marker = framing.new_marker()
    command = ["sh", "-c", framing.fed(script, marker)]
    with Channels(api, namespace, pod, container, command, timeout=timeout) as channels:
        reply = framing.Reply(marker)

        def heard(frame: bytes) -> bool:
            status = reply.feed(frame)
            if status is not None:
                raise channels.ended(status)
            return reply.completed is None

        try:
            for piece in pieces:
                frame = bytes([framing.STDIN]) + piece
                if not channels.send_listening(frame, heard, timeout=timeout):
                    break
            while (completed := reply.completed) is None:
                heard(channels.frame(timeout=timeout))
        except TimeoutError:
            raise errors.ExecTimeout(
                f"A command in {channels.target} took or gave nothing for {timeout:g} s.",
            ) from None
        return completed
