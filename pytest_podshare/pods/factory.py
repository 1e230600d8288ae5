"""Pods that several tests share: namespaces that last longer than a test."""

from __future__ import annotations

from pytest_podshare.closeable import Closeable
from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.cluster.namespaces import Namespaces, SharedNamespace
from pytest_podshare.deadline import Deadline, Timeouts
from pytest_podshare.pods.deployer import Podshare


class PodshareFactory(Closeable):
    """Makes a `Podshare` wherever a fixture of yours wants one; what `podshare_factory` gives.

    Args:
        cluster: where to.
        namespaces: those of the run.
        run_id: the run, as the value of the label that every object gets.
        timeouts: how long things may take.
        probe_image: what looks into containers that have no shell.
    """

    def __init__(
        self,
        cluster: Cluster,
        namespaces: Namespaces | SharedNamespace,
        *,
        run_id: str,
        timeouts: Timeouts,
        probe_image: str = "busybox",
    ) -> None:
        self._cluster = cluster
        self._namespaces = namespaces
        self._run_id = run_id
        self._timeouts = timeouts
        self._probe_image = probe_image
        self._open: list[Podshare] = []

    def __repr__(self) -> str:
        return f"<PodshareFactory of run {self._run_id}: {len(self._open)} namespaces>"

    @property
    def open(self) -> tuple[Podshare, ...]:
        """Those that are not closed."""
        return tuple(self._open)

    def make(self) -> Podshare:
        """A `Podshare` with a namespace of its own, both there until it is closed.

        Use it as a context manager in a fixture of a module or a class; what nobody closes is
        closed when the session ends.

        Raises:
            ApiError: the API server gives no namespace.
        """
        namespaces = self._namespaces
        name = namespaces.create(Deadline(self._timeouts.ready))
        made = Podshare(
            self._cluster,
            name,
            run_id=self._run_id,
            timeouts=self._timeouts,
            probe_image=self._probe_image,
            shared_namespace=namespaces if isinstance(namespaces, SharedNamespace) else None,
            afterwards=lambda: self._give_back(made),
        )
        self._open.append(made)
        return made

    def close(self) -> None:
        """Close every one that is still open; never raises."""
        for podshare in reversed(self.open):
            podshare.close()

    def _give_back(self, made: Podshare) -> None:
        self._open = [each for each in self._open if each is not made]
        self._namespaces.delete(made.namespace)
