"""The provider of existing clusters: any context of a kubeconfig that the guard allows."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_podshare.deadline import Deadline, Timeouts

if TYPE_CHECKING:
    from pytest_podshare.cluster import connection


@dataclasses.dataclass(frozen=True)
class ExistingSettings:
    """Settings of an existing cluster.

    Args:
        kubeconfig: the kubeconfig file; None for kubectl's default, or the account of the Pod that
            pytest runs in.
        context: the context; None for the current one.
        allowed_contexts: the contexts whose API server may be on another machine.
        timeouts: how long each step may take.
    """

    kubeconfig: Path | None
    context: str | None
    allowed_contexts: tuple[str, ...]
    timeouts: Timeouts


def connect_existing(settings: ExistingSettings) -> connection.Cluster:
    """Connect to the cluster.

    Raises:
        ContextNotAllowed: it is not on this machine, and its context is not allowed.
        ClusterUnreachable: it does not answer.
    """
    # imported late, since it imports the Kubernetes client, which the settings do without
    from pytest_podshare.cluster import connection

    return connection.connect(
        "existing",
        None,
        kubeconfig=settings.kubeconfig,
        context=settings.context,
        allowed_contexts=settings.allowed_contexts,
        deadline=Deadline(settings.timeouts.exec),
    )
