"""Who uses a cluster: a file for each process beside the cluster's own files.

Whoever leaves last deletes the cluster; so a process that was killed must not count. Where its id
can be asked for, it counts as long as it runs; elsewhere, as in another container, as long as its
file is touched now and then. Nothing here locks: the caller holds the cluster's lock.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from pytest_podshare.closeable import Closeable
from pytest_podshare.cluster import processes
from pytest_podshare.cluster.processes import Process

# seconds between two signs of life, and after the last of them until nobody believes in it
BEAT, EXPIRY = 10.0, 90.0
# seconds for a sign of life that is under way to come to its end
_PATIENCE = 1.0


@dataclasses.dataclass(frozen=True)
class ClusterUser:
    """One process's use of a cluster, for one run."""

    run: str
    holder: Process


class ClusterUsers:
    """The leases on one cluster.

    Args:
        folder: where their files are; need not be there.
        now: the time of day, as files have it.
        runs: tells whether a process still runs, or None where it cannot be asked.
    """

    def __init__(
        self,
        folder: Path,
        *,
        now: Callable[[], float] = time.time,
        runs: Callable[[Process], bool | None] = processes.runs,
    ) -> None:
        self._folder = folder
        self._now = now
        self._runs = runs

    def __repr__(self) -> str:
        return f"<Leases in {self._folder}>"

    def take(self, lease: ClusterUser) -> None:
        """Have it written down; taking it twice is taking it once."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self.path(lease)
        draft = path.with_suffix(".new")
        draft.write_text(json.dumps(dataclasses.asdict(lease)))
        draft.replace(path)
        self.touch(lease)

    def holds(self, lease: ClusterUser) -> bool:
        """Whether it was taken, and neither given back nor dropped."""
        return self.path(lease).exists()

    def touch(self, lease: ClusterUser) -> None:
        """Give a sign of life; nothing where it is not held any more."""
        with contextlib.suppress(OSError):
            os.utime(self.path(lease), (self._now(), self._now()))

    def touch_all(self, leases: Iterable[ClusterUser]) -> None:
        """Give a sign of life for each of several."""
        for lease in leases:
            self.touch(lease)

    def give_back(self, lease: ClusterUser) -> bool:
        """Forget it; whether it was the last one."""
        self.path(lease).unlink(missing_ok=True)
        return not self.held()

    def held(self) -> tuple[ClusterUser, ...]:
        """All leases that count; those of processes that have ended are dropped."""
        found = []
        for path in sorted(self._folder.glob("*.json")):
            lease = self._counting(path)
            if lease is None:
                path.unlink(missing_ok=True)
            else:
                found.append(lease)
        return tuple(found)

    def path(self, lease: ClusterUser) -> Path:
        """The file of a lease."""
        return self._folder / f"{lease.run}-{lease.holder.pid}.json"

    def _counting(self, path: Path) -> ClusterUser | None:
        try:
            written = json.loads(path.read_text())
            lease = ClusterUser(written["run"], Process(**written["holder"]))
            age = self._now() - path.stat().st_mtime
        except (OSError, ValueError, LookupError, TypeError):
            return None
        runs = self._runs(lease.holder)
        return lease if (age < EXPIRY if runs is None else runs) else None


class Heartbeat(Closeable):
    """Gives signs of life from a thread of its own until it is closed.

    Args:
        beat: gives one; must not raise.
    """

    def __init__(self, beat: Callable[[], None]) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(beat,), name="podshare-heartbeat", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop; may be called again. One that an API server keeps waiting is left behind."""
        self._over.set()
        self._thread.join(_PATIENCE)

    def _run(self, beat: Callable[[], None]) -> None:
        while not self._over.wait(BEAT):
            beat()
