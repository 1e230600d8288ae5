"""Waits that share one watch of a collection."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping

from pytest_podshare.closeable import Closeable
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.reflector import Object, Reflector, Snapshot

__all__ = ["Object", "Objects", "Watch", "wait_for"]

Objects = Mapping[str, Object]

# seconds for the final list of a wait that has timed out
_FINAL_LIST_TIMEOUT = 5.0


class Watch(Closeable):
    """The latest state of a collection's objects, for any number of waits and threads.

    The watch starts with the first wait and has no thread of its own: one of the waiting threads
    reads it for all of them, and when that one is done, another takes over. Changes that happen
    while no thread waits are read by the next wait. Close it, or use it as a context manager.

    Args:
        api: the API server.
        collection: the collection's path, for example `/api/v1/namespaces/demo/pods`.
        query: selectors that narrow it.
    """

    def __init__(self, api: Api, collection: str, **query: str) -> None:
        self._reflector = Reflector(api, collection, **query)
        self._collection = collection
        self._turn = threading.Condition()
        self._has_reader = False
        self._is_closed = False

    def __repr__(self) -> str:
        snapshot = self._reflector.snapshot
        return f"<Watch {self._collection}: {len(snapshot.objects)} objects at {snapshot.version}>"

    def close(self) -> None:
        """End the watch; may be called again, and never raises. A later wait starts it again."""
        with self._turn:
            self._is_closed = True
            if not self._has_reader:
                self._reflector.close()

    def wait_for(
        self,
        name: str,
        satisfied: Callable[[Object | None], bool],
        deadline: Deadline,
        *,
        known: Object | None = None,
    ) -> Object | None:
        """Wait until one object satisfies a condition.

        Args:
            name: the object's name.
            satisfied: called after each change, with None if the object does not exist; an error
                that it raises ends the wait.
            deadline: when to stop at the latest.
            known: a state that the API server has returned; older states are ignored.

        Returns:
            The last state, whether it satisfies or not; None if the object does not exist.
        """
        objects = self.wait_until(
            lambda objects: satisfied(objects.get(name)),
            deadline,
            known=() if known is None else (known,),
        )
        return objects.get(name)

    def wait_until(
        self,
        satisfied: Callable[[Objects], bool],
        deadline: Deadline,
        *,
        known: Iterable[Object] = (),
        interval: float | None = None,
    ) -> Objects:
        """Wait until the collection satisfies a condition.

        Args:
            satisfied: called after each change; an error that it raises ends the wait.
            deadline: when to stop at the latest.
            known: states that the API server has returned; older states are ignored.
            interval: seconds after which `satisfied` is called again though nothing has changed;
                None for never.

        Returns:
            The objects of the last state, whether it satisfies or not. After a timeout they are
            listed once more, because a silent connection does not mean that nothing has changed.

        Raises:
            ClusterError: the API server does not respond.
        """
        newer = list(known)
        while True:
            snapshot = self._reflector.snapshot
            newer = [state for state in newer if not snapshot.is_as_new_as(state)]
            objects = _merge(snapshot, newer)
            # before the first list all objects would seem not to exist
            if snapshot.version and satisfied(objects):
                return objects
            if deadline.over and snapshot.version:
                objects = _merge(self._reflector.list_now(_FINAL_LIST_TIMEOUT), newer)
                satisfied(objects)
                return objects
            with self._turn:
                if self._reflector.snapshot is not snapshot:
                    continue
                if self._has_reader:
                    # without time left, the first list is still waited for
                    limit = deadline.left or None
                    self._turn.wait(min(limit, interval) if limit and interval else limit)
                    continue
                self._has_reader, self._is_closed = True, False
            self._read(deadline, interval)

    def _read(self, deadline: Deadline, interval: float | None) -> None:
        try:
            self._reflector.advance(deadline, interval)
        finally:
            with self._turn:
                self._has_reader = False
                if self._is_closed:
                    self._reflector.close()
                self._turn.notify_all()


def _merge(snapshot: Snapshot, known: Iterable[Object]) -> Objects:
    """Return a snapshot's objects, with the known states that are newer than the snapshot."""
    newer = (state for state in known if not snapshot.is_as_new_as(state))
    return {**snapshot.objects, **{state["metadata"]["name"]: state for state in newer}}


def wait_for(
    api: Api,
    collection: str,
    name: str,
    satisfied: Callable[[Object | None], bool],
    deadline: Deadline,
) -> Object | None:
    """Wait for one object like `Watch.wait_for`, with a watch for this wait only."""
    with Watch(api, collection, fieldSelector=f"metadata.name={name}") as watch:
        return watch.wait_for(name, satisfied, deadline)
