"""A command in a container that has no shell, in an exec of its own."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube import framing
from pytest_podshare.kube.channels import Channels
from pytest_podshare.kube.client import Api

# as a shell has it
_NO_SUCH_PROGRAM = 127


def run(
    api: Api, namespace: str, pod: str, container: str, argv: Sequence[str], *, timeout: float
) -> framing.Completed:
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
    reply, status = framing.Reply(framing.new_marker()), None
    with Channels(api, namespace, pod, container, argv, timeout=timeout, stdin=False) as channels:
        try:
            while status is None:
                status = reply.feed(channels.frame(timeout=deadline.left))
        except TimeoutError:
            raise errors.ExecTimeout(
                f"{argv[0]} in {channels.target} did not end within {timeout:g} s.",
            ) from None
        if status.code is not None:
            return framing.Completed(status.code, *reply.partial())
        ended = channels.ended(status)
        if isinstance(ended, errors.ToolMissing):
            return framing.Completed(_NO_SUCH_PROGRAM, b"", status.message.encode())
        raise ended
