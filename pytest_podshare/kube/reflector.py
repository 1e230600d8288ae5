"""A live copy of a collection: listed once, then watched, whatever happens to the connection."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.transient import OUTAGE, is_transient

Object = dict[str, Any]

# a stream that is silent for so many seconds counts as broken and is opened again
SILENCE = 20.0
# seconds before a watch that returned nothing is opened again
RESUME_PAUSE = 0.1
# the least and the most seconds for a list; after a timeout another connection is tried
_LIST_TIMEOUT = (5.0, 10.0)


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """A collection at one moment.

    Args:
        version: the resourceVersion of that moment; 0 before the first list.
        objects: the objects by name.
    """

    version: int
    objects: Mapping[str, Object]

    def is_as_new_as(self, known: Object) -> bool:
        """Return whether the snapshot is at least as new as an object's known state."""
        return self.version >= _version(known)


class Reflector:
    """A snapshot of a collection that is kept up to date.

    Only one thread at a time may advance it; `snapshot` can be read by all.

    A stream that ends is resumed at the last version, so no change is missed. If the server no
    longer has that version (410 Gone), the collection is listed again: objects that came and went
    in between are never seen, and objects that are not in the list are gone.

    Args:
        api: the API server.
        collection: the collection's path, for example `/api/v1/namespaces/demo/pods`.
        query: selectors that narrow it.
    """

    def __init__(self, api: Api, collection: str, **query: str) -> None:
        self.snapshot = Snapshot(0, {})
        self._api = api
        self._collection = collection
        self._query = query
        self._stream: Iterator[Object] | None = None
        self._needs_list = True
        # of the current reader
        self._deadline = Deadline(0.0)
        self._interval = SILENCE + 1
        self._last_read = 0.0
        # ends when an API server that does not respond has been given enough time
        self._outage: Deadline | None = None
        # whether nothing has been read since the last list
        self._is_just_listed = False

    def close(self) -> None:
        """End the stream; the next change is read from a new one."""
        stream, self._stream = self._stream, None
        with contextlib.suppress(Exception):
            if stream is not None:
                stream.close()  # type: ignore[attr-defined]

    def advance(self, deadline: Deadline, interval: float | None = None) -> None:
        """Read until `snapshot` may have changed, or the deadline is over.

        Args:
            deadline: when to stop at the latest.
            interval: seconds without a change after which to stop as well; None for no such limit.

        Raises:
            ClusterError: the collection cannot be listed: the API server rejects the request, or
                has not responded for too long.
        """
        self._deadline, self._interval = deadline, interval or SILENCE + 1
        if self._needs_list:
            self._list()
            return
        if self._stream is not None and deadline.clock.monotonic() - self._last_read > SILENCE:
            # a stream that was not read for so long may be half open; a new one is not
            self.close()
        change = self._next_change()
        self._last_read = deadline.clock.monotonic()
        if change is not None:
            self._is_just_listed = False
            self._apply(change)

    def list_now(self, timeout: float) -> Snapshot:
        """List the collection without changing `snapshot`; for any thread.

        Raises:
            ClusterError: it cannot be listed.
        """
        listed = self._api.get(self._collection, timeout=timeout, **self._query)
        objects = {item["metadata"]["name"]: item for item in listed["items"]}
        return Snapshot(_version(listed), objects)

    def _list(self) -> None:
        deadline, (least, most) = self._deadline, _LIST_TIMEOUT
        try:
            self.snapshot = self.list_now(max(least, min(most, deadline.left)))
        except errors.ClusterError as error:
            self._outage = self._outage or Deadline(OUTAGE, deadline.clock)
            may_pass = is_transient(error, known=self.snapshot.version > 0)
            if deadline.over or self._outage.over or not may_pass:
                self._outage = None
                raise
            deadline.clock.sleep(min(RESUME_PAUSE, deadline.left))
            return
        self._outage, self._needs_list, self._is_just_listed = None, False, True

    def _next_change(self) -> Object | None:
        """Return the next change; None if none comes in time or the stream has ended."""
        is_new = self._stream is None
        if self._stream is None:
            self._stream = self._api.stream(
                self._collection,
                timeout=lambda: min(SILENCE + 1, self._interval, self._deadline.left),
                **self._query,
                watch="true",
                allowWatchBookmarks="true",
                resourceVersion=str(self.snapshot.version),
                timeoutSeconds=f"{SILENCE:.0f}",
            )
        change = None
        try:
            change = next(self._stream, None)
        except errors.MissingRight:
            # right after a list the account lacks it; otherwise the API server may have restarted
            if self._is_just_listed:
                raise
            self._needs_list = True
        except (errors.ClusterUnreachable, errors.ApiError):
            # if it is permanent, the list fails as well
            self._needs_list = True
        if change is not None and change["type"] == "ERROR":
            # usually 410 Gone: the version is too old
            change, self._needs_list = None, True
        if change is None:
            self.close()
            if is_new:
                self._deadline.clock.sleep(min(RESUME_PAUSE, self._deadline.left))
        return change

    def _apply(self, change: Object) -> None:
        changed = change["object"]
        name, objects = changed["metadata"].get("name"), dict(self.snapshot.objects)
        if change["type"] == "DELETED":
            objects.pop(name, None)
        elif change["type"] != "BOOKMARK":
            objects[name] = changed
        self.snapshot = Snapshot(_version(changed), objects)


def _version(live: Object) -> int:
    """Return an object's or a list's resourceVersion, which Kubernetes allows to compare."""
    return int(live["metadata"]["resourceVersion"])
