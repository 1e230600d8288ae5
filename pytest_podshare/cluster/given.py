"""A namespace that is somebody's: used by all tests of a run, never made and never deleted."""

from __future__ import annotations

import time
from collections.abc import Callable

from pytest_podshare import errors
from pytest_podshare.cluster import stamp
from pytest_podshare.cluster.namespaces import Kept
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube.client import Api, pod_path


class GivenNamespace:
    """What `Namespaces` is, where there is one namespace: who deploys into it tidies up as well.

    Args:
        api: the cluster's connection.
        name: the namespace.
        run_id: the run.
        now: the time of day.

    Attributes:
        left: what was deleted and did not go, each by its kind and name.
    """

    def __init__(
        self, api: Api, name: str, run_id: str, *, now: Callable[[], float] = time.time
    ) -> None:
        self.name = name
        self.left: list[str] = []
        self._api = api
        self._run_id = run_id
        self._now = now
        self._kept = ""

    def __repr__(self) -> str:
        return f"<GivenNamespace {self.name}>"

    @property
    def given(self) -> GivenNamespace:
        """Itself, which `Namespaces` has none of."""
        return self

    def make(self, _deadline: Deadline) -> str:
        """Its name; nothing is made."""
        return self.name

    def delete(self, _name: str) -> None:
        """Leave it alone."""

    def delete_all(self) -> None:
        """Leave it alone."""

    def extend(self) -> None:
        """Nothing: what is in it is there for a test, and not for a run."""

    def wait_until_gone(self, _deadline: Deadline) -> tuple[str, ...]:
        """Wait for nothing."""
        return ()

    def keep(self, _name: str, test: str) -> None:
        """Remember that something in it stays there for a look.

        Args:
            test: what it is kept for; of several tests, the first.
        """
        self._kept = self._kept or test

    def kept(self) -> tuple[Kept, ...]:
        """The namespace, if something of ours stays in it."""
        if not self._kept:
            return ()
        until = stamp.text(self._now() + stamp.KEPT_LIFE)
        return (Kept(self.name, self._kept, until, self._pods()),)

    def _pods(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        selector = f"{stamp.RUN_LABEL}={self._run_id}"
        try:
            pods = self._api.get(pod_path(self.name), labelSelector=selector)["items"]
        except errors.PodshareError:
            return ()
        return tuple(
            (pod["metadata"]["name"], tuple(each["name"] for each in pod["spec"]["containers"]))
            for pod in pods
        )
