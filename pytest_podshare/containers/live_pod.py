"""The record of one Pod on the cluster, and which record a handle currently refers to."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.containers.incident_log import IncidentLog
from pytest_podshare.deadline import Deadline, Timeouts
from pytest_podshare.kube import evictions, pod_status
from pytest_podshare.kube.client import Api, pod_path
from pytest_podshare.kube.evictions import Eviction
from pytest_podshare.kube.pod_status import Identity
from pytest_podshare.kube.watch import Object, Watch
from pytest_podshare.wiring.model import Wiring
from pytest_podshare.wiring.pod_spec import read_wiring

# seconds for the API server to return a Pod before and after a change of it
_READ_TIMEOUT = 5.0
_REMEDY = "Find out what deletes it. Nothing was learned about its volumes."


@dataclasses.dataclass(frozen=True, eq=False)
class LivePod:
    """One Pod, as the API server returned it, and what it takes to use it.

    It never changes: a handle gets another record when its Pod or a container is replaced.

    Args:
        raw: the Pod as the API server returned it, scheduled to a node.
        cluster: the cluster.
        timeouts: the timeouts of all operations.
        watch: the watch of the Pods in its namespace; not closed here.
        probe_image: the image of ephemeral containers that inspect other containers.
    """

    raw: Object
    cluster: Cluster
    timeouts: Timeouts
    watch: Watch
    probe_image: str = "busybox"

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def api(self) -> Api:
        """Return the connection to its cluster."""
        return self.cluster.api

    @property
    def namespace(self) -> str:
        """Return its namespace."""
        return str(self.raw["metadata"]["namespace"])

    @property
    def name(self) -> str:
        """Return its name."""
        return str(self.raw["metadata"]["name"])

    @property
    def uid(self) -> str:
        """Return its metadata.uid, which no other Pod ever has."""
        return str(self.raw["metadata"]["uid"])

    @property
    def node(self) -> str:
        """Return the name of its node."""
        return str(self.raw["spec"]["nodeName"])

    @property
    def labels(self) -> dict[str, str]:
        """Return its labels."""
        return self.raw["metadata"].get("labels") or {}

    @property
    def spec(self) -> dict[str, Any]:
        """Return its live spec, to which webhooks may have added containers and mounts."""
        spec: dict[str, Any] = self.raw["spec"]
        return spec

    @functools.cached_property
    def wiring(self) -> Wiring:
        """Return its containers, volumes and mounts."""
        return read_wiring(self.spec, self.raw)

    @functools.cached_property
    def identity(self) -> Identity:
        """Return its UID and the IDs of its containers in this record."""
        return pod_status.read_identity(self.raw)

    def deadline(self, name: str, seconds: float | None) -> Deadline:
        """Return a deadline in that many seconds, or else by the timeout of that name."""
        return Deadline(self.timeouts.resolve(name, seconds))

    def refresh(self) -> LivePod:
        """Return a new record of the Pod.

        Raises:
            PodGone: it was deleted or replaced, or is being deleted.
        """
        return dataclasses.replace(self, raw=self.check_still_there())

    def check_still_there(self, timeout: float | None = None) -> Object:
        """Return the Pod as the API server has it now.

        Args:
            timeout: seconds for the API server to answer; None for the default.

        Raises:
            PodGone: it was deleted, evicted or replaced, or is being deleted.
        """
        try:
            raw = self.api.get(pod_path(self.namespace, self.name), timeout=timeout)
        except errors.ApiError as error:
            if error.status != 404:
                raise
            raise self.to_gone(f"Pod {self.name} was deleted.", timeout) from None
        if raw["metadata"]["uid"] != self.uid:
            what = f"Pod {self.name} was replaced by another Pod of the same name."
            raise self.to_gone(what, timeout)
        problem = pod_status.find_permanent_error(raw)
        is_gone = isinstance(problem, errors.PodGone)
        if is_gone or pod_status.is_over(raw):
            self.check_not_evicted(raw, timeout)
        if problem is not None and is_gone:
            raise problem
        return raw

    def find_eviction(self, raw: Object | None, timeout: float | None = None) -> Eviction | None:
        """Return the kubelet's eviction of the Pod, which is `raw` now, or None if it is gone."""
        namespace, uid = self.namespace, self.uid
        return evictions.find_eviction(self.api, namespace, uid, raw, timeout=timeout)

    def check_not_evicted(self, raw: Object | None, timeout: float | None = None) -> None:
        """Raise PodGone if the kubelet has evicted the Pod; the arguments are those above."""
        if (eviction := self.find_eviction(raw, timeout)) is not None:
            raise evictions.to_error(self.name, eviction)

    def to_gone(self, what: str, timeout: float | None = None) -> errors.PodGone:
        """Return the error of a Pod that is gone: that it was evicted, or else `what`."""
        eviction = self.find_eviction(None, timeout)
        if eviction is not None:
            return evictions.to_error(self.name, eviction)
        return errors.PodGone(what, _REMEDY)


@dataclasses.dataclass
class CurrentPod:
    """The Pod that a handle currently refers to, shared with the handles of its containers.

    Args:
        live: the Pod.
        flush: waits until the queued scripts of all its containers have run.
    """

    live: LivePod
    flush: Callable[[], None]

    def __post_init__(self) -> None:
        self.incidents = IncidentLog(self.live.api, self.live.raw)

    @contextlib.contextmanager
    def own_change(self) -> Iterator[None]:
        """Restart, delete or otherwise change the Pod; that is no incident, even if it fails."""
        before = self.live

        def read() -> Object | None:
            # a change that has succeeded has replaced the record
            return self.live.raw if self.live is not before else self._fetch()

        with self.incidents.own_change(read):
            yield

    def _fetch(self) -> Object | None:
        live = self.live
        try:
            return live.api.get(pod_path(live.namespace, live.name), timeout=_READ_TIMEOUT)
        except errors.ApiError as error:
            if error.status != 404:
                raise
        return None
