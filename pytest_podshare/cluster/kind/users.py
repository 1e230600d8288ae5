"""The processes that use a cluster: a file for each, beside the cluster's own files.

The last one deletes the cluster, so a killed process must not count. A process counts while it
runs. If its PID is not valid here, because it belongs to another container for example, the process
counts while a heartbeat touches its file. Callers hold the lock of the cluster.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from pytest_podshare.cluster.kind.settings import write_file
from pytest_podshare.cluster.processes import Process

# seconds after the last heartbeat in which a process counts whose PID is not valid here
EXPIRY = 90.0


@dataclasses.dataclass(frozen=True)
class ClusterUser:
    """A process that uses a cluster, for one run."""

    run: str
    process: Process


class ClusterUsers:
    """The processes that use one cluster.

    Args:
        folder: the folder of their files; created when needed.
        now: returns the current time, in seconds since the epoch.
        is_running: returns whether a process runs; None if its PID is not valid here.
    """

    def __init__(
        self,
        folder: Path,
        *,
        now: Callable[[], float] = time.time,
        is_running: Callable[[Process], bool | None] = Process.is_running,
    ) -> None:
        self._folder = folder
        self._now = now
        self._is_running = is_running

    def __repr__(self) -> str:
        return f"<ClusterUsers in {self._folder}>"

    def register(self, user: ClusterUser) -> None:
        """Register a process; may be repeated."""
        self._folder.mkdir(parents=True, exist_ok=True)
        process = user.process
        holder = {"pid": process.pid, "started": process.start_time, "space": process.pid_namespace}
        write_file(self.path(user), json.dumps({"run": user.run, "holder": holder}))
        self.touch(user)

    def is_registered(self, user: ClusterUser) -> bool:
        """Return whether a process is registered."""
        return self.path(user).exists()

    def touch(self, *users: ClusterUser) -> None:
        """Show that processes are alive; ignore those that are not registered."""
        for user in users:
            with contextlib.suppress(OSError):
                os.utime(self.path(user), (self._now(), self._now()))

    def unregister(self, user: ClusterUser) -> bool:
        """Remove a process, and return whether it was the last one."""
        self.path(user).unlink(missing_ok=True)
        return not self.active()

    def active(self) -> tuple[ClusterUser, ...]:
        """Return the processes that use the cluster, and remove those that have ended."""
        users = []
        for path in sorted(self._folder.glob("*.json")):
            user = self._read_active(path)
            if user is None:
                path.unlink(missing_ok=True)
            else:
                users.append(user)
        return tuple(users)

    def path(self, user: ClusterUser) -> Path:
        """Return the file of a process."""
        return self._folder / f"{user.run}-{user.process.pid}.json"

    def _read_active(self, path: Path) -> ClusterUser | None:
        try:
            content = json.loads(path.read_text())
            holder = content["holder"]
            process = Process(holder["pid"], holder["started"], holder["space"])
            user = ClusterUser(content["run"], process)
            age = self._now() - path.stat().st_mtime
        except (OSError, ValueError, LookupError, TypeError):
            return None
        is_running = self._is_running(process)
        return user if (age < EXPIRY if is_running is None else is_running) else None
