"""What happens to a Pod by itself, apart from what podshare does to it."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator

from pytest_podshare import errors
from pytest_podshare.kube import evictions, pod_status
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.container_log import read_last_lines
from pytest_podshare.kube.evictions import Eviction
from pytest_podshare.kube.incidents import Incident, find_incidents
from pytest_podshare.kube.watch import Object

# seconds for the API server to return a log, or the Events of a Pod
_LOG_TIMEOUT = 3.0


class IncidentLog:
    """Compares the states of a Pod, and knows which changes are podshare's own.

    Args:
        api: the API server, for the log of a container that has ended.
        raw: the Pod when it became ready.
    """

    def __init__(self, api: Api, raw: Object) -> None:
        self._api = api
        self._last: Object | None = raw
        self._incidents: list[Incident] = []
        # how many changes of podshare are under way, and whether there was one since `take`
        self._depth = 0
        self._has_changed = False
        # whether a change has failed, whose effects may still come
        self._is_unsettled = False

    def __repr__(self) -> str:
        return f"<IncidentLog: {len(self._incidents)} incidents>"

    def update(self, raw: Object | None) -> None:
        """Compare the Pod, or None if it is gone, with its last state."""
        last = self._last
        if self._depth or last is None:
            return
        if not self._is_unsettled:
            # after a restart by podshare, a probe may fail for a moment in any container
            eviction = self._find_eviction(last, raw)
            with_readiness = not self._has_changed
            incidents = find_incidents(last, raw, with_readiness=with_readiness, eviction=eviction)
            # nothing more can happen to the Pod
            raw = None if eviction else raw
            # now, because after another restart it is the log of another instance
            self._incidents += [self._with_last_line(raw, incident) for incident in incidents]
        self._is_unsettled = False
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
        except BaseException:
            self._is_unsettled = True
            raise
        finally:
            self._depth -= 1
            if not self._depth:
                with contextlib.suppress(errors.ClusterError):
                    self._last = read()

    def _find_eviction(self, last: Object, raw: Object | None) -> Eviction | None:
        """Return the kubelet's eviction of the Pod; None if it is still as it was."""
        is_same = raw is not None and raw["metadata"]["uid"] == last["metadata"]["uid"]
        ends = pod_status.list_ends
        if raw is not None and is_same and not ends(raw) - ends(last):
            return None
        metadata = last["metadata"]
        return evictions.find_eviction(
            self._api, metadata["namespace"], metadata["uid"], raw, timeout=_LOG_TIMEOUT
        )

    def _with_last_line(self, raw: Object | None, incident: Incident) -> Incident:
        """Return the incident with the last log line of the instance that ended."""
        if raw is None or not incident.has_ended:
            return incident
        lines = read_last_lines(self._api, raw, incident.container, 1, timeout=_LOG_TIMEOUT)
        return dataclasses.replace(incident, last_line=lines[-1]) if lines else incident
