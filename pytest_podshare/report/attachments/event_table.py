"""What the cluster says that happened, as a table of text: the events of a namespace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Event = Mapping[str, Any]


def of_pod(events: Iterable[Event], name: str) -> list[Event]:
    """Those of the Pods of that name; a replacement may have the name of the one before."""
    return [each for each in events if _about(each) == ("Pod", name)]


def of_others(events: Iterable[Event]) -> list[Event]:
    """Those of what is no Pod: a claim that waits, a workload that may not make its Pods."""
    return [each for each in events if _about(each)[0] != "Pod"]


def table(events: Iterable[Event], uid: str = "") -> str:
    """The events, the last one last; with a `uid`, those of an earlier object are marked."""
    ordered = sorted(events, key=_last)
    return "\n".join(_line(each, uid) for each in ordered)


def _line(event: Event, uid: str) -> str:
    kind, name = _about(event)
    message = " ".join(str(event.get("message") or "").split())
    often = f" x{count}" if (count := _count(event)) > 1 else ""
    facts = [_last(event) or "(no time)", str(event.get("type")), f"{event.get('reason')}{often}"]
    facts += [_container(event)] if uid else [f"{kind} {name}"]
    if uid and (event.get("involvedObject") or {}).get("uid") != uid:
        facts.append("(an earlier Pod of this name)")
    return "  ".join(fact for fact in (*facts, message) if fact)


def _about(event: Event) -> tuple[str, str]:
    involved = event.get("involvedObject") or {}
    return str(involved.get("kind")), str(involved.get("name"))


def _container(event: Event) -> str:
    """The container that an event is about, out of `spec.containers{c1}`; "" for the whole Pod."""
    path = str((event.get("involvedObject") or {}).get("fieldPath") or "")
    return path.partition("{")[2].rstrip("}")


def _last(event: Event) -> str:
    """When it happened last; there are two ways to write events, and each leaves fields empty."""
    series = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    metadata = event.get("metadata") or {}
    return next((str(time) for time in times if time), str(metadata.get("creationTimestamp") or ""))


def _count(event: Event) -> int:
    return int((event.get("series") or {}).get("count") or event.get("count") or 1)
