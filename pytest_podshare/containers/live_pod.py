"""What one Pod of the cluster is, and which one a handle means."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.deadline import Deadline, Timeouts
from pytest_podshare.kube import pod_status
from pytest_podshare.kube.client import Api, pod_path
from pytest_podshare.kube.pod_status import Identity
from pytest_podshare.kube.watch import Object, Watch
from pytest_podshare.wiring.model import Wiring
from pytest_podshare.wiring.pod_spec import of_pod

_REMEDY = "See who deletes it; nothing was learned about its volumes."


@dataclasses.dataclass(frozen=True, eq=False)
class LivePod:
    """One Pod of the cluster, as the API server gave it, and what it takes to use it.

    It never changes: a handle that means another Pod, or other instances of its containers, gets
    another record.

    Args:
        raw: the Pod as the API server gave it, scheduled to a node.
        cluster: the cluster.
        timeouts: how long things may take.
        watch: the watch of its namespace's Pods, which somebody else closes.
        probe_image: the image of ephemeral containers that look into others.
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
        """The connection to its cluster."""
        return self.cluster.api

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return str(self.raw["metadata"]["namespace"])

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.raw["metadata"]["name"])

    @property
    def uid(self) -> str:
        """Its metadata.uid, which no other Pod ever has, whatever its name."""
        return str(self.raw["metadata"]["uid"])

    @property
    def node(self) -> str:
        """The node it is on."""
        return str(self.raw["spec"]["nodeName"])

    @property
    def labels(self) -> dict[str, str]:
        """Its labels."""
        return self.raw["metadata"].get("labels") or {}

    @property
    def spec(self) -> dict[str, Any]:
        """Its live spec, not the manifest's: a webhook may have added containers and mounts."""
        spec: dict[str, Any] = self.raw["spec"]
        return spec

    @functools.cached_property
    def wiring(self) -> Wiring:
        """Who mounts what where in it."""
        return of_pod(self.spec)

    @functools.cached_property
    def identity(self) -> Identity:
        """Which Pod it is, and which instances of its containers ran when it was asked for."""
        return pod_status.read_identity(self.raw)

    def deadline(self, name: str, seconds: float | None) -> Deadline:
        """Return a deadline of the seconds given, or else of the timeout of that name."""
        return Deadline(self.timeouts.resolve(name, seconds))

    def refresh(self) -> LivePod:
        """Return the Pod with the instances of its containers that run now.

        Raises:
            PodGone: it was deleted, replaced, or is about to be.
        """
        return dataclasses.replace(self, raw=self.check_still_there())

    def check_still_there(self, timeout: float | None = None) -> Object:
        """Return the Pod as the API server has it now.

        Args:
            timeout: seconds for the API server to answer; None for as long as it usually gets.

        Raises:
            PodGone: it was deleted, evicted, replaced, or is about to be.
        """
        try:
            raw = self.api.get(pod_path(self.namespace, self.name), timeout=timeout)
        except errors.ApiError as error:
            if error.status != 404:
                raise
            raise errors.PodGone(f"Pod {self.name} was deleted.", _REMEDY) from None
        if raw["metadata"]["uid"] != self.uid:
            raise errors.PodGone(f"Pod {self.name} was replaced by another of its name.", _REMEDY)
        problem = pod_status.find_permanent_error(raw)
        if isinstance(problem, errors.PodGone):
            raise problem
        return raw


@dataclasses.dataclass
class CurrentPod:
    """The Pod that a handle means at the moment; the handles of its containers share this.

    Args:
        live: the Pod.
        flush: waits until what was posted to any of its containers has been run.
    """

    live: LivePod
    flush: Callable[[], None]
