"""One test run's hold on its cluster: taken at the first need, given back at the end."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

from pytest_podshare import errors
from pytest_podshare.cluster import existing, processes
from pytest_podshare.cluster.existing import ExistingSettings
from pytest_podshare.cluster.kind_program import KindSettings
from pytest_podshare.cluster.processes import Process
from pytest_podshare.deadline import Deadline

if TYPE_CHECKING:
    from pytest_podshare.cluster.lease import Heartbeat
    from pytest_podshare.cluster.namespaces import Namespaces
    from pytest_podshare.cluster.record import Cluster

_Handler = Callable[[int, FrameType | None], Any] | int | None


class Run:
    """The cluster and the namespaces of one run; making one touches nothing.

    What needs a Kubernetes client is imported when the cluster is: most runs of pytest need none.

    Args:
        run_id: names the run, and labels what it makes.
        settings: which cluster.
        keep: `never`, `failed` or `always`: when a kind cluster that this run uses stays.
        load: local images for its nodes.
        controller: the process that outlives this one in the same run, as that of pytest-xdist does
            its workers; None if there is none.
    """

    def __init__(
        self,
        run_id: str,
        settings: KindSettings | ExistingSettings,
        *,
        keep: str,
        load: tuple[str, ...],
        controller: Process | None = None,
    ) -> None:
        self.id = run_id
        self.settings = settings
        self.cluster: Cluster | None = None
        self.seconds = 0.0
        self._keep = keep
        self._load = load
        self._process = processes.this()
        self._holders = (self._process,) if controller is None else (self._process, controller)
        self._heartbeat: Heartbeat | None = None
        self._namespaces: Namespaces | None = None
        self._sigterm: _Handler = None

    def __repr__(self) -> str:
        return f"<Run {self.id} on {self.cluster.name if self.cluster else 'no cluster yet'}>"

    @property
    def process(self) -> Process:
        """The process that runs it, or a part of it."""
        return self._process

    def open(self) -> Cluster:
        """Bring the cluster up; from here on SIGTERM cleans up as Ctrl-C does.

        Raises:
            ClusterError: there is none to be had.
        """
        from pytest_podshare.cluster.namespaces import Namespaces

        begun = time.monotonic()
        self._take_sigterm()
        try:
            if isinstance(self.settings, KindSettings):
                self.cluster = self._bring_up(self.settings)
            else:
                self._refuse_images()
                self.cluster = existing.bring_up(self.settings)
        except BaseException:
            self.close()
            raise
        self._namespaces = Namespaces(self.cluster.api, self.id)
        self.seconds = time.monotonic() - begun
        return self.cluster

    @property
    def namespaces(self) -> Namespaces:
        """The namespaces of this run; there once the cluster is."""
        if self._namespaces is None:
            raise RuntimeError("Run.open() comes first")
        return self._namespaces

    def close(self, *, failed: bool = False) -> tuple[str, ...]:
        """Have the run's namespaces deleted and close the connection; never raises.

        Args:
            failed: whether a test failed, which may keep the cluster.

        Returns:
            The namespaces that are still there although the deadline is over.
        """
        stuck: tuple[str, ...] = ()
        try:
            if self._namespaces is not None:
                self._namespaces.delete_all()
                if not self._goes(failed):
                    deadline = Deadline(self.settings.timeouts.delete)
                    stuck = self._namespaces.wait_until_gone(deadline)
        except errors.PodshareError:
            # a cluster that does not answer cannot be tidied; what it holds goes with it
            pass
        finally:
            if self.cluster is not None:
                self.cluster.close()
            self._give_sigterm_back()
        return stuck

    def leave(self, *, failed: bool) -> str | None:
        """Give the cluster up; the last to do so deletes it, unless it is to be kept.

        Returns:
            Why a kind cluster that this run used is still there; None if it is not.

        Raises:
            ClusterError: kind could not delete it.
        """
        if self._heartbeat is not None:
            self._heartbeat.close()
        if not isinstance(self.settings, KindSettings):
            return None
        from pytest_podshare.cluster.lease import Lease, Leases

        lease = Lease(self.id, self._process)
        if not Leases(self.settings.leases).holds(lease):
            # a run without a test of ours imports no client only to find that out
            return None
        from pytest_podshare.cluster import kind

        keep = f"--podshare-keep-cluster={self._keep}" if self._keeps(failed) else ""
        return kind.leave(self.settings, lease, keep=keep)

    def _bring_up(self, settings: KindSettings) -> Cluster:
        from pytest_podshare.cluster import kind
        from pytest_podshare.cluster.lease import Heartbeat, Lease, Leases

        leases = tuple(Lease(self.id, holder) for holder in self._holders)
        # before they are taken: making a cluster takes longer than a lease lasts unattended
        self._heartbeat = Heartbeat(Leases(settings.leases), leases)
        return kind.bring_up(settings, leases=leases, keep=self._keep == "always", load=self._load)

    def _keeps(self, failed: bool) -> bool:
        return self._keep == "always" or (self._keep == "failed" and failed)

    def _goes(self, failed: bool) -> bool:
        """Whether the cluster will be deleted after its last use, with all that is in it."""
        from pytest_podshare.cluster import kind

        ours = isinstance(self.settings, KindSettings) and kind.goes(self.settings)
        return ours and not self._keeps(failed)

    def _refuse_images(self) -> None:
        if self._load:
            raise errors.ImageLoadFailed(
                "--podshare-image works on kind clusters alone.",
                "Push the image to a registry that the existing cluster pulls from.",
            )

    def _take_sigterm(self) -> None:
        """CI systems stop a run by SIGTERM, which would otherwise leave everything behind."""
        if threading.current_thread() is threading.main_thread():
            self._sigterm = signal.signal(signal.SIGTERM, _interrupt)

    def _give_sigterm_back(self) -> None:
        if self._sigterm is not None:
            signal.signal(signal.SIGTERM, self._sigterm)
            self._sigterm = None


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt("SIGTERM")
