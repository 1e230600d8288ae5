"""A cluster that is there already: any kubeconfig and context that the guard lets pass."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_podshare.deadline import Deadline, Timeouts

if TYPE_CHECKING:
    from pytest_podshare.cluster import connection


@dataclasses.dataclass(frozen=True)
class ExistingSettings:
    """Which cluster.

    Args:
        kubeconfig: its kubeconfig file; None for kubectl's default, or the account of our own Pod.
        context: its context; None for the file's current one.
        allowed: contexts whose API server may be elsewhere than on this machine.
        timeouts: how long things may take.
    """

    kubeconfig: Path | None
    context: str | None
    allowed: tuple[str, ...]
    timeouts: Timeouts


def bring_up(settings: ExistingSettings) -> connection.Cluster:
    """Connect to it.

    Raises:
        ContextNotAllowed: it is not on this machine, and was not allowed.
        ClusterUnreachable: it does not answer.
    """
    # here, because it brings the Kubernetes client, and settings alone need none
    from pytest_podshare.cluster import connection

    cluster = connection.connect(
        "existing",
        settings.context or "",
        kubeconfig=settings.kubeconfig,
        context=settings.context,
        allowed=settings.allowed,
        deadline=Deadline(settings.timeouts.exec),
    )
    return dataclasses.replace(cluster, name=cluster.api.context)
