"""The namespaces of a run: its own, or one that is somebody's and stays."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
import time
from collections.abc import Callable
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster import ownership
from pytest_podshare.cluster.ownership import RUN_LABEL, Ownership
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube import watch
from pytest_podshare.kube.client import Api, pod_path

__all__ = ["RUN_LABEL", "Kept", "Namespaces", "SharedNamespace"]

_Pods = tuple[tuple[str, tuple[str, ...]], ...]
_COLLECTION = "/api/v1/namespaces"


@dataclasses.dataclass(frozen=True)
class Kept:
    """A namespace that stays there for a look.

    Args:
        name: its name.
        test: the test that it is kept for.
        until: when it may go, `2026-11-22T12:00:00Z`.
        pods: its Pods, each with its containers.
    """

    name: str
    test: str
    until: str
    pods: _Pods


class Namespaces:
    """Makes namespaces for one run and deletes those it made, by their UID.

    Args:
        api: the cluster's connection.
        run_id: the run, as the label's value.
        now: the time of day.
    """

    def __init__(self, api: Api, run_id: str, *, now: Callable[[], float] = time.time) -> None:
        self._api = api
        self._run_id = run_id
        self._now = now
        self._made: dict[str, str] = {}
        self._expires: dict[str, float] = {}
        # for which test each is kept, and those that need nothing more
        self._kept: dict[str, str] = {}
        self._settled: set[str] = set()

    def __repr__(self) -> str:
        return f"<Namespaces of run {self._run_id}: {', '.join(self._made) or 'none'}>"

    def kept(self) -> tuple[Kept, ...]:
        """Those that stay there when the run is over; their Pods as far as they can be had."""
        return tuple(
            Kept(name, test, ownership.text(self._expires[name]), _pods(self._api, name))
            for name, test in self._kept.items()
        )

    def make(self, deadline: Deadline) -> str:
        """Make one, and wait until Pods can be made in it.

        Returns:
            Its name.

        Raises:
            NoNamespace: the account may not make any.
            ApiError: the API server refuses.
        """
        name = f"podshare-{self._run_id}-{secrets.token_hex(2)}"
        its, metadata = Ownership.of(self._run_id, now=self._now()), {"name": name}
        its.put(metadata)
        try:
            made = self._api.post(_COLLECTION, {"kind": "Namespace", "metadata": metadata})
        except errors.MissingRight as error:
            raise errors.NoNamespace(
                f"No namespace can be made for a test: {error.details}",
                errors.Remedy(
                    "Name one that is there with {}, or let the account create, get and delete"
                    " namespaces.",
                    "namespace",
                ),
            ) from None
        self._made[name] = made["metadata"]["uid"]
        self._expires[name] = its.expires or 0.0
        # without its default service account a namespace refuses every Pod
        accounts = f"{_COLLECTION}/{name}/serviceaccounts"
        watch.wait_for(self._api, accounts, "default", lambda seen: seen is not None, deadline)
        return name

    def delete(self, name: str) -> None:
        """Have one deleted, without waiting; its Pods get a second instead of thirty.

        A namespace that this object did not make is left alone, and one that is kept is told so.
        """
        uid = self._made.get(name)
        if uid is None:
            return
        if name in self._kept:
            self._leave(name)
            return
        try:
            self._api.delete(pod_path(name), gracePeriodSeconds=1)
            self._api.delete(f"{_COLLECTION}/{name}", preconditions={"uid": uid})
            self._settled.add(name)
        except errors.ApiError as error:
            # gone already, or another namespace by now, which is not ours
            if error.status not in (404, 409):
                raise

    def keep(self, name: str, test: str) -> None:
        """Have one stay there for a look, instead of being deleted.

        Args:
            name: one that this object made; any other is left alone.
            test: what it is kept for; of several tests, the first.
        """
        if name in self._made and name not in self._settled:
            self._kept.setdefault(name, test)

    def extend(self) -> None:
        """Put off when those may go that are in use; asks nobody until half of it is over."""
        for name, expires in tuple(self._expires.items()):
            if name not in self._settled and expires - self._now() < ownership.LIFE / 2:
                with contextlib.suppress(errors.PodshareError):
                    later = ownership.text(self._now() + ownership.LIFE)
                    self._put_off(name, {ownership.EXPIRES: later})

    def wait_until_gone(self, deadline: Deadline) -> tuple[str, ...]:
        """Wait for the deletions.

        Returns:
            The namespaces that are still there when the deadline is over.
        """
        return poll(
            self._left, until=lambda left: not left, deadline=deadline, first=0.05, most=0.5
        )

    def delete_all(self) -> None:
        """Have every namespace deleted that this object made, unless its deletion has begun."""
        for name in tuple(self._made):
            if name not in self._settled:
                self.delete(name)

    def _left(self) -> tuple[str, ...]:
        listed = self._api.get(_COLLECTION, labelSelector=f"{RUN_LABEL}={self._run_id}")
        there = {each["metadata"]["uid"] for each in listed["items"]}
        return tuple(
            name for name, uid in self._made.items() if uid in there and name not in self._kept
        )

    def _leave(self, name: str) -> None:
        try:
            self._put_off(name, ownership.kept_for(self._kept[name], self._now()))
            self._settled.add(name)
        except errors.ApiError as error:
            # somebody has deleted it: there is nothing to look at
            if error.status != 404:
                raise
            del self._kept[name]
            self._settled.add(name)

    def _put_off(self, name: str, told: dict[str, str]) -> None:
        self._api.patch(f"{_COLLECTION}/{name}", {"metadata": {"annotations": told}})
        self._expires[name] = ownership.moment(told[ownership.EXPIRES]) or 0.0


class SharedNamespace:
    """A namespace that all tests of a run share: never created here, and never deleted.

    Used as `Namespaces` is; what is deployed into it is removed object by object.

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
        return f"<SharedNamespace {self.name}>"

    def make(self, _deadline: Deadline) -> str:
        """Return its name; nothing is created."""
        return self.name

    def delete(self, _name: str) -> None:
        """Leave it alone."""

    def delete_all(self) -> None:
        """Leave it alone."""

    def extend(self) -> None:
        """Do nothing: what is in it is there for a test, and not for a run."""

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
        """Return the namespace, if something of ours stays in it."""
        if not self._kept:
            return ()
        until = ownership.text(self._now() + ownership.KEPT_LIFE)
        ours = f"{RUN_LABEL}={self._run_id}"
        return (Kept(self.name, self._kept, until, _pods(self._api, self.name, ours)),)


def _pods(api: Api, namespace: str, labels: str = "") -> _Pods:
    """Return the Pods of a namespace, each with its containers; none if they cannot be listed."""
    query: dict[str, Any] = {"labelSelector": labels} if labels else {}
    try:
        pods = api.get(pod_path(namespace), **query)["items"]
    except errors.PodshareError:
        return ()
    return tuple(
        (pod["metadata"]["name"], tuple(each["name"] for each in pod["spec"]["containers"]))
        for pod in pods
    )
