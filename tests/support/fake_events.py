"""Scripted Events in place of an `Api`."""

from pytest_podshare import errors

NO_RIGHT = errors.MissingRight("no", "grant it", right="list events", cluster_wide=False)


class FakeEvents:
    """Events that a test adds; `objects` are others by path.

    Attributes:
        items: the Events.
        requests: the field selectors, and the paths of other requests.
        error: what each list raises; None for nothing.
    """

    def __init__(self):
        self.items = []
        self.objects = {}
        self.requests = []
        self.error = None

    def add(self, reason, message, *, uid="uid-1", count=1, **fields):
        """Report an Event, or report it again with another count."""
        involved = {"uid": uid, "name": fields.pop("name", "web"), "kind": fields.pop("kind", "")}
        event = {
            "metadata": {},
            "involvedObject": involved,
            "type": "Warning",
            "reason": reason,
            "message": message,
            "count": count,
            "lastTimestamp": fields.pop("time", "2026-01-01T00:00:00Z"),
            **fields,
        }
        same = ("reason", "message", "involvedObject")
        self.items = [
            other for other in self.items if any(other[name] != event[name] for name in same)
        ]
        self.items.append(event)

    def get(self, path, *, timeout=None, fieldSelector=""):  # noqa: ARG002, N803 - as of `Api`
        """List the Events that the selector selects, or find another object."""
        self.requests.append(fieldSelector or path)
        if not path.endswith("/events"):
            if path in self.objects:
                return self.objects[path]
            raise errors.ApiError("gone", "check", status=404)
        if self.error is not None:
            raise self.error
        selected = [pair.split("=", 1) for pair in fieldSelector.split(",") if pair]
        return {
            "items": [
                event
                for event in self.items
                if all(_get(event, field) == value for field, value in selected)
            ]
        }


def _get(event, field):
    for part in field.split("."):
        event = event[part]
    return event
