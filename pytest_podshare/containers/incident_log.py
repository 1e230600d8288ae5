"""What happens to a Pod by itself, apart from what podshare does to it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from pytest_podshare import errors
from pytest_podshare.kube.incidents import Incident, find_incidents
from pytest_podshare.kube.watch import Object


class IncidentLog:
    """Compares the states of a Pod, and knows which changes are podshare's own.

    Args:
        raw: the Pod when it became ready.
    """

    def __init__(self, raw: Object) -> None:
        self._last: Object | None = raw
        self._incidents: list[Incident] = []
        # how many changes of podshare are under way, and whether there was one since `take`
        self._depth = 0
        self._has_changed = False

    def __repr__(self) -> str:
        return f"<IncidentLog: {len(self._incidents)} incidents>"

    def update(self, raw: Object | None) -> None:
        """Compare the Pod, or None if it is gone, with its last state."""
        last = self._last
        if self._depth or last is None:
            return
        # after a restart by podshare, a probe may fail for a moment in any container
        self._incidents += find_incidents(last, raw, with_readiness=not self._has_changed)
        is_same = raw is not None and raw["metadata"]["uid"] == last["metadata"]["uid"]
        self._last = raw if is_same else None

    def take(self) -> tuple[Incident, ...]:
        """Return what happened since the last call; none of it is returned again."""
        incidents, self._incidents = tuple(self._incidents), []
        self._has_changed = bool(self._depth)
        return incidents

    @contextlib.contextmanager
    def own_change(self, read: Callable[[], Object | None]) -> Iterator[None]:
        """Change the Pod; nothing that happens to it meanwhile is an incident.

        Args:
            read: returns the Pod at that moment; called before and after the change.
        """
        if not self._depth:
            with contextlib.suppress(errors.ClusterError):
                self.update(read())
        self._depth += 1
        self._has_changed = True
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth:
                with contextlib.suppress(errors.ClusterError):
                    self._last = read()
