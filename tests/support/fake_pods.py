"""Pods of an API server that change by a script, for faults that no real server shows in time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pytest_podshare import errors

GONE = {"kind": "Status", "code": 410, "reason": "Expired"}


class FakePods:
    """Pods that change whenever their stream is read, one step of a script at a time.

    A step is `(name, UID, whether it is ready)`, `(name, None, False)` for a deletion, or a fault:
    `drop` ends the stream, `expire` says 410 in it, `refuse` ends it and answers with 410 from then
    on, both until everything is listed; `unreachable` does not answer the next watch, `bookmark`
    only tells the time.
    """

    def __init__(self, script: list[Any], clock: Any) -> None:
        self.script = list(script)
        self.clock = clock
        self.version = 100
        self.pods: dict[str, dict[str, Any]] = {}
        # every state there ever was, by version; what a watch may still be told begins after oldest
        self.history: list[dict[str, Any]] = []
        self.oldest = 0
        self.lists = 0
        self.watched_from: list[int] = []
        self.open = 0
        self._refuses = self._is_unreachable = False

    def get(self, _path: str, **_query: Any) -> dict[str, Any]:
        """List them."""
        self.lists += 1
        return {"metadata": _version(self.version), "items": list(self.pods.values())}

    def stream(
        self, _path: str, *, patience: Callable[[], float], **query: str
    ) -> Iterator[dict[str, Any]]:
        """Watch them."""
        at = int(query["resourceVersion"])
        self.watched_from.append(at)
        if self._is_unreachable:
            self._is_unreachable = False
            raise errors.ClusterUnreachable("no answer", "wait")
        if self._refuses and at < self.oldest:
            raise errors.ApiError("too old", "list", status=410, reason="Expired", details="")
        self.open += 1
        try:
            while True:
                if at < self.oldest:
                    yield {"type": "ERROR", "object": GONE}
                    return
                for change in [each for each in self.history if _of(each) > at]:
                    at = _of(change)
                    yield change
                if not self.script:
                    # nothing more comes: the connection is silent until nobody waits any more
                    self.clock.sleep(patience())
                    return
                if (told := self.step()) in ("drop", "refuse", "unreachable"):
                    return
                if told == "bookmark":
                    yield {"type": "BOOKMARK", "object": {"metadata": _version(self.version)}}
        finally:
            self.open -= 1

    def step(self) -> str:
        """Let the next step of the script happen; gives what the stream has to tell of it."""
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
            # a name is free again only when the Pod that had it is gone
            self._change(name, None, False)
            before = None
        self.version += 1
        it = pod(name, uid or before["metadata"]["uid"], ready, self.version)
        kind = "DELETED" if uid is None else "MODIFIED" if before else "ADDED"
        self.history.append({"type": kind, "object": it})
        if uid is None:
            del self.pods[name]
        else:
            self.pods[name] = it


def pod(name: str, uid: str, ready: bool, version: int) -> dict[str, Any]:
    """A Pod with what is needed to wait for it."""
    return {"metadata": {"name": name, "uid": uid, **_version(version)}, "ready": ready}


def _version(version: int) -> dict[str, str]:
    return {"resourceVersion": str(version)}


def _of(change: dict[str, Any]) -> int:
    return int(change["object"]["metadata"]["resourceVersion"])
