"""Scripted Pods in place of an `Api`, for faults that no real API server has on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pytest_podshare import errors

GONE = {"kind": "Status", "code": 410, "reason": "Expired"}


class FakePods:
    """Pods that change whenever their stream is read, one step of a script at a time.

    A step is `(name, UID, whether it is ready)`, `(name, None, False)` for a deletion, or a fault:
    `drop` ends the stream; `expire` sends 410 in the stream, and `refuse` ends it and then responds
    with 410, both until the Pods are listed; `unreachable` does not respond to the next watch;
    `bookmark` sends only a version.
    """

    def __init__(self, script: list[Any], clock: Any) -> None:
        self.script = list(script)
        self.clock = clock
        self.version = 100
        self.pods: dict[str, dict[str, Any]] = {}
        # all changes; a watch can receive those after the oldest version
        self.history: list[dict[str, Any]] = []
        self.oldest = 0
        self.lists = 0
        self.watched_from: list[int] = []
        self.open = 0
        self._refuses = self._is_unreachable = False

    def get(self, _path: str, **_query: Any) -> dict[str, Any]:
        """List the Pods."""
        self.lists += 1
        return {"metadata": _metadata(self.version), "items": list(self.pods.values())}

    def stream(
        self, _path: str, *, timeout: Callable[[], float], **query: str
    ) -> Iterator[dict[str, Any]]:
        """Watch the Pods."""
        version = int(query["resourceVersion"])
        self.watched_from.append(version)
        if self._is_unreachable:
            self._is_unreachable = False
            raise errors.ClusterUnreachable("no answer", "wait")
        if self._refuses and version < self.oldest:
            raise errors.ApiError("too old", "list", status=410, reason="Expired", details="")
        self.open += 1
        try:
            while True:
                if version < self.oldest:
                    yield {"type": "ERROR", "object": GONE}
                    return
                for change in [one for one in self.history if _version(one) > version]:
                    version = _version(change)
                    yield change
                if not self.script:
                    # nothing more comes: the connection is silent until the timeout
                    self.clock.sleep(timeout())
                    return
                if (fault := self.step()) in ("drop", "refuse", "unreachable"):
                    return
                if fault == "bookmark":
                    yield {"type": "BOOKMARK", "object": {"metadata": _metadata(self.version)}}
        finally:
            self.open -= 1

    def step(self) -> str:
        """Run the next step of the script, and return the fault; "" for a change."""
        step = self.script.pop(0)
        if step in ("expire", "refuse"):
            self.oldest = self.version = self.version + 1
            self._refuses = step == "refuse"
        elif step == "unreachable":
            self._is_unreachable = True
        elif not isinstance(step, str):
            self._change(*step)
        return step if isinstance(step, str) else ""

    def _change(self, name: str, uid: str | None, ready: bool) -> None:
        before = self.pods.get(name)
        if uid is None and before is None:
            return
        if before is not None and uid not in (None, before["metadata"]["uid"]):
            # a name becomes free only when the Pod that has it is gone
            self._change(name, None, False)
            before = None
        self.version += 1
        changed = pod(name, uid or before["metadata"]["uid"], ready, self.version)
        kind = "DELETED" if uid is None else "MODIFIED" if before else "ADDED"
        self.history.append({"type": kind, "object": changed})
        if uid is None:
            del self.pods[name]
        else:
            self.pods[name] = changed


def pod(name: str, uid: str, ready: bool, version: int) -> dict[str, Any]:
    """Return a Pod with the fields that a wait needs."""
    return {"metadata": {"name": name, "uid": uid, **_metadata(version)}, "ready": ready}


def _metadata(version: int) -> dict[str, str]:
    return {"resourceVersion": str(version)}


def _version(change: dict[str, Any]) -> int:
    return int(change["object"]["metadata"]["resourceVersion"])
