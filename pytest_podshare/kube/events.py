"""Events: what the scheduler, the kubelet and the controllers say about an object."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from pytest_podshare.kube.client import Api

# characters of a message to show: a line or two
_LENGTH = 300


@dataclasses.dataclass(frozen=True)
class Event:
    """What a component has reported about an object, once or several times.

    Args:
        uid: the UID of the object.
        name: the name of the object.
        type: `Normal` or `Warning`.
        reason: for example `FailedMount`.
        message: the message, in one line.
        count: how often it was reported.
        time: when it was last reported, as the API server writes times.
        component: who reported it, for example `kubelet`.
    """

    uid: str
    name: str
    type: str
    reason: str
    message: str
    count: int
    time: str
    component: str

    def __str__(self) -> str:
        message = self.message.rstrip(" :.")
        if len(message) > _LENGTH:
            # what was tried comes first, and why it failed last
            half = _LENGTH // 2
            message = f"{message[:half]} … {message[-half:]}"
        return f"{self.reason}: {message}"


def list_events(
    api: Api, namespace: str, *, timeout: float | None = None, **fields: str
) -> tuple[Event, ...]:
    """List the Events of a namespace, the latest one last.

    Args:
        api: the API server.
        namespace: the namespace.
        timeout: seconds for the API server to answer; None for the default.
        fields: what the Events have: `type`, `reason`, or `uid`, `name` and `kind` of the object.

    Raises:
        ClusterError: they cannot be listed.
    """
    names = {field: f"involvedObject.{field}" for field in ("uid", "name", "kind")}
    selector = ",".join(f"{names.get(field, field)}={value}" for field, value in fields.items())
    path = f"/api/v1/namespaces/{quote(namespace, safe='')}/events"
    listed = api.get(path, timeout=timeout, fieldSelector=selector)
    return tuple(sorted(map(_read, listed["items"]), key=lambda event: event.time))


def _read(event: Mapping[str, Any]) -> Event:
    """Return an Event; each of the two APIs for Events leaves the fields of the other empty."""
    series = event.get("series") or {}
    times = (
        *(series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime")),
        event["metadata"].get("creationTimestamp"),
    )
    involved, source = event.get("involvedObject") or {}, event.get("source") or {}
    return Event(
        uid=str(involved.get("uid") or ""),
        name=str(involved.get("name") or ""),
        type=str(event.get("type") or ""),
        reason=str(event.get("reason") or ""),
        message=" ".join(str(event.get("message") or "").split()),
        count=int(series.get("count") or event.get("count") or 1),
        time=next((str(time) for time in times if time), ""),
        component=str(source.get("component") or event.get("reportingComponent") or ""),
    )
