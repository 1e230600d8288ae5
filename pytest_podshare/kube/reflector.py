"""What becomes of the objects of a collection: listed once, then watched, whatever breaks."""

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

# the longest that one watch stays silent before it is taken for dead and begun anew, in seconds
SILENCE = 20.0
# the pause before a watch that said nothing is begun again, in seconds
RESUME_PAUSE = 0.1
# seconds for a list, at least and at most; there is another connection to ask again by
_LIST = (5.0, 10.0)


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """A collection at one moment.

    Args:
        version: the resourceVersion of that moment; 0 before anything was seen.
        objects: the objects by their names.
    """

    version: int
    objects: Mapping[str, Object]

    def is_as_new_as(self, known: Object) -> bool:
        """Whether whatever has become of that object by then is in it."""
        return self.version >= version_of(known)


class Reflector:
    """A collection, kept up with; for one thread at a time, but `seen` is for all.

    A stream that ends is resumed where it ended, so that no change is missed. Where the server no
    longer knows that moment (410 Gone) everything is listed anew: what came and went between was
    never there, and what is not in the list is gone.

    Args:
        api: the API server.
        collection: the collection's path, for example `/api/v1/namespaces/demo/pods`.
        query: selectors that narrow it.
    """

    def __init__(self, api: Api, collection: str, **query: str) -> None:
        self.seen = Snapshot(0, {})
        self._api = api
        self._collection = collection
        self._query = query
        self._stream: Iterator[Object] | None = None
        self._stale = True
        # whoever reads now, and when somebody read last
        self._deadline = Deadline(0.0)
        self._read = 0.0
        # since when the API server does not answer
        self._away: Deadline | None = None
        # whether nothing was read since it was listed
        self._is_listed = False

    def close(self) -> None:
        """End the stream; the next change is read from another."""
        stream, self._stream = self._stream, None
        with contextlib.suppress(Exception):
            if stream is not None:
                stream.close()  # type: ignore[attr-defined]

    def advance(self, deadline: Deadline) -> None:
        """Read on until `seen` may have changed, or the deadline is over.

        Raises:
            ClusterError: the collection cannot even be listed, by an API server that refuses it,
                or is away for too long.
        """
        self._deadline = deadline
        if self._stale:
            self._list()
            return
        if self._stream is not None and deadline.clock.monotonic() - self._read > SILENCE:
            # nobody has read for so long that it may be half open; another is known to live
            self.close()
        change = self._next()
        self._read = deadline.clock.monotonic()
        if change is not None:
            self._is_listed = False
            self._take(change)

    def now(self, patience: float) -> Snapshot:
        """The collection at this moment, asked for anew; for any thread.

        Raises:
            ClusterError: it cannot be listed.
        """
        listed = self._api.get(self._collection, patience=patience, **self._query)
        objects = {each["metadata"]["name"]: each for each in listed["items"]}
        return Snapshot(version_of(listed), objects)

    def _list(self) -> None:
        deadline, (least, most) = self._deadline, _LIST
        try:
            self.seen = self.now(max(least, min(most, deadline.left)))
        except errors.ClusterError as error:
            self._away = self._away or Deadline(OUTAGE, deadline.clock)
            passes = is_transient(error, known=self.seen.version > 0)
            if deadline.over or self._away.over or not passes:
                self._away = None
                raise
            deadline.clock.sleep(min(RESUME_PAUSE, deadline.left))
            return
        self._away, self._stale, self._is_listed = None, False, True

    def _next(self) -> Object | None:
        """The next change; None when there is none in time, or the stream has ended."""
        fresh = self._stream is None
        if self._stream is None:
            self._stream = self._api.stream(
                self._collection,
                patience=lambda: min(SILENCE + 1, self._deadline.left),
                **self._query,
                watch="true",
                allowWatchBookmarks="true",
                resourceVersion=str(self.seen.version),
                timeoutSeconds=f"{SILENCE:.0f}",
            )
        try:
            change = next(self._stream, None)
        except errors.MissingRight:
            # right after a list it is the account's; else the API server may be just back
            if self._is_listed:
                raise
            change, self._stale = None, True
        except (errors.ClusterUnreachable, errors.ApiError):
            # listing tells what is the matter, if it still is
            change, self._stale = None, True
        if change is not None and change["type"] == "ERROR":
            # most often 410 Gone: the version is too old
            change, self._stale = None, True
        if change is None:
            self.close()
            if fresh:
                self._deadline.clock.sleep(min(RESUME_PAUSE, self._deadline.left))
        return change

    def _take(self, change: Object) -> None:
        it = change["object"]
        name, objects = it["metadata"].get("name"), dict(self.seen.objects)
        if change["type"] == "DELETED":
            objects.pop(name, None)
        elif change["type"] != "BOOKMARK":
            objects[name] = it
        self.seen = Snapshot(version_of(it), objects)


def version_of(it: Object) -> int:
    """The resourceVersion of an object or a list; Kubernetes lets them be compared as numbers."""
    return int(it["metadata"]["resourceVersion"])
