"""The ways into a container: its own shell, or one beside it that is let at its files.

The second sees what the container sees: through `/proc/PID/root`, in the mount namespace of the
container's process, with its user's rights. So what it reads and writes is what the container
could; nothing here claims more.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube.exec import ExecSession
from pytest_podshare.pods import ephemeral, state
from pytest_podshare.pods.ephemeral import Unable
from pytest_podshare.probe import rooted
from pytest_podshare.probe.shell import quoted, words
from pytest_podshare.probe.trail import User

if TYPE_CHECKING:
    from pytest_podshare.pods.pod import Pod

_IDS = re.compile(rb"^(Uid|Gid|Groups):([ \t\d]*)$", re.MULTILINE)


@dataclasses.dataclass(frozen=True)
class Way:
    """How a container is looked into.

    Args:
        container: whose shell does it: its own, or an ephemeral container's beside it.
        process: the folder in /proc of the container's process; "" with a shell of its own.
        user: who looks; None with a shell of its own.
    """

    container: str
    process: str = ""
    user: User | None = None

    def __str__(self) -> str:
        if not self.process:
            return "sh over one exec session"
        return f"ephemeral container {self.container} in its root {self.root} as {self.user}"

    @property
    def root(self) -> str:
        """Where the container's root folder is for that shell; "" for its own."""
        return self.process and f"{self.process}/root"

    def resolving(self, path: str, *, follow: bool) -> bytes:
        """The script that prints where that shell has a path of the container."""
        own = "/proc/self/"
        if path.startswith(own):
            return b"printf %s " + quoted(f"{self.process}/{path.removeprefix(own)}")
        return rooted.resolving(self.root, path, follow=follow)


def beside(
    pod: Pod, live: Mapping[str, Any], container: str, deadline: Deadline
) -> tuple[ExecSession, Way]:
    """Open a shell beside a container of a Pod as it is now, with its user's rights.

    Raises:
        Unable: there can be none, or it is not let at the container's files; says why.
        SessionLost: the container does not run now.
    """
    status = state.container_status(live, container)
    if "running" not in status.get("state", {}):
        raise errors.SessionLost(
            f"Container {container} of {pod} does not run: {state.describe(status)}.",
            "Wait for it, or see why it ended.",
        )
    name = ephemeral.beside(pod, live, container, deadline)
    try:
        session = ExecSession(
            pod.api, pod.namespace, pod.name, name, timeout=max(1.0, deadline.left)
        )
    except errors.ToolMissing as missing:
        raise Unable(missing.what) from None
    try:
        return session, _way(session, live, container, name, deadline)
    except BaseException:
        session.close()
        raise


def _way(
    session: ExecSession, live: Mapping[str, Any], container: str, name: str, deadline: Deadline
) -> Way:
    """Whose process that shell is let at, once it is known to be the container's."""
    process = _process(session, live, container, deadline)
    script = b"LC_ALL=C; export LC_ALL; cat %s/status /proc/self/status; ls -d %s/root/. >&2"
    told = session.run(script % ((quoted(process),) * 2), timeout=max(1.0, deadline.left))
    theirs, ours = users(told.stdout)
    if (theirs.uid, theirs.gids[0]) != (ours.uid, ours.gids[0]):
        raise Unable(f"its process has become {theirs}, and an ephemeral container is {ours}")
    if theirs.uid and set(theirs.gids) != set(ours.gids):
        raise Unable(f"its process is {theirs}, and an ephemeral container can only be {ours}")
    if told.returncode != 0:
        raise Unable(f"the root of its process is closed to {ours}: {words(told.stderr)}")
    return Way(name, process, ours)


def _process(
    session: ExecSession, live: Mapping[str, Any], container: str, deadline: Deadline
) -> str:
    """The folder in /proc of a container's first process, known by the name of its cgroup."""
    status = state.container_status(live, container)
    instance = status["containerID"].split("//")[-1].encode()
    script = b"grep -ls %s /proc/[0-9]*/cgroup" % instance
    told = session.run(script, timeout=max(1.0, deadline.left)).stdout.decode().split()
    numbers = [int(each.split("/")[2]) for each in told]
    spec = live["spec"]
    if not numbers and not spec.get("shareProcessNamespace") and not spec.get("hostPID"):
        return "/proc/1"
    if not numbers:
        raise Unable("none of the processes that it sees is known to be the container's")
    return f"/proc/{min(numbers)}"


def users(statuses: bytes) -> tuple[User, User]:
    """Who two processes are, by their status: the numbers by which the kernel judges them."""
    told = [(key, [int(each) for each in ids.split()]) for key, ids in _IDS.findall(statuses)]
    first, second = (dict(told[at : at + 3]) for at in (0, 3))
    if len(told) != 6:
        raise errors.SessionLost(
            "A container's process ended while it was looked at.", "Look again."
        )
    theirs, ours = (
        # of four, the last is the one for files
        User(each[b"Uid"][3], tuple(dict.fromkeys((each[b"Gid"][3], *each[b"Groups"]))))
        for each in (first, second)
    )
    return theirs, ours
