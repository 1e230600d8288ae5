"""How a container is accessed: by its own shell, or by that of an ephemeral container.

The latter sees what the container sees: through `/proc/PID/root`, in the mount namespace of the
container's process, and with its user's permissions. So it can read and write exactly what the
container can.
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
    parse_reason,
    quote,
)
from pytest_podshare.containers.live_pod import LivePod
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube import container_status, pod_status
from pytest_podshare.kube.exec.session import ExecSession

_IDS = re.compile(rb"^(Uid|Gid|Groups):([ \t\d]*)$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class ShellAccess:
    """How a container is accessed.

    Args:
        container: the container whose shell is used: its own, or an ephemeral one.
        process: the folder in /proc of the container's process; "" for its own shell.
        user: the user of the shell; None for its own shell.
    """

    container: str
    process: str = ""
    user: User | None = None

    def __str__(self) -> str:
        if not self.is_ephemeral:
            return "sh over one exec session"
        return f"ephemeral container {self.container} at {self.root} as {self.user}"

    @property
    def is_ephemeral(self) -> bool:
        """Return whether the shell is an ephemeral container's."""
        return bool(self.process)

    @property
    def root(self) -> str:
        """Return the path of the container's root folder for that shell; "" for its own shell."""
        return self.process and f"{self.process}/root"

    def resolve_script(self, path: str, *, follow: bool) -> bytes:
        """Return the script that prints the path under which the shell finds a container's path."""
        own = "/proc/self/"
        if path.startswith(own):
            return b"printf %s " + quote(f"{self.process}/{path.removeprefix(own)}")
        return resolve_path.resolve_script(self.root, path, follow=follow)


def open_ephemeral_shell(
    pod: LivePod, raw: Mapping[str, Any], container: str, deadline: Deadline
) -> tuple[ExecSession, ShellAccess]:
    """Open the shell of an ephemeral container that has the permissions of a container's user.

    Args:
        pod: the Pod.
        raw: the current Pod.
        container: the container to access.
        deadline: when to give up.

    Raises:
        EphemeralContainerUnavailable: it cannot run, or cannot access the files; says why.
        SessionLost: the container is not running.
    """
    status = pod_status.find_container_status(raw, container)
    if "running" not in status.get("state", {}):
        raise errors.SessionLost(
            f"Container {container} of {pod} is not running: {container_status.describe(status)}.",
            "Wait until it runs, or find out why it exited.",
        )
    name = ephemeral_container.ensure_running(pod, raw, container, deadline)
    try:
        session = ExecSession(
            pod.api, pod.namespace, pod.name, name, timeout=max(1.0, deadline.left)
        )
    except errors.ToolMissing as missing:
        raise EphemeralContainerUnavailable(missing.what) from None
    try:
        return session, _verify_access(session, raw, container, name, deadline)
    except BaseException:
        session.close()
        raise


def _verify_access(
    session: ExecSession, raw: Mapping[str, Any], container: str, name: str, deadline: Deadline
) -> ShellAccess:
    """Return the access, once the process and the users are known to be the right ones."""
    process = _find_process(session, raw, container, deadline)
    script = b"LC_ALL=C; export LC_ALL; cat %s/status /proc/self/status; ls -d %s/root/. >&2"
    done = session.run(script % ((quote(process),) * 2), timeout=max(1.0, deadline.left))
    target, shell = _parse_users(done.stdout)
    if (target.uid, target.gids[0]) != (shell.uid, shell.gids[0]):
        raise EphemeralContainerUnavailable(
            f"the container's process now runs as {target}, but an ephemeral container runs as"
            f" {shell}"
        )
    if target.uid and set(target.gids) != set(shell.gids):
        raise EphemeralContainerUnavailable(
            f"the container's process runs as {target}, but an ephemeral container can only run as"
            f" {shell}"
        )
    if done.returncode != 0:
        raise EphemeralContainerUnavailable(
            f"{shell} cannot access the root of the container's process:"
            f" {parse_reason(done.stderr)}"
        )
    return ShellAccess(name, process, shell)


def _find_process(
    session: ExecSession, raw: Mapping[str, Any], container: str, deadline: Deadline
) -> str:
    """Return the folder in /proc of a container's first process, which its cgroup identifies."""
    container_id = pod_status.find_runtime_id(raw, container)
    script = b"grep -ls %s /proc/[0-9]*/cgroup" % container_id.encode()
    paths = session.run(script, timeout=max(1.0, deadline.left)).stdout.decode().split()
    if paths:
        return f"/proc/{min(int(path.split('/')[2]) for path in paths)}"
    if raw["spec"].get("shareProcessNamespace") or raw["spec"].get("hostPID"):
        raise EphemeralContainerUnavailable(
            "the ephemeral container does not see the container's process"
        )
    return "/proc/1"


def _parse_users(statuses: bytes) -> tuple[User, User]:
    """Return the users of two processes, by the IDs that the kernel uses for file access."""
    lines = [(key, [int(number) for number in ids.split()]) for key, ids in _IDS.findall(statuses)]
    if len(lines) != 6:
        raise errors.SessionLost(
            "A container's process exited while it was being inspected.", "Repeat the check."
        )
    first, second = (
        # the last of four is the file system ID
        User(ids[b"Uid"][3], tuple(dict.fromkeys((ids[b"Gid"][3], *ids[b"Groups"]))))
        for ids in (dict(lines[:3]), dict(lines[3:]))
    )
    return first, second
