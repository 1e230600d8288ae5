"""Waiting for an object by watching it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube.client import Api

Object = dict[str, Any]

# the longest that one watch stays silent before it is taken for dead and begun anew, in seconds
SILENCE = 20.0
# the pause before a watch that broke at once is begun again, in seconds
RESUME_PAUSE = 0.1


def wait_for(
    api: Api,
    collection: str,
    name: str,
    satisfied: Callable[[Object | None], bool],
    deadline: Deadline,
) -> Object | None:
    """Watch one object until it satisfies.

    Args:
        api: the API server.
        collection: path of the collection, for example `/api/v1/namespaces/demo/pods`.
        name: the object's name.
        satisfied: asked at each change, with None while there is no such object; whatever it
            raises ends the waiting.
        deadline: when to stop at the latest.

    Returns:
        The last state seen, satisfying or not; None for an object that is not there.
    """
    while True:
        listed = api.get(collection, fieldSelector=f"metadata.name={name}")
        seen: Object | None = next(iter(listed["items"]), None)
        if satisfied(seen) or deadline.over:
            return seen
        version = listed["metadata"]["resourceVersion"]
        for change in _changes(api, collection, name, version, deadline):
            seen = None if change["type"] == "DELETED" else change["object"]
            if satisfied(seen):
                return seen
        if deadline.over:
            return seen
        deadline.clock.sleep(min(RESUME_PAUSE, deadline.left))


def _changes(
    api: Api, collection: str, name: str, version: str, deadline: Deadline
) -> Iterator[Object]:
    """The changes since that version, until the watch ends for whatever reason."""
    patience = min(SILENCE, deadline.left)
    try:
        for change in api.lines(
            collection,
            silence=patience + 1,
            watch="true",
            fieldSelector=f"metadata.name={name}",
            resourceVersion=version,
            timeoutSeconds=str(max(1, round(patience))),
        ):
            if change["type"] == "ERROR":
                # most often 410 Gone: the version is too old; the caller lists again
                return
            yield change
    except (errors.ClusterUnreachable, errors.ApiError):
        # the caller lists again, and is told there what is the matter
        return
