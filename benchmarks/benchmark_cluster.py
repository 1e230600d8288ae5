"""The cluster that is measured on: created if it does not exist, and kept."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from pytest_podshare.closeable import Closeable
from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.cluster.kind.settings import KindSettings, default_state
from pytest_podshare.cluster.ownership import RUN_LABEL
from pytest_podshare.cluster.run import Run
from pytest_podshare.deadline import Deadline, Timeouts, poll
from pytest_podshare.kube.client import Api
from pytest_podshare.pods.deployer import Podshare

SHAREVOL = Path(__file__).parents[1] / "manifests" / "sharevol.yaml"
# Generous, because a benchmark must not fail for being slow.
_TIMEOUTS = Timeouts().scale(4)


class BenchmarkCluster(Closeable):
    """A cluster, configured by the same environment variables as the plugin.

    The cluster itself is kept unless PODSHARE_KEEP_CLUSTER says otherwise. Close this object, or
    use it as a context manager.
    """

    def __init__(self) -> None:
        self.run_id = secrets.token_hex(4)
        kind_bin = os.environ.get("PODSHARE_KIND_BIN")
        settings = KindSettings(
            name=os.environ.get("PODSHARE_CLUSTER_NAME") or "podshare",
            image=os.environ.get("PODSHARE_KIND_IMAGE") or None,
            config=None,
            nodes=int(os.environ.get("PODSHARE_KIND_NODES") or 0) or None,
            kind_bin=Path(kind_bin) if kind_bin else None,
            run_id=self.run_id,
            state=default_state(),
            timeouts=_TIMEOUTS,
        )
        keep = os.environ.get("PODSHARE_KEEP_CLUSTER") or "always"
        self._run = Run(self.run_id, settings, keep=keep, load=())
        self.cluster: Cluster = self._run.open()

    @property
    def api(self) -> Api:
        """Return the connection to the API server."""
        return self.cluster.api

    @property
    def kubeconfig(self) -> Path:
        """Return the kubeconfig file of the cluster."""
        assert self.cluster.kubeconfig is not None
        return self.cluster.kubeconfig

    def close(self) -> None:
        """Delete what this run has created in the cluster; may be called again."""
        self._run.close()
        self._run.release(failed=False)

    @contextlib.contextmanager
    def namespace(self) -> Iterator[str]:
        """Provide a namespace; afterwards, delete it and wait until it no longer exists."""
        namespaces = self._run.namespaces
        name = namespaces.create(Deadline(_TIMEOUTS.ready))
        try:
            yield name
        finally:
            namespaces.delete(name)
            self.wait_until_deleted(f"{RUN_LABEL}={self.run_id}")

    def wait_until_deleted(self, selector: str = RUN_LABEL) -> None:
        """Wait until no namespace has such a label: deleting namespaces keeps the cluster busy."""
        poll(
            lambda: self.api.get("/api/v1/namespaces", labelSelector=selector)["items"],
            until=lambda left: not left,
            deadline=Deadline(_TIMEOUTS.delete),
            first=0.1,
        )

    @contextlib.contextmanager
    def podshare(self) -> Iterator[Podshare]:
        """Provide what the fixture `podshare` provides, in a namespace of its own."""
        with (
            self.namespace() as name,
            Podshare(self.cluster, name, run_id=self.run_id, timeouts=_TIMEOUTS) as podshare,
        ):
            yield podshare
