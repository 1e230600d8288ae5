"""What killed runs left: find it, print what happens to it, and remove it."""

from __future__ import annotations

import dataclasses
import functools
import time
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.cli.error_output import print_error
from pytest_podshare.cluster import cleanup, connection, existing
from pytest_podshare.cluster.cleanup import Leftover
from pytest_podshare.cluster.existing import ExistingSettings
from pytest_podshare.cluster.kind import abandoned, binary
from pytest_podshare.cluster.kind.binary import KindSettings
from pytest_podshare.cluster.ownership import Disposition, Ownership
from pytest_podshare.deadline import Deadline, Timeouts
from pytest_podshare.escaping import printable
from pytest_podshare.kube.client import Api

_REMOVED, _STUCK, _UNKNOWN = 0, 1, 2
# seconds for an API server to answer
_CONNECT_TIMEOUT = 10.0


@dataclasses.dataclass(frozen=True)
class CleanOptions:
    """The options of `podshare clean`, under their names."""

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


def remove(options: CleanOptions) -> int:
    """Remove what killed runs left; return the exit status."""
    cleaner = _Cleaner(options)
    try:
        if options.provider == "existing":
            cleaner.clean_existing()
        else:
            cleaner.clean_kind()
    except errors.PodshareError as error:
        cleaner.print_unknown(error)
    if cleaner.status == _REMOVED and not options.dry_run:
        print("nothing left to remove")
    return cleaner.status


class _Cleaner:
    """Cleans clusters, and keeps the exit status."""

    def __init__(self, options: CleanOptions) -> None:
        self.status = _REMOVED
        self._options = options
        self._now = time.time()

    def print_unknown(self, error: errors.PodshareError) -> None:
        """Print why something could not be inspected or removed."""
        print_error(error)
        self.status = _UNKNOWN

    def clean_existing(self) -> None:
        """Clean an existing cluster."""
        options = self._options
        cluster = existing.bring_up(
            ExistingSettings(
                options.kubeconfig, options.context or None, options.allow_context, Timeouts()
            )
        )
        print(f"cluster {printable(cluster.server)}")
        try:
            self._clean(cluster.api)
        finally:
            cluster.close()

    def clean_kind(self) -> None:
        """Clean the kind clusters that runs on this machine have used, or one of them."""
        options, state = self._options, binary.default_state()
        known = abandoned.names(state)
        names = [name for name in known if options.cluster_name in ("", name)]
        if options.cluster_name and not names:
            raise errors.ClusterUnreachable(
                f"No run on this machine has used the kind cluster {options.cluster_name!r}.",
                f"Choose one that was used: {', '.join(known) or 'there is none'}.",
            )
        settings = [KindSettings.of(name, state, kind_bin=options.kind_bin) for name in names]
        running = binary.clusters(settings[0]) if settings else ()
        for cluster in settings:
            try:
                disposition = abandoned.clear(
                    cluster, running, named=options.run, dry=options.dry_run
                )
                if disposition is not None:
                    self._print(f"kind cluster {cluster.name}", disposition)
                    if not disposition.goes:
                        self._clean_inside(cluster)
            except errors.PodshareError as error:
                self.print_unknown(error)

    def _clean_inside(self, settings: KindSettings) -> None:
        """Clean a kind cluster that stays."""
        cluster = connection.connect(
            "kind",
            settings.name,
            kubeconfig=settings.kubeconfig,
            context=f"kind-{settings.name}",
            allowed=(),
            deadline=Deadline(_CONNECT_TIMEOUT),
        )
        try:
            self._clean(cluster.api)
        finally:
            cluster.close()

    def _clean(self, api: Api) -> None:
        removable = self._find(api)
        if self._options.dry_run:
            return
        for leftover in removable:
            try:
                leftover.remove(api)
            except errors.ApiError as error:
                self.print_unknown(error)
        timeout = self._options.timeout
        for what, reason in cleanup.gone(api, removable, Deadline(timeout)).items():
            print(printable(f"  {what}: still exists after {timeout:g} s, held by: {reason}"))
            self.status = max(self.status, _STUCK)

    def _find(self, api: Api) -> list[Leftover]:
        """Print what was found; return what can be removed."""
        searches = [cleanup.nodes, cleanup.namespaces, cleanup.cluster_scoped]
        namespace = self._options.namespace
        if namespace:
            searches.append(functools.partial(cleanup.within, namespace=namespace))
        removable: list[Leftover] = []
        for search in searches:
            try:
                found = search(api, self._judge)
            except errors.ApiError as error:
                # an account that is limited to a namespace cannot have left anything elsewhere
                if not (namespace and error.status == 403):
                    self.print_unknown(error)
                continue
            for leftover in found:
                self._print(f"  {leftover.what}", leftover.fate)
            removable += [leftover for leftover in found if leftover.fate.goes]
        return removable

    def _judge(self, ownership: Ownership) -> Disposition:
        return ownership.fate(self._now, named=self._options.run)

    def _print(self, what: str, disposition: Disposition) -> None:
        outcome = "stays"
        if disposition.goes:
            outcome = "would be removed" if self._options.dry_run else "removed"
        print(printable(f"{what}: {outcome}; {disposition.why}"))
