"""The handles: a Pod that is deployed, and one of its containers."""

from __future__ import annotations

import contextlib
import shlex
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster.record import Cluster
from pytest_podshare.deadline import Deadline, Timeouts, poll
from pytest_podshare.kube.client import Api, pod_path
from pytest_podshare.kube.exec import ExecSession
from pytest_podshare.kube.framing import Completed
from pytest_podshare.pods import restarting, state
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.restarting import Restart
from pytest_podshare.wiring.model import Wiring, of_pod


class Container:
    """One container of a Pod; got by `pod["c1"]`.

    Args:
        pod: its Pod.
        name: its name.
    """

    def __init__(self, pod: Pod, name: str) -> None:
        self.pod = pod
        self.name = name
        self._session: ExecSession | None = None

    def __repr__(self) -> str:
        return f"<Container {self.pod.name}/{self.name}>"

    def exec(self, argv: Sequence[str], *, timeout: float | None = None) -> Completed:
        """Run a command in the container, through its `sh`, with an empty stdin.

        Args:
            argv: the program and its arguments; a program that is not there gives returncode 127.
            timeout: seconds for it to end.

        Returns:
            Its `.returncode`, `.stdout` and `.stderr` (bytes).

        Raises:
            ExecError: it could not be run, or did not end in time.
        """
        # a session that broke while nobody used it is found out by a command that changes nothing
        self.run(b":", timeout=timeout)
        return self._open(timeout).run(shlex.join(argv).encode(), timeout=self._patience(timeout))

    def run(self, script: bytes, *, timeout: float | None = None) -> Completed:
        """Run a POSIX shell script that may be run twice without harm.

        If the session breaks that earlier commands used, the script is run again in a new one.

        Raises:
            ExecError: it could not be run, or did not end in time.
        """
        known = self._session
        try:
            return self._open(timeout).run(script, timeout=self._patience(timeout))
        except errors.SessionLost:
            self.close()
            if known is None:
                raise
            return self._open(timeout).run(script, timeout=self._patience(timeout))

    def restart(self, *, strategy: str | None = None, timeout: float | None = None) -> Restart:
        """Restart this container alone, and prove that it happened.

        Args:
            strategy: `node`, `resize`, `term` or `image`; None for the first that is possible.
            timeout: seconds until it runs and is ready again.

        Returns:
            The proof: which way, the container's id before and after, its exit code.

        Raises:
            RestartForbidden: its restart policy says that it stays ended.
            RestartImpossible: no way is open, or it did not happen.
            PodError: it does not become ready again.
        """
        patience = self.pod.timeouts.ready if timeout is None else timeout
        return restarting.restart(self.pod, self.name, strategy, Deadline(patience))

    def logs(self, *, previous: bool = False) -> str:
        """What the container printed; with `previous`, what it printed before its last restart."""
        path = pod_path(self.pod.namespace, self.pod.name, "log")
        return self.pod.api.text(path, container=self.name, previous=str(previous).lower())

    def close(self) -> None:
        """Close the session; the next command opens another."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _open(self, timeout: float | None) -> ExecSession:
        if self._session is None:
            self._session = self._opened(Deadline(self._patience(timeout)))
        return self._session

    def _opened(self, deadline: Deadline) -> ExecSession:
        """Open a session, waiting for a container that is about to come back."""

        def attempt() -> ExecSession | errors.SessionLost:
            if problem := state.hopeless(self.pod.check_still_there()):
                raise problem
            try:
                return ExecSession(
                    self.pod.api,
                    self.pod.namespace,
                    self.pod.name,
                    self.name,
                    timeout=max(1.0, deadline.left),
                )
            except errors.SessionLost as lost:
                return lost

        opened = poll(
            attempt, until=lambda it: isinstance(it, ExecSession), deadline=deadline, first=0.05
        )
        if isinstance(opened, ExecSession):
            return opened
        raise opened

    def _patience(self, timeout: float | None) -> float:
        return self.pod.timeouts.exec if timeout is None else timeout


class Pod:
    """A Pod on the cluster; `pod["c1"]` is its container c1.

    Close it, or let the fixture that deployed it do so: its exec sessions stay open until then.

    Args:
        cluster: where it is.
        live: the Pod as the API server gave it when it was ready.
        timeouts: how long things may take.
        again: waits for the Pod that comes in its place, making it if nobody else does.
    """

    def __init__(
        self,
        cluster: Cluster,
        live: dict[str, Any],
        *,
        timeouts: Timeouts,
        again: Callable[[], dict[str, Any]],
    ) -> None:
        self.cluster = cluster
        self.timeouts = timeouts
        self._again = again
        self._containers: dict[str, Container] = {}
        self._become(live)
        # what was proved of it, in order; reports read it
        self.evidence: list[Evidence] = []

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
    ) -> Evidence:
        """Keep what was proved, and give it as the record it is kept as.

        Args:
            claim: what was proved, in a sentence.
            method: how, in a few words.
            begun: when the assertion began, by the monotonic clock.
            events: what was done, seen and proved, in order.
        """
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
        self.wiring: Wiring = of_pod(live["spec"])
        self.identity = state.identity(live)
        names = [each.name for each in self.wiring.containers]
        self._containers = {name: Container(self, name) for name in names}

    def refresh(self) -> state.Identity:
        """Ask the API server which instances of its containers run now.

        Raises:
            PodGone: it was deleted, replaced, or is about to be.
        """
        self.identity = state.identity(self.check_still_there())
        return self.identity

    def check_still_there(self) -> dict[str, Any]:
        """The Pod as it is now.

        Raises:
            PodGone: it was deleted, evicted, replaced, or is about to be.
        """
        remedy = "See who deletes it; nothing was learned about its volumes."
        try:
            live = self.api.get(pod_path(self.namespace, self.name))
        except errors.ApiError as error:
            if error.status != 404:
                raise
            raise errors.PodGone(f"Pod {self.name} was deleted.", remedy) from None
        if live["metadata"]["uid"] != self.uid:
            raise errors.PodGone(f"Pod {self.name} was replaced by another of its name.", remedy)
        if (problem := state.hopeless(live)) and isinstance(problem, errors.PodGone):
            raise problem
        return live

    def close(self) -> None:
        """Close its exec sessions; may be called again, and never raises."""
        for container in self._containers.values():
            with contextlib.suppress(Exception):
                container.close()
