"""One test run's hold on its cluster: taken at the first need, given back at the end."""

from __future__ import annotations

import functools
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

from pytest_podshare import errors
from pytest_podshare.cluster import existing, processes
from pytest_podshare.cluster.existing import ExistingSettings
from pytest_podshare.cluster.kind.binary import KindSettings
from pytest_podshare.cluster.processes import Process
from pytest_podshare.deadline import Deadline

if TYPE_CHECKING:
    from pytest_podshare.cluster.connection import Cluster
    from pytest_podshare.cluster.kind.users import Heartbeat
    from pytest_podshare.cluster.namespaces import Kept, Namespaces, SharedNamespace

_Handler = Callable[[int, FrameType | None], Any] | int | None


class Run:
    """The cluster and the namespaces of one run; making one touches nothing.

    What needs a Kubernetes client is imported when the cluster is: most runs of pytest need none.

    Args:
        run_id: names the run, and labels what it makes.
        settings: which cluster.
        keep: `never`, `failed` or `always`: when a kind cluster that this run uses stays.
        load: local images for its nodes.
        namespace: the one namespace to work in, which stays; None for one for each test.
        keep_namespace: `never`, `failed` or `always`: when a test's namespace stays.
        controller: the process that outlives this one in the same run, as that of pytest-xdist does
            its workers; None if there is none.

    Attributes:
        shared_namespace: the one namespace to work in, once the cluster is there; None where each
            test has its own.
    """

    def __init__(
        self,
        run_id: str,
        settings: KindSettings | ExistingSettings,
        *,
        keep: str,
        load: tuple[str, ...],
        namespace: str | None = None,
        keep_namespace: str = "never",
        controller: Process | None = None,
    ) -> None:
        self.id = run_id
        self.settings = settings
        self.cluster: Cluster | None = None
        self.seconds = 0.0
        # what killed runs had left, and was removed; what this one, or its workers, leave
        self.removed: list[str] = []
        self.stuck_before: tuple[str, ...] = ()
        self.kept: tuple[Kept, ...] = ()
        self.workers_keep = False
        self._keep = keep
        self._namespace = namespace
        self._keep_namespace = keep_namespace
        self._load = load
        self._process = processes.this()
        self._holders = (self._process,) if controller is None else (self._process, controller)
        self._heartbeat: Heartbeat | None = None
        self._extending: Heartbeat | None = None
        self._clearing: threading.Thread | None = None
        self._namespaces: Namespaces | SharedNamespace | None = None
        self.shared_namespace: SharedNamespace | None = None
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
        from pytest_podshare.cluster import cleanup
        from pytest_podshare.cluster.kind.users import Heartbeat

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
        self._namespaces = self._open_namespaces(self.cluster)
        self._extending = Heartbeat(self._namespaces.extend)
        if not self.cluster.created:
            swept = cleanup.sweep(self.cluster.api, time.time(), self._namespace)
            self.removed += swept.removed
            self.stuck_before = swept.stuck
        self.seconds = time.monotonic() - begun
        return self.cluster

    @property
    def namespaces(self) -> Namespaces | SharedNamespace:
        """The namespaces of this run; there once the cluster is."""
        if self._namespaces is None:
            raise RuntimeError("Run.open() comes first")
        return self._namespaces

    def keep_namespace(self, name: str, test: str, *, failed: bool) -> bool:
        """Have a test's namespace stay there for a look, if that is asked for.

        Args:
            name: the namespace.
            test: the test.
            failed: whether it failed.

        Returns:
            Whether it stays.
        """
        wanted = self._keep_namespace == "always" or (self._keep_namespace == "failed" and failed)
        if wanted and self._namespaces is not None:
            self._namespaces.keep(name, test)
        return wanted

    def close(self) -> tuple[str, ...]:
        """Have the run's namespaces deleted and close the connection; never raises.

        On kind nobody waits for them: they go with the cluster, or the next run tells of them.

        Returns:
            The namespaces that are still there although the deadline is over.
        """
        stuck: tuple[str, ...] = ()
        try:
            if self._extending is not None:
                self._extending.close()
            if self._namespaces is not None:
                self._namespaces.delete_all()
                self.kept = self._namespaces.kept()
                if isinstance(self.settings, ExistingSettings):
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
        if self._clearing is not None:
            self._clearing.join(self.settings.timeouts.delete)
        if not isinstance(self.settings, KindSettings):
            return None
        from pytest_podshare.cluster.kind.users import ClusterUser, ClusterUsers

        lease = ClusterUser(self.id, self._process)
        if not ClusterUsers(self.settings.leases).holds(lease):
            # a run without a test of ours imports no client only to find that out
            return None
        from pytest_podshare.cluster.kind import provider

        return provider.leave(self.settings, lease, keep=self._keeps(failed))

    def _bring_up(self, settings: KindSettings) -> Cluster:
        from pytest_podshare.cluster.kind import abandoned, provider
        from pytest_podshare.cluster.kind.users import ClusterUser, ClusterUsers, Heartbeat

        leases = tuple(ClusterUser(self.id, holder) for holder in self._holders)
        # before they are taken: making a cluster takes longer than a lease lasts unattended
        all_leases = ClusterUsers(settings.leases)
        self._heartbeat = Heartbeat(lambda: all_leases.touch_all(leases))
        if others := set(abandoned.orphans(settings.state)) - {settings.name}:
            # deleting a cluster takes seconds, which no test has to wait for
            clear = functools.partial(abandoned.clear_all, settings, sorted(others), self.removed)
            self._clearing = threading.Thread(target=clear, name="podshare-clearing", daemon=True)
            self._clearing.start()
        return provider.bring_up(
            settings, leases=leases, keep=self._keep == "always", load=self._load
        )

    def _open_namespaces(self, cluster: Cluster) -> Namespaces | SharedNamespace:
        from pytest_podshare.cluster.namespaces import Namespaces, SharedNamespace

        if self._namespace is None:
            return Namespaces(cluster.api, self.id)
        self.shared_namespace = SharedNamespace(cluster.api, self._namespace, self.id)
        return self.shared_namespace

    def _keeps(self, failed: bool) -> str:
        """What asks for the cluster to stay; "" if nothing does."""
        if self._keep == "always" or (self._keep == "failed" and failed):
            return f"--podshare-keep-cluster={self._keep}"
        if self.kept or self.workers_keep:
            return f"--podshare-keep-namespace={self._keep_namespace}"
        return ""

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
