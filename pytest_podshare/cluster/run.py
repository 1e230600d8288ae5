"""One test run's hold on its cluster: taken at the first need, given back at the end."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster import existing, images, kind
from pytest_podshare.cluster.existing import ExistingSettings
from pytest_podshare.cluster.kind_program import KindSettings
from pytest_podshare.cluster.namespaces import Namespaces
from pytest_podshare.cluster.record import Cluster
from pytest_podshare.deadline import Deadline

_Handler = Callable[[int, FrameType | None], Any] | int | None


class Run:
    """The cluster and the namespaces of one run; making one touches nothing.

    Args:
        run_id: names the run, and labels what it makes.
        settings: which cluster.
        keep: `never`, `failed` or `always`: when a kind cluster that this run makes stays.
        load: local images for its nodes.
    """

    def __init__(
        self,
        run_id: str,
        settings: KindSettings | ExistingSettings,
        *,
        keep: str,
        load: tuple[str, ...],
    ) -> None:
        self.id = run_id
        self.settings = settings
        self.cluster: Cluster | None = None
        self.seconds = 0.0
        self._keep = keep
        self._load = load
        self._namespaces: Namespaces | None = None
        self._sigterm: _Handler = None

    def __repr__(self) -> str:
        return f"<Run {self.id} on {self.cluster.name if self.cluster else 'no cluster yet'}>"

    def open(self) -> Cluster:
        """Bring the cluster up; from here on SIGTERM cleans up as Ctrl-C does.

        Raises:
            ClusterError: there is none to be had.
        """
        begun = time.monotonic()
        self._take_sigterm()
        try:
            if isinstance(self.settings, KindSettings):
                self.cluster = kind.bring_up(self.settings)
                images.load(self.settings, self._load)
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
        """Delete the run's namespaces and close the connection; never raises.

        Args:
            failed: whether a test failed, which may keep the cluster.

        Returns:
            The namespaces that are still there although the deadline is over.
        """
        stuck: tuple[str, ...] = ()
        try:
            if self._namespaces is not None and not self._goes(failed):
                self._namespaces.delete_all()
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

    def delete_cluster(self, *, failed: bool) -> str | None:
        """Delete a kind cluster that this run made, unless it is to be kept.

        Returns:
            Why a cluster that this run used or made is still there; None if it is not.

        Raises:
            ClusterError: kind could not delete it.
        """
        if not isinstance(self.settings, KindSettings):
            return None
        if kind.made_by(self.settings) != self.id:
            return "it was there before this run" if self.cluster else None
        if not self._goes(failed):
            return f"--podshare-keep-cluster={self._keep}"
        kind.delete(self.settings)
        return None

    def _goes(self, failed: bool) -> bool:
        """Whether the cluster is ours and will be deleted at the end, with all that is in it."""
        ours = isinstance(self.settings, KindSettings) and kind.made_by(self.settings) == self.id
        return ours and (self._keep == "never" or (self._keep == "failed" and not failed))

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
