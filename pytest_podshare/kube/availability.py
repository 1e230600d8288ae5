"""Whether an API server is away, or has come back a moment ago, as its answers show."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from urllib3 import exceptions as http_errors

from pytest_podshare.deadline import Clock, Deadline
from pytest_podshare.kube.transient import OUTAGE

# method, path and query
Request = tuple[str, str, Mapping[str, str]]

# seconds until a server that has come back has read its roles and service accounts
_WARM_UP = 5.0
# seconds after an outage in which the server may not have read them
_RECENT = 30.0
# seconds between two attempts
_PAUSE = 0.25


class Availability:
    """What the answers to one client show about its API server.

    Args:
        clock: the source of time.
    """

    def __init__(self, clock: Clock = time) -> None:
        self._clock = clock
        # ends when a server that accepts no connection has been given enough time
        self._outage: Deadline | None = None
        self._last_failure = float("-inf")
        # the kinds of requests that the server has allowed
        self._allowed: set[tuple[str, ...]] = set()

    def note_answer(self) -> None:
        """Note that the server has answered, whatever it said."""
        self._outage = None

    def note_failure(self) -> None:
        """Note that a connection could not be made, or has broken."""
        self._last_failure = self._clock.monotonic()

    def note_allowed(self, request: Request) -> None:
        """Note that the account may send such a request."""
        self._allowed.add(_kind(request))

    def wait_for_connection(self) -> bool:
        """Sleep before a request that was not sent is sent again.

        Returns:
            Whether to send it: False once the server has been away for too long, for all requests
            until it answers again.
        """
        # another thread may receive an answer at any moment
        outage = self._outage = self._outage or Deadline(OUTAGE, self._clock)
        if outage.over:
            return False
        self._clock.sleep(min(_PAUSE, outage.left))
        return True

    def pause_after_denial(self, request: Request, seconds: float) -> Iterator[bool]:
        """Sleep, and yield True, before each attempt to send a denied request again.

        There is none if the denial is certain.

        A server that has just started denies what it allowed before, until it has read its roles.

        Args:
            request: the request.
            seconds: the time that the caller has for it.
        """
        since = self._clock.monotonic() - self._last_failure
        if since > _RECENT and _kind(request) not in self._allowed:
            return
        # the caller must still learn in time that it is denied
        deadline = Deadline(min(_WARM_UP, seconds / 3), self._clock)
        while not deadline.over:
            self._clock.sleep(min(_PAUSE, deadline.left))
            yield True


def is_unsent(error: BaseException) -> bool:
    """Return whether no connection could be made for a request, so that nothing was sent."""
    return isinstance(_innermost(error), http_errors.ConnectTimeoutError)


def describe(error: BaseException) -> str:
    """Return why a request has had no response."""
    return str(_innermost(error)).split(": ", 1)[-1]


def _innermost(error: BaseException) -> BaseException:
    """Return the innermost of urllib3's nested errors."""
    reason = getattr(error, "reason", None)
    return _innermost(reason) if isinstance(reason, BaseException) else error


def _kind(request: Request) -> tuple[str, ...]:
    """Return what the authorizer looks at: verb, namespace, resource and subresource.

    The name of an object is left out, since roles rarely have names.
    """
    method, path, query = request
    parts = path.strip("/").split("/")
    # `api/v1` or `apis/GROUP/VERSION`
    count = 3 if parts[0] == "apis" else 2
    root, rest = parts[:count], parts[count:]
    if rest[:1] == ["namespaces"] and len(rest) > 2:
        root, rest = [*root, *rest[:2]], rest[2:]
    verb = (method, query.get("watch", ""), "object" if len(rest) > 1 else "collection")
    return (*verb, *root, *rest[:1], *rest[2:])
