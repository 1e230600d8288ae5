"""Namespaces that outlive a single test, for Pods that several tests share."""

from __future__ import annotations

import threading

from pytest_podshare.closeable import Closeable
from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.cluster.namespaces import Namespaces, SharedNamespace
from pytest_podshare.deadline import Deadline, Timeouts
from pytest_podshare.pods.deployer import Podshare


class PodshareFactory(Closeable):
    """Creates a `Podshare` for a fixture of your own; the `podshare_factory` fixture returns one.

    Several threads may use it at once.

    Args:
        cluster: the cluster to deploy to.
        namespaces: the namespaces of the run.
        run_id: the run, the value of the label of every object.
        timeouts: how long operations may take.
        probe_image: image of the ephemeral containers that inspect containers without a shell.
    """

    def __init__(
        self,
        cluster: Cluster,
        namespaces: Namespaces,
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
        self._change = threading.Lock()

    def __repr__(self) -> str:
        return f"<PodshareFactory of run {self._run_id}: {len(self._open)} namespaces>"

    @property
    def open(self) -> tuple[Podshare, ...]:
        """Return those that are not closed yet."""
        return tuple(self._open)

    def make(self) -> Podshare:
        """Create a namespace and return a `Podshare` for it; closing that deletes the namespace.

        Use it as a context manager, in a fixture of a module or a class for example. If you do not
        close it, it is closed when the session ends.

        Raises:
            ApiError: the API server rejects the namespace.
        """
        namespaces = self._namespaces
        name = namespaces.create(Deadline(self._timeouts.ready))
        podshare = Podshare(
            self._cluster,
            name,
            run_id=self._run_id,
            timeouts=self._timeouts,
            probe_image=self._probe_image,
            shared_namespace=namespaces if isinstance(namespaces, SharedNamespace) else None,
            on_close=lambda: self._delete_namespace(podshare),
        )
        with self._change:
            self._open.append(podshare)
        return podshare

    def close(self) -> None:
        """Close every `Podshare` that is still open; never raises."""
        for podshare in reversed(self.open):
            podshare.close()

    def _delete_namespace(self, closed: Podshare) -> None:
        with self._change:
            self._open = [podshare for podshare in self._open if podshare is not closed]
        self._namespaces.delete(closed.namespace)
