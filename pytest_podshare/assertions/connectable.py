"""Proof that a container can connect to a Unix socket of the application."""

from __future__ import annotations

import time

from pytest_podshare.assertions.application_files import ApplicationFile
from pytest_podshare.assertions.recording import recorded
from pytest_podshare.containers import socket_access
from pytest_podshare.containers.fileops.follow_links import FinalFile
from pytest_podshare.containers.fileops.posix_shell import Shell
from pytest_podshare.containers.fileops.process_credentials import Credentials
from pytest_podshare.containers.fileops.stat import Stat
from pytest_podshare.containers.fileops.unix_sockets import Connected
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.pod import Pod


@recorded
def assert_connectable(
    pod: Pod, *, container: str, socket: str, timeout: float | None = None
) -> Evidence:
    """Prove that a container can connect to a Unix socket that another one's server listens on.

    Connect with the user and groups of the container's first process, even if that has given up
    root, and disconnect at once; nothing is sent, except by curl, which requests `/`. Use
    Python, Perl, Node.js, nc of OpenBSD or curl in the container; if it has none of them, Perl on
    the node of a kind cluster, with the container's root folder and user; or an ephemeral
    container. The evidence says which.

    Containers that mount a volume see the same sockets, since they share the node's kernel. It
    takes the permission to write to the socket, and a process that listens: a server that was
    killed leaves its socket behind (unix(7)).

    Args:
        pod: the Pod.
        container: name of the container that connects.
        socket: absolute path of the socket, as this container names it, in one of its volumes.
        timeout: seconds until it must be possible; None for --podshare-visible-timeout.

    Returns:
        Evidence, with how it connected, the socket's owner, group and mode, the user and groups of
        the container, and the mount. If other processes of the container have another user, it
        says whether they can as well.

    Raises:
        AssertionError: there is no socket, no process listens on it, or the connection is refused.
        NoSharedVolume: the path is not in a volume of the container.
        UnknownContainer: the Pod has no such container.
        Unprovable: nothing can connect on behalf of the container.
        ExecError: a command could not be run; nothing was learned.
    """
    handle = pod[container]
    start = time.monotonic()
    file = ApplicationFile.find(pod, handle, socket)

    def connect(shell: Shell, user: Credentials, final: FinalFile) -> object:
        if isinstance(final.status, Stat) and not final.status.is_socket:
            return final.status
        return socket_access.connect(handle, shell, final.path, user)

    deadline = pod.live.deadline("visible", timeout)
    final, connection = file.wait_until(connect, Connected, deadline, is_socket=True)
    events = [
        f"{handle} connected to {socket} ({connection.kind}) by {connection.by}",
        *file.describe(final, connect, Connected),
    ]
    claim, method = f"{container} can connect to {socket}", "connect(2)"
    return pod.create_evidence(claim, method, start=start, events=events, containers=[handle])
