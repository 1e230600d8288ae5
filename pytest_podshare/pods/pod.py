"""The handle of a Pod that is deployed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster.record import Cluster
from pytest_podshare.deadline import Deadline, Timeouts
from pytest_podshare.kube.client import Api, pod_path
from pytest_podshare.kube.watching import Watch
from pytest_podshare.pods import state
from pytest_podshare.pods.container import Container
from pytest_podshare.pods.evidence import Check, Evidence
from pytest_podshare.wiring.load import Manifest
from pytest_podshare.wiring.model import Mount, Wiring
from pytest_podshare.wiring.pod_spec import of_pod


class Pod:
    """A Pod on the cluster; `pod["c1"]` is its container c1.

    Close it, or let the fixture that deployed it do so: its exec sessions stay open until then.

    Args:
        cluster: where it is.
        live: the Pod as the API server gave it when it was ready.
        manifest: what it was made of.
        timeouts: how long things may take.
        watch: the watch of its namespace's Pods, which is not its own.
        again: waits for the Pod that comes in its place, making it if nobody else does.
        probe_image: what looks into a container that has no shell.
    """

    def __init__(
        self,
        cluster: Cluster,
        live: dict[str, Any],
        *,
        manifest: Manifest,
        timeouts: Timeouts,
        watch: Watch,
        again: Callable[[], dict[str, Any]],
        probe_image: str = "busybox",
    ) -> None:
        self.cluster = cluster
        self.manifest = manifest
        self.timeouts = timeouts
        self.watch = watch
        self.probe_image = probe_image
        self._again = again
        self._containers: dict[str, Container] = {}
        self._become(live)
        # what was proved of it, in order
        self.evidence: list[Evidence] = []
        # every assertion that was made on it, whatever its verdict; reports read it
        self.checks: list[Check] = []

    def __repr__(self) -> str:
        return f"<Pod {self.namespace}/{self.name} ({', '.join(self._containers)})>"

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    def __getitem__(self, container: str) -> Container:
        """The container of that name.

        Raises:
            UnknownContainer: there is none; the error lists those there are.
        """
        return self._containers[self.wiring.container(container).name]

    @property
    def api(self) -> Api:
        """The connection to its cluster."""
        return self.cluster.api

    @property
    def uid(self) -> str:
        """Its metadata.uid, which no other Pod ever has, whatever its name."""
        return self.identity.uid

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
        return [f"{name} by {access}" for name, access in accesses.items() if access.process]

    def deadline(self, name: str, given: float | None) -> Deadline:
        """A deadline of the seconds that a caller gave, or else of the timeout of that name."""
        return Deadline(self.timeouts.or_given(name, given))

    def where(self, container: str, mount: Mount | None) -> str:
        """`file:line` of a container or of a mount of it in the manifest; "" if it has no such."""
        line = self.manifest.line_of(container, mount.path if mount else None)
        return f"{self.manifest.origin}:{line}" if line else ""

    def come_back(self) -> None:
        """Wait for the Pod that comes in the place of one that is gone; the handle then means it.

        A controller makes it by itself; a bare Pod is made again of the same manifest.

        Raises:
            PodError: it does not become ready.
        """
        self._become(self._again())

    def _become(self, live: dict[str, Any]) -> None:
        self.close()
        self.name: str = live["metadata"]["name"]
        self.namespace: str = live["metadata"]["namespace"]
        self.node: str = live["spec"]["nodeName"]
        # the live spec, not the manifest's: a webhook may have added containers and mounts
        self.spec: dict[str, Any] = live["spec"]
        self.labels: dict[str, str] = live["metadata"].get("labels") or {}
        self.wiring: Wiring = of_pod(live["spec"])
        self.identity = state.identity(live)
        known = self._containers
        names = [each.name for each in self.wiring.containers]
        self._containers = {name: known.get(name) or Container(self, name) for name in names}

    def refresh(self) -> state.Identity:
        """Ask the API server which instances of its containers run now.

        Raises:
            PodGone: it was deleted, replaced, or is about to be.
        """
        self.identity = state.identity(self.check_still_there())
        return self.identity

    def check_still_there(self, patience: float | None = None) -> dict[str, Any]:
        """The Pod as it is now.

        Args:
            patience: seconds for the API server to answer; None for as long as it usually gets.

        Raises:
            PodGone: it was deleted, evicted, replaced, or is about to be.
        """
        remedy = "See who deletes it; nothing was learned about its volumes."
        try:
            live = self.api.get(pod_path(self.namespace, self.name), patience=patience)
        except errors.ApiError as error:
            if error.status != 404:
                raise
            raise errors.PodGone(f"Pod {self.name} was deleted.", remedy) from None
        if live["metadata"]["uid"] != self.uid:
            raise errors.PodGone(f"Pod {self.name} was replaced by another of its name.", remedy)
        if (problem := state.hopeless(live)) and isinstance(problem, errors.PodGone):
            raise problem
        return live

    def settle(self) -> None:
        """Wait until what was posted to its containers has been run, as far as it still can be."""
        for container in self._containers.values():
            container.settle()

    def close(self) -> None:
        """Close its exec sessions; may be called again, and never raises."""
        for container in self._containers.values():
            with contextlib.suppress(Exception):
                container.close()
