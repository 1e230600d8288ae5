"""A test run's use of its cluster: open it when first needed, and release it at the end."""

from __future__ import annotations

import functools
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

from pytest_podshare import errors
from pytest_podshare.cluster.existing import ExistingSettings, connect_existing
from pytest_podshare.cluster.heartbeat import Heartbeat
from pytest_podshare.cluster.kind.settings import KindSettings
from pytest_podshare.cluster.kind.users import ClusterUser, ClusterUsers
from pytest_podshare.cluster.processes import Process
from pytest_podshare.deadline import Deadline

if TYPE_CHECKING:
    from pytest_podshare.cluster.connection import Cluster
    from pytest_podshare.cluster.namespaces import KeptNamespace, Namespaces, SharedNamespace

_Handler = Callable[[int, FrameType | None], Any] | int | None


class Run:
    """A run, with its cluster and its namespaces; touches nothing until it is opened.

    Imports the Kubernetes client as late as possible: most runs of pytest need none.

    Args:
        run_id: identifies the run, and labels the objects that it creates.
        settings: which cluster to use.
        keep: `never`, `failed` or `always`: when to keep a kind cluster.
        load: the local images to load onto its nodes.
        namespace: the existing namespace that all tests share; None for one namespace per test.
        keep_namespace: `never`, `failed` or `always`: when to keep a test's namespace.
        controller: the process that outlives this one in the same run, as the controller of
            pytest-xdist does; None if there is none.

    Attributes:
        shared_namespace: the namespace that all tests share, once the cluster is open; None if each
            test has its own.
        removed: the leftovers of killed runs that this run has removed.
        stuck: the leftovers whose deletion is stuck.
        kept_namespaces: the namespaces that this run keeps.
        workers_keep: whether a worker of pytest-xdist keeps a namespace.
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
        self.process = Process.current()
        self.cluster: Cluster | None = None
        self.shared_namespace: SharedNamespace | None = None
        # seconds that it took to open the cluster
        self.seconds = 0.0
        self.removed: list[str] = []
        self.stuck: tuple[str, ...] = ()
        self.kept_namespaces: tuple[KeptNamespace, ...] = ()
        self.workers_keep = False
        self._keep = keep
        self._namespace = namespace
        self._keep_namespace = keep_namespace
        self._load = load
        self._processes = (self.process, *([controller] if controller else ()))
        self._namespaces: Namespaces | None = None
        self._users_heartbeat: Heartbeat | None = None
        self._namespaces_heartbeat: Heartbeat | None = None
        self._cleanup: threading.Thread | None = None
        self._sigterm_handler: _Handler = None

    def __repr__(self) -> str:
        return f"<Run {self.id} on {self.cluster.name if self.cluster else 'no cluster yet'}>"

    def open(self) -> Cluster:
        """Find or create the cluster, and from now on clean up after SIGTERM as after Ctrl-C.

        Raises:
            ClusterError: there is no usable cluster.
        """
        from pytest_podshare.cluster import cleanup
        from pytest_podshare.cluster.namespaces import Namespaces, SharedNamespace

        started = time.monotonic()
        self._handle_sigterm()
        try:
            if isinstance(self.settings, KindSettings):
                self.cluster = self._acquire(self.settings)
            else:
                self._refuse_images()
                self.cluster = connect_existing(self.settings)
        except BaseException:
            self.close()
            raise
        if self._namespace is None:
            self._namespaces = Namespaces(self.cluster.api, self.id)
        else:
            self.shared_namespace = SharedNamespace(self.cluster.api, self._namespace, self.id)
            self._namespaces = self.shared_namespace
        self._namespaces_heartbeat = Heartbeat(self._namespaces.extend_expiry)
        if not self.cluster.created:
            swept = cleanup.sweep(self.cluster.api, time.time(), self._namespace)
            self.removed += swept.removed
            self.stuck = swept.stuck
        self.seconds = time.monotonic() - started
        return self.cluster

    @property
    def namespaces(self) -> Namespaces:
        """Return the namespaces of the run, once the cluster is open."""
        if self._namespaces is None:
            raise RuntimeError("Call Run.open() first")
        return self._namespaces

    def keep_namespace(self, name: str, test: str, *, failed: bool) -> bool:
        """Keep a test's namespace for inspection if the options say so, and return whether."""
        keep = self._keep_namespace == "always" or (self._keep_namespace == "failed" and failed)
        if keep and self._namespaces is not None:
            self._namespaces.keep(name, test)
        return keep

    def close(self) -> tuple[str, ...]:
        """Delete the namespaces and close the connection; never raise.

        On kind, do not wait: the namespaces go with the cluster, or the next run reports them.

        Returns:
            The namespaces that still exist after the deadline.
        """
        remaining: tuple[str, ...] = ()
        try:
            if self._namespaces_heartbeat is not None:
                self._namespaces_heartbeat.close()
            if self._namespaces is not None:
                self._namespaces.delete_all()
                self.kept_namespaces = self._namespaces.kept()
                if isinstance(self.settings, ExistingSettings):
                    deadline = Deadline(self.settings.timeouts.delete)
                    remaining = self._namespaces.wait_until_deleted(deadline)
        except errors.PodshareError:
            # a cluster that does not answer cannot be cleaned up now
            pass
        finally:
            if self.cluster is not None:
                self.cluster.close()
            self._restore_sigterm()
        return remaining

    def release(self, *, failed: bool) -> str | None:
        """End the use of a kind cluster, and delete it if nothing uses or keeps it.

        Returns:
            Why the kind cluster still exists; None if it does not, or was not used.

        Raises:
            ClusterError: kind could not delete it.
        """
        if self._users_heartbeat is not None:
            self._users_heartbeat.close()
        if self._cleanup is not None:
            self._cleanup.join(self.settings.timeouts.delete)
        if not isinstance(self.settings, KindSettings):
            return None
        user = ClusterUser(self.id, self.process)
        if not ClusterUsers(self.settings.users_folder).is_registered(user):
            # without importing the client only to find that out
            return None
        from pytest_podshare.cluster.kind import provider

        return provider.release(self.settings, user, keep=self._keep_reason(failed))

    def _acquire(self, settings: KindSettings) -> Cluster:
        from pytest_podshare.cluster.kind import abandoned, provider

        users = tuple(ClusterUser(self.id, process) for process in self._processes)
        registry = ClusterUsers(settings.users_folder)
        # starts before they register: creating a cluster takes longer than a registration lasts
        self._users_heartbeat = Heartbeat(lambda: registry.touch(*users))
        if others := set(abandoned.find_abandoned(settings.state)) - {settings.name}:
            # in a thread, since deleting a cluster takes seconds that no test should wait
            remove = functools.partial(abandoned.remove_all, settings, sorted(others), self.removed)
            self._cleanup = threading.Thread(target=remove, name="podshare-cleanup", daemon=True)
            self._cleanup.start()
        return provider.acquire(settings, users=users, keep=self._keep == "always", load=self._load)

    def _keep_reason(self, failed: bool) -> str:
        """Return the option that keeps the cluster; "" if none does."""
        if self._keep == "always" or (self._keep == "failed" and failed):
            return f"--podshare-keep-cluster={self._keep}"
        if self.kept_namespaces or self.workers_keep:
            return f"--podshare-keep-namespace={self._keep_namespace}"
        return ""

    def _refuse_images(self) -> None:
        if self._load:
            raise errors.ImageLoadFailed(
                "--podshare-image works only on kind clusters.",
                "Push the image to a registry from which the existing cluster can pull it.",
            )

    def _handle_sigterm(self) -> None:
        """Clean up after SIGTERM, by which CI systems cancel a run."""
        if threading.current_thread() is threading.main_thread():
            self._sigterm_handler = signal.signal(signal.SIGTERM, _interrupt)

    def _restore_sigterm(self) -> None:
        if self._sigterm_handler is not None:
            signal.signal(signal.SIGTERM, self._sigterm_handler)
            self._sigterm_handler = None


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt("SIGTERM")
