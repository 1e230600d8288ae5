"""The events of a namespace as a table of text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Event = Mapping[str, Any]


def select_pod_events(events: Iterable[Event], pod: str) -> list[Event]:
    """Return the events of all Pods of that name: a replacement may have the same one."""
    return [event for event in events if _get_object(event) == ("Pod", pod)]


def select_other_events(events: Iterable[Event]) -> list[Event]:
    """Return the events of other objects: a pending claim, a workload that may not create Pods."""
    return [event for event in events if _get_object(event)[0] != "Pod"]


def format_events(events: Iterable[Event], uid: str = "") -> str:
    """Return the events, the latest one last; with a UID, those of an earlier Pod are marked."""
    return "\n".join(_format(event, uid) for event in sorted(events, key=_get_time))


def _format(event: Event, uid: str) -> str:
    kind, name = _get_object(event)
    message = " ".join(str(event.get("message") or "").split())
    times = f" x{count}" if (count := _get_count(event)) > 1 else ""
    cells = [_get_time(event) or "(no time)", str(event.get("type"))]
    cells += [f"{event.get('reason')}{times}", _get_container(event) if uid else f"{kind} {name}"]
    if uid and (event.get("involvedObject") or {}).get("uid") != uid:
        cells.append("(an earlier Pod of this name)")
    return "  ".join(cell for cell in (*cells, message) if cell)


def _get_object(event: Event) -> tuple[str, str]:
    involved = event.get("involvedObject") or {}
    return str(involved.get("kind")), str(involved.get("name"))


def _get_container(event: Event) -> str:
    """Return `c1` for an event about `spec.containers{c1}`; "" for one about the whole Pod."""
    path = str((event.get("involvedObject") or {}).get("fieldPath") or "")
    return path.partition("{")[2].rstrip("}")


def _get_time(event: Event) -> str:
    """Return the time of the last occurrence; each of the two event APIs leaves fields empty."""
    series = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    metadata = event.get("metadata") or {}
    return next((str(time) for time in times if time), str(metadata.get("creationTimestamp") or ""))


def _get_count(event: Event) -> int:
    return int((event.get("series") or {}).get("count") or event.get("count") or 1)
