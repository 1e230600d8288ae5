"""The handle of a Pod that is deployed."""

from __future__ import annotations

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterable
from typing import Any

from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.containers import restart
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.live_pod import CurrentPod, LivePod
from pytest_podshare.containers.restart import Restart
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.pod_status import Identity
from pytest_podshare.kube.watch import Object
from pytest_podshare.pods.evidence import Check, Evidence
from pytest_podshare.wiring.manifest import Manifest
from pytest_podshare.wiring.model import VolumeMount, Wiring


class Pod:
    """A Pod on the cluster; `pod["c1"]` is its container c1.

    Close it, or let the fixture that deployed it do so: its exec sessions stay open until then.

    Args:
        live: the Pod as it was when it was ready.
        manifest: what it was made of.
        replacement: waits for the Pod that comes in its place, creating it if nobody else does.
    """

    def __init__(
        self, live: LivePod, *, manifest: Manifest, replacement: Callable[[], Object]
    ) -> None:
        self.manifest = manifest
        self._replacement = replacement
        self._current = CurrentPod(live, self.flush)
        self._containers: dict[str, Container] = {}
        self.live = live
        # what was proved of it, in order
        self.evidence: list[Evidence] = []
        # every assertion that was made on it, whatever its verdict; reports read it
        self.checks: list[Check] = []

    def __repr__(self) -> str:
        return f"<Pod {self.live} ({', '.join(self._containers)})>"

    def __str__(self) -> str:
        return str(self.live)

    def __getitem__(self, container: str) -> Container:
        """The container of that name.

        Raises:
            UnknownContainer: there is none; the error lists those there are.
        """
        return self._containers[self.wiring.container(container).name]

    @property
    def live(self) -> LivePod:
        """What it means at the moment; set as a whole, for its containers as well."""
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
        """The cluster it is on."""
        return self.live.cluster

    @property
    def api(self) -> Api:
        """The connection to its cluster."""
        return self.live.api

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return self.live.namespace

    @property
    def name(self) -> str:
        """Its name."""
        return self.live.name

    @property
    def uid(self) -> str:
        """Its metadata.uid, which no other Pod ever has, whatever its name."""
        return self.live.uid

    @property
    def node(self) -> str:
        """The node it is on."""
        return self.live.node

    @property
    def spec(self) -> dict[str, Any]:
        """Its live spec, not the manifest's: a webhook may have added containers and mounts."""
        return self.live.spec

    @property
    def wiring(self) -> Wiring:
        """Who mounts what where in it."""
        return self.live.wiring

    @property
    def identity(self) -> Identity:
        """Its UID, and the ids of its containers as they were known last."""
        return self.live.identity

    def record(
        self,
        claim: str,
        *,
        method: str,
        begun: float,
        events: Iterable[object],
        containers: Iterable[str],
    ) -> Evidence:
        """Keep what was proved, and give it as the record it is kept as.

        Args:
            claim: what was proved, in a sentence.
            method: how, in a few words.
            begun: when the assertion began, by the monotonic clock.
            events: what was done, seen and proved, in order.
            containers: those that were looked into for it.
        """
        method = ", ".join([method, *self.other_access(containers)])
        if self.manifest.stand_in:
            method += f", {self.manifest.stand_in} in place of the applications"
        evidence = Evidence(
            claim=claim,
            method=method,
            pod=self.name,
            identity=self.identity,
            events=tuple(events),
            seconds=time.monotonic() - begun,
        )
        self.evidence.append(evidence)
        return evidence

    def other_access(self, containers: Iterable[str]) -> list[str]:
        """Say how those of the containers were looked into whose own shell did not do it."""
        accesses = {name: self[name].access for name in containers}
        return [f"{name} by {access}" for name, access in accesses.items() if access.is_ephemeral]

    def deadline(self, name: str, seconds: float | None) -> Deadline:
        """Return a deadline of the seconds given, or else of the timeout of that name."""
        return self.live.deadline(name, seconds)

    def manifest_location(self, container: str, mount: VolumeMount | None) -> str:
        """Return `file:line` of a container or its mount in the manifest; "" if it has none."""
        line = self.manifest.find_line(container, mount.path if mount else None)
        return f"{self.manifest.origin}:{line}" if line else ""

    def restart_sandbox(self, *, timeout: float | None = None) -> Restart:
        """Kill its sandbox on its node: all its containers start anew, in the same Pod.

        Raises:
            NodeAccessMissing: the cluster's nodes cannot be reached.
            RestartImpossible: it did not happen.
        """
        self.flush()
        proof, self.live = restart.restart_sandbox(self.live, self.deadline("ready", timeout))
        return proof

    def follow_replacement(self) -> None:
        """Wait for the Pod that comes in the place of one that is gone; the handle then means it.

        A controller creates it by itself; a bare Pod is created again of the same manifest.

        Raises:
            PodError: it does not become ready.
        """
        raw = self._replacement()
        self.close()
        self.live = dataclasses.replace(self.live, raw=raw)

    def refresh(self) -> Identity:
        """Ask the API server which instances of its containers run now.

        Raises:
            PodGone: it was deleted, replaced, or is about to be.
        """
        self.live = self.live.refresh()
        return self.identity

    def check_still_there(self) -> Object:
        """Return the Pod as the API server has it now.

        Raises:
            PodGone: it was deleted, evicted, replaced, or is about to be.
        """
        return self.live.check_still_there()

    def flush(self) -> None:
        """Wait until what was posted to its containers has been run, as far as it still can be."""
        for container in self._containers.values():
            container.flush()

    def close(self) -> None:
        """Close its exec sessions; may be called again, and never raises."""
        for container in self._containers.values():
            with contextlib.suppress(Exception):
                container.close()
