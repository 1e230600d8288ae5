"""The handle of a deployed Pod."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterable

from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.containers import restart
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.incident_log import IncidentLog
from pytest_podshare.containers.live_pod import CurrentPod, LivePod
from pytest_podshare.containers.restart import Restart
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.pod_status import Identity
from pytest_podshare.kube.watch import Object
from pytest_podshare.pods.evidence import Check, Evidence
from pytest_podshare.wiring.manifest import Manifest
from pytest_podshare.wiring.model import VolumeMount, Wiring


class Pod:
    """The handle of a deployed Pod; `pod["c1"]` is the handle of its container c1.

    When the Pod is replaced, by a drain for example, the handle refers to the replacement. Its exec
    sessions stay open until it is closed, which the fixture that deployed it does.

    Args:
        live: the Pod as it was when it became ready.
        manifest: the manifest it was deployed from.
        replacement: waits for the Pod that replaces this one, and creates it if it is a bare Pod.

    Attributes:
        evidence: what was proved about it, in order.
        checks: every call of an assertion on it, whatever its verdict.
        was_replaced: whether it refers to a replacement of the Pod that was deployed.
    """

    def __init__(
        self, live: LivePod, *, manifest: Manifest, replacement: Callable[[], Object]
    ) -> None:
        self.manifest = manifest
        self._replacement = replacement
        self._current = CurrentPod(live, self.flush)
        self._containers: dict[str, Container] = {}
        self.live = live
        self.evidence: list[Evidence] = []
        self.checks: list[Check] = []
        self.was_replaced = False

    def __repr__(self) -> str:
        return f"<Pod {self.live} ({', '.join(self._containers)})>"

    def __str__(self) -> str:
        return str(self.live)

    def __getitem__(self, container: str) -> Container:
        """Return the handle of a container.

        Raises:
            UnknownContainer: the Pod has no such container; the error lists those it has.
        """
        return self._containers[self.wiring.container(container).name]

    @property
    def live(self) -> LivePod:
        """Return the Pod the handle refers to now; setting it also updates its containers."""
        return self._current.live

    @live.setter
    def live(self, live: LivePod) -> None:
        self._current.live = live
        known = self._containers
        names = [container.name for container in live.wiring.containers]
        self._containers = {
            name: known.get(name) or Container(self._current, name) for name in names
        }

    @property
    def cluster(self) -> Cluster:
        """Return its cluster."""
        return self.live.cluster

    @property
    def api(self) -> Api:
        """Return the API client of its cluster."""
        return self.live.api

    @property
    def namespace(self) -> str:
        """Return its namespace."""
        return self.live.namespace

    @property
    def name(self) -> str:
        """Return its name."""
        return self.live.name

    @property
    def uid(self) -> str:
        """Return its metadata.uid, which no other Pod ever has."""
        return self.live.uid

    @property
    def node(self) -> str:
        """Return the name of its node."""
        return self.live.node

    @property
    def wiring(self) -> Wiring:
        """Return its containers, volumes and mounts."""
        return self.live.wiring

    @property
    def identity(self) -> Identity:
        """Return its UID and the last known ids of its containers."""
        return self.live.identity

    def create_evidence(
        self,
        claim: str,
        method: str,
        *,
        start: float,
        events: Iterable[object],
        containers: Iterable[Container],
    ) -> Evidence:
        """Return the evidence of what was proved since `start` (monotonic).

        The method names how each of the inspected `containers` was accessed.
        """
        method = ", ".join([method, *describe_access(containers)])
        if self.manifest.stand_in:
            method += f", {self.manifest.stand_in} in place of the applications"
        seconds = time.monotonic() - start
        return Evidence(claim, method, self.name, self.identity, tuple(events), seconds)

    def manifest_location(self, container: Container, mount: VolumeMount | None) -> str:
        """Return `file:line` of a container or its mount in the manifest; "" if unknown."""
        line = self.manifest.find_line(container.name, mount.path if mount else None)
        return f"{self.manifest.origin}:{line}" if line else ""

    def restart_sandbox(self, *, timeout: float | None = None) -> Restart:
        """Kill the Pod's sandbox on its node, which restarts all containers of the same Pod.

        Raises:
            NodeAccessMissing: the cluster's nodes cannot be accessed.
            RestartImpossible: the containers were not restarted.
        """
        self.flush()
        deadline = self.live.deadline("ready", timeout)
        with self.own_change():
            proof, self.live = restart.restart_sandbox(self.live, deadline)
        return proof

    def own_change(self) -> contextlib.AbstractContextManager[None]:
        """Delete, evict or otherwise change the Pod; nothing that happens meanwhile is reported."""
        return self._current.own_change()

    @property
    def incidents(self) -> IncidentLog:
        """Return what happened to it by itself."""
        return self._current.incidents

    def follow_replacement(self) -> None:
        """Wait for the Pod that replaces a deleted one, and refer to it from now on.

        A controller creates the replacement itself; a bare Pod is created again from its manifest.

        Raises:
            PodError: the replacement does not become ready.
        """
        raw = self._replacement()
        self.close()
        self.live = dataclasses.replace(self.live, raw=raw)
        self.was_replaced = True

    def flush(self) -> None:
        """Wait until the scripts queued in its containers have run, as far as they still can."""
        for container in self._containers.values():
            container.flush()

    def close(self) -> None:
        """Close its exec sessions; can be called again, and never raises."""
        for container in self._containers.values():
            with contextlib.suppress(Exception):
                container.close()


def describe_access(containers: Iterable[Container]) -> list[str]:
    """Return how each container was inspected, unless it was through its own shell."""
    return [
        f"{container} by {container.access}"
        for container in dict.fromkeys(containers)
        if container.access.is_ephemeral
    ]
