"""The work of `podshare clean`: find leftovers, print what happens to them, and remove them."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import time
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.cli.error_output import print_error
from pytest_podshare.cluster import cleanup, connection, existing
from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.cluster.existing import ExistingSettings
from pytest_podshare.cluster.kind import abandoned, binary
from pytest_podshare.cluster.kind.settings import KindSettings, default_state
from pytest_podshare.cluster.leftover import Leftover
from pytest_podshare.cluster.ownership import Disposition, Ownership
from pytest_podshare.deadline import Deadline, Timeouts
from pytest_podshare.escaping import printable
from pytest_podshare.kube.client import Api

_REMOVED, _STUCK, _UNKNOWN = 0, 1, 2
# seconds for an API server to answer
_CONNECT_TIMEOUT = 10.0


@dataclasses.dataclass
class Cleaner:
    """Cleans clusters by the options of `podshare clean`, and keeps the exit status."""

    provider: str
    cluster_name: str
    kind_bin: Path | None
    kubeconfig: Path | None
    context: str | None
    allow_context: tuple[str, ...]
    namespace: str
    run: str
    timeout: float
    dry_run: bool
    _status: int = dataclasses.field(default=_REMOVED, init=False)

    def clean(self) -> int:
        """Remove what killed runs left; return the exit status."""
        try:
            if self.provider == "existing":
                self._clean_existing()
            else:
                self._clean_kind()
        except errors.PodshareError as error:
            self._print_unknown(error)
        if self._status == _REMOVED and not self.dry_run:
            print("nothing left to remove")
        return self._status

    def _clean_existing(self) -> None:
        context = self.context or None
        settings = ExistingSettings(self.kubeconfig, context, self.allow_context, Timeouts())
        cluster = existing.connect_existing(settings)
        print(f"cluster {printable(cluster.server)}")
        self._clean_cluster(cluster)

    def _clean_kind(self) -> None:
        """Clean the kind clusters that runs on this machine have used, or one of them."""
        state = default_state()
        used = abandoned.list_names(state)
        names = [name for name in used if self.cluster_name in ("", name)]
        if self.cluster_name and not names:
            raise errors.ClusterUnreachable(
                f"No run on this machine has used the kind cluster {self.cluster_name!r}.",
                f"Choose a cluster that was used: {', '.join(used) or 'none'}.",
            )
        clusters = [KindSettings.by_name(name, state, kind_bin=self.kind_bin) for name in names]
        running = binary.list_clusters(clusters[0]) if clusters else ()
        for settings in clusters:
            try:
                disposition = abandoned.remove_if_abandoned(
                    settings, running, selected_run=self.run, dry_run=self.dry_run
                )
                if disposition is not None:
                    self._print(f"kind cluster {settings.name}", disposition)
                    if not disposition.removable:
                        self._clean_cluster(_connect(settings))
            except errors.PodshareError as error:
                self._print_unknown(error)

    def _clean_cluster(self, cluster: Cluster) -> None:
        """Remove the leftovers in a cluster, and close the connection."""
        with contextlib.closing(cluster):
            leftovers = self._find_removable(cluster.api)
            if self.dry_run:
                return
            for leftover in leftovers:
                try:
                    leftover.remove(cluster.api)
                except errors.ApiError as error:
                    self._print_unknown(error)
            blockers = cleanup.wait_until_removed(cluster.api, leftovers, Deadline(self.timeout))
        for title, blocker in blockers.items():
            seconds = f"{self.timeout:g} s"
            print(printable(f"  {title}: still exists after {seconds}, blocked by: {blocker}"))
            self._status = max(self._status, _STUCK)

    def _find_removable(self, api: Api) -> list[Leftover]:
        """Print all leftovers; return those that can be removed."""
        finders = [cleanup.find_nodes, cleanup.find_namespaces, cleanup.find_cluster_scoped]
        if self.namespace:
            finders.append(functools.partial(cleanup.find_in_namespace, namespace=self.namespace))
        policy = functools.partial(Ownership.disposition, now=time.time(), selected_run=self.run)
        removable: list[Leftover] = []
        for find in finders:
            try:
                leftovers = find(api, policy)
            except errors.ApiError as error:
                # an account that is limited to a namespace cannot have left anything elsewhere
                if not (self.namespace and error.status == 403):
                    self._print_unknown(error)
                continue
            for leftover in leftovers:
                self._print(f"  {leftover.title}", leftover.disposition)
            removable += [leftover for leftover in leftovers if leftover.disposition.removable]
        return removable

    def _print(self, title: str, disposition: Disposition) -> None:
        outcome = "stays"
        if disposition.removable:
            outcome = "would be removed" if self.dry_run else "removed"
        print(printable(f"{title}: {outcome}; {disposition.reason}"))

    def _print_unknown(self, error: errors.PodshareError) -> None:
        """Print why something could not be inspected or removed."""
        print_error(error)
        self._status = _UNKNOWN


def _connect(settings: KindSettings) -> Cluster:
    return connection.connect(
        "kind",
        settings.name,
        kubeconfig=settings.kubeconfig,
        context=f"kind-{settings.name}",
        allowed_contexts=(),
        deadline=Deadline(_CONNECT_TIMEOUT),
    )
