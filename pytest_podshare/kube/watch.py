"""Waiting by watching: one watch of a collection wakes all who wait for something in it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping

from pytest_podshare.closeable import Closeable
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.reflector import Object, Reflector, Snapshot

__all__ = ["Object", "Watch", "wait_for"]

Objects = Mapping[str, Object]

# seconds for the last look of a wait that ran out
_LAST_LOOK = 5.0


class Watch(Closeable):
    """The latest state of every object of a collection, for any number of waits and threads.

    It begins with the first wait. It has no thread of its own: the first of those that wait reads
    it for all, and when its own waiting is over, the next one does. What happens while nobody waits
    is read by the next wait. Close it, or use it as a context manager.

    Args:
        api: the API server.
        collection: the collection's path, for example `/api/v1/namespaces/demo/pods`.
        query: selectors that narrow it.
    """

    def __init__(self, api: Api, collection: str, **query: str) -> None:
        self._changes = Reflector(api, collection, **query)
        self._collection = collection
        self._turn = threading.Condition()
        self._is_read = False
        self._is_closed = False

    def __repr__(self) -> str:
        seen = self._changes.seen
        return f"<Watch {self._collection}: {len(seen.objects)} objects at {seen.version}>"

    def close(self) -> None:
        """End it; may be called again, and never raises. Another wait would begin it again."""
        with self._turn:
            self._is_closed = True
            if not self._is_read:
                self._changes.close()

    def wait_for(
        self,
        name: str,
        satisfied: Callable[[Object | None], bool],
        deadline: Deadline,
        *,
        known: Object | None = None,
    ) -> Object | None:
        """Wait until one object satisfies.

        Args:
            name: the object's name.
            satisfied: asked at each change, with None while there is no such object; whatever it
                raises ends the waiting.
            deadline: when to stop at the latest.
            known: the object as the API server gave it; nothing older is looked at.

        Returns:
            The last state seen, satisfying or not; None for an object that is not there.
        """
        last = self.until(
            lambda objects: satisfied(objects.get(name)),
            deadline,
            known=() if known is None else (known,),
        )
        return last.get(name)

    def until(
        self,
        look: Callable[[Objects], bool],
        deadline: Deadline,
        *,
        known: Iterable[Object] = (),
    ) -> Objects:
        """Wait until the collection is as it should be.

        Args:
            look: asked at each change; whatever it raises ends the waiting.
            deadline: when to stop at the latest.
            known: objects of it as the API server gave them; nothing older of them is shown.

        Returns:
            The last state seen, as it should be or not. One that is not was asked for at the end:
            a connection on which nothing comes does not mean that nothing happens.

        Raises:
            ClusterError: the API server does not answer, or not any more.
        """
        older = list(known)
        while True:
            seen = self._changes.seen
            older = [each for each in older if not seen.is_as_new_as(each)]
            objects = _shown(seen, older)
            # before anything was seen an object would look as if it were not there
            if seen.version and look(objects):
                return objects
            if deadline.over and seen.version:
                objects = _shown(self._changes.now(_LAST_LOOK), older)
                look(objects)
                return objects
            with self._turn:
                if self._changes.seen is not seen:
                    continue
                if self._is_read:
                    # one that is late has to be told something all the same
                    self._turn.wait(deadline.left or None)
                    continue
                self._is_read, self._is_closed = True, False
            self._read(deadline)

    def _read(self, deadline: Deadline) -> None:
        try:
            self._changes.advance(deadline)
        finally:
            with self._turn:
                self._is_read = False
                if self._is_closed:
                    self._changes.close()
                self._turn.notify_all()


def _shown(seen: Snapshot, known: Iterable[Object]) -> Objects:
    """What there is, with objects as they are known where nothing as new has been seen."""
    newer = {each["metadata"]["name"]: each for each in known if not seen.is_as_new_as(each)}
    return {**seen.objects, **newer}


def wait_for(
    api: Api,
    collection: str,
    name: str,
    satisfied: Callable[[Object | None], bool],
    deadline: Deadline,
) -> Object | None:
    """Watch one object until it satisfies, as `Watch.wait_for` does, where nobody else waits."""
    with Watch(api, collection, fieldSelector=f"metadata.name={name}") as watch:
        return watch.wait_for(name, satisfied, deadline)
