"""The ways into a container: its own shell, or an ephemeral container's that is let at its files.

The second sees what the container sees: through `/proc/PID/root`, in the mount namespace of the
container's process, with its user's rights. So what it reads and writes is what the container
could; nothing here claims more.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.containers import ephemeral_container
from pytest_podshare.containers.fileops import resolve_path
from pytest_podshare.containers.fileops.path_walk import User
from pytest_podshare.containers.fileops.posix_shell import (
    EphemeralContainerUnavailable,
    quoted,
    words,
)
from pytest_podshare.containers.live_pod import LivePod
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube import container_status, pod_status
from pytest_podshare.kube.exec.session import ExecSession

_IDS = re.compile(rb"^(Uid|Gid|Groups):([ \t\d]*)$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class ShellAccess:
    """How a container is looked into.

    Args:
        container: whose shell does it: its own, or an ephemeral container's.
        process: the folder in /proc of the container's process; "" with a shell of its own.
        user: who looks; None with a shell of its own.
    """

    container: str
    process: str = ""
    user: User | None = None

    def __str__(self) -> str:
        if not self.is_ephemeral:
            return "sh over one exec session"
        return f"ephemeral container {self.container} in its root {self.root} as {self.user}"

    @property
    def is_ephemeral(self) -> bool:
        """Whether an ephemeral container looks into it, and not its own shell."""
        return bool(self.process)

    @property
    def root(self) -> str:
        """Where the container's root folder is for that shell; "" for its own."""
        return self.process and f"{self.process}/root"

    def resolving(self, path: str, *, follow: bool) -> bytes:
        """Return the script that prints where that shell has a path of the container."""
        own = "/proc/self/"
        if path.startswith(own):
            return b"printf %s " + quoted(f"{self.process}/{path.removeprefix(own)}")
        return resolve_path.resolving(self.root, path, follow=follow)


def open_ephemeral_shell(
    pod: LivePod, raw: Mapping[str, Any], container: str, deadline: Deadline
) -> tuple[ExecSession, ShellAccess]:
    """Open the shell of an ephemeral container that has the rights of a container's user.

    Args:
        pod: the Pod.
        raw: the Pod as it is now.
        container: the container to look into.
        deadline: until when it must be open.

    Raises:
        EphemeralContainerUnavailable: there can be none, or it is not let at the files; says why.
        SessionLost: the container does not run now.
    """
    status = pod_status.find_container_status(raw, container)
    if "running" not in status.get("state", {}):
        raise errors.SessionLost(
            f"Container {container} of {pod} does not run: {container_status.describe(status)}.",
            "Wait for it, or see why it ended.",
        )
    name = ephemeral_container.ensure_running(pod, raw, container, deadline)
    try:
        session = ExecSession(
            pod.api, pod.namespace, pod.name, name, timeout=max(1.0, deadline.left)
        )
    except errors.ToolMissing as missing:
        raise EphemeralContainerUnavailable(missing.what) from None
    try:
        return session, _access(session, raw, container, name, deadline)
    except BaseException:
        session.close()
        raise


def _access(
    session: ExecSession, raw: Mapping[str, Any], container: str, name: str, deadline: Deadline
) -> ShellAccess:
    """Return whose process that shell is let at, once it is known to be the container's."""
    process = _process(session, raw, container, deadline)
    script = b"LC_ALL=C; export LC_ALL; cat %s/status /proc/self/status; ls -d %s/root/. >&2"
    done = session.run(script % ((quoted(process),) * 2), timeout=max(1.0, deadline.left))
    theirs, ours = users(done.stdout)
    if (theirs.uid, theirs.gids[0]) != (ours.uid, ours.gids[0]):
        raise EphemeralContainerUnavailable(
            f"its process has become {theirs}, and an ephemeral container is {ours}"
        )
    if theirs.uid and set(theirs.gids) != set(ours.gids):
        raise EphemeralContainerUnavailable(
            f"its process is {theirs}, and an ephemeral container can only be {ours}"
        )
    if done.returncode != 0:
        raise EphemeralContainerUnavailable(
            f"the root of its process is closed to {ours}: {words(done.stderr)}"
        )
    return ShellAccess(name, process, ours)


def _process(
    session: ExecSession, raw: Mapping[str, Any], container: str, deadline: Deadline
) -> str:
    """Return the folder in /proc of a container's first process, known by its cgroup's name."""
    instance = pod_status.find_runtime_id(raw, container)
    script = b"grep -ls %s /proc/[0-9]*/cgroup" % instance.encode()
    found = session.run(script, timeout=max(1.0, deadline.left)).stdout.decode().split()
    numbers = [int(path.split("/")[2]) for path in found]
    spec = raw["spec"]
    if not numbers and not spec.get("shareProcessNamespace") and not spec.get("hostPID"):
        return "/proc/1"
    if not numbers:
        raise EphemeralContainerUnavailable(
            "none of the processes that it sees is known to be the container's"
        )
    return f"/proc/{min(numbers)}"


def users(statuses: bytes) -> tuple[User, User]:
    """Return the users of two processes, by the numbers in their status that the kernel goes by."""
    found = [(key, [int(number) for number in ids.split()]) for key, ids in _IDS.findall(statuses)]
    if len(found) != 6:
        raise errors.SessionLost(
            "A container's process ended while it was looked at.", "Look again."
        )
    theirs, ours = (
        # of four, the last is the one for files
        User(ids[b"Uid"][3], tuple(dict.fromkeys((ids[b"Gid"][3], *ids[b"Groups"]))))
        for ids in (dict(found[:3]), dict(found[3:]))
    )
    return theirs, ours
