"""The namespaces of a run: one for each test, or an existing one that all tests share."""

from __future__ import annotations

import contextlib
import dataclasses
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster import ownership
from pytest_podshare.cluster.leftover import NAMESPACES
from pytest_podshare.cluster.ownership import RUN_LABEL, Ownership
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube import watch
from pytest_podshare.kube.client import Api, pod_path

_Pods = tuple[tuple[str, tuple[str, ...]], ...]


@dataclasses.dataclass(frozen=True)
class KeptNamespace:
    """A namespace that is kept for inspection.

    Args:
        name: its name.
        test: the test for which it is kept.
        until: when it expires, `2026-11-22T12:00:00Z`.
        pods: its Pods, each with its containers.
    """

    name: str
    test: str
    until: str
    pods: _Pods


class Namespaces:
    """Creates the namespaces of one run, and deletes those that it has created, by their UID.

    Several threads may use it at once. After `delete_all`, none is created any more.

    Args:
        api: the connection to the cluster.
        run_id: the run.
        now: returns the current time, in seconds since the epoch.
    """

    def __init__(self, api: Api, run_id: str, *, now: Callable[[], float] = time.time) -> None:
        self._api = api
        self._run_id = run_id
        self._now = now
        # held while one is created, so that `delete_all` leaves none out
        self._creation = threading.Lock()
        self._is_over = False
        self._uids: dict[str, str] = {}
        self._expires: dict[str, float] = {}
        # the test for which each is kept
        self._kept: dict[str, str] = {}
        # those that are deleted, or marked as kept
        self._finished: set[str] = set()

    def __repr__(self) -> str:
        return f"<Namespaces of run {self._run_id}: {', '.join(self._uids) or 'none'}>"

    def kept(self) -> tuple[KeptNamespace, ...]:
        """Return the namespaces that stay after the run, with the Pods in them if readable."""
        return tuple(
            KeptNamespace(
                name, test, ownership.format_time(self._expires[name]), _list_pods(self._api, name)
            )
            for name, test in self._kept.copy().items()
        )

    def create(self, deadline: Deadline) -> str:
        """Create a namespace, wait until it accepts Pods, and return its name.

        Raises:
            NoNamespace: the account may not create namespaces, or the run is over.
        """
        name = f"podshare-{self._run_id}-{secrets.token_hex(2)}"
        owner, metadata = Ownership.for_run(self._run_id, now=self._now()), {"name": name}
        owner.write(metadata)
        try:
            self._post(metadata, owner.expires or 0.0)
        except errors.MissingRight as error:
            raise errors.NoNamespace(
                f"Cannot create a namespace for a test: {error.details}",
                errors.Remedy(
                    "Name an existing namespace with {}, or allow the account to create, get and"
                    " delete namespaces.",
                    "namespace",
                ),
            ) from None
        # a namespace rejects Pods until it has its default service account
        accounts = f"{NAMESPACES}/{name}/serviceaccounts"
        watch.wait_for(self._api, accounts, "default", lambda seen: seen is not None, deadline)
        return name

    def delete(self, name: str) -> None:
        """Start to delete a namespace, or mark it as kept; ignore one that this run did not create.

        Its Pods get one second to end instead of thirty.
        """
        uid = self._uids.get(name)
        if uid is None:
            return
        if name in self._kept:
            self._mark_as_kept(name)
            return
        try:
            self._api.delete(pod_path(name), gracePeriodSeconds=1)
            self._api.delete(f"{NAMESPACES}/{name}", preconditions={"uid": uid})
            self._finished.add(name)
        except errors.ApiError as error:
            # already deleted, or replaced by a namespace that is not this run's
            if error.status not in (404, 409):
                raise

    def keep(self, name: str, test: str) -> None:
        """Keep a namespace of this run for the inspection of a test; of several, the first."""
        if name in self._uids and name not in self._finished:
            self._kept.setdefault(name, test)

    def extend_expiry(self) -> None:
        """Extend the expiry of namespaces in use; send nothing in the first half of their life."""
        for name, expires in self._expires.copy().items():
            if name not in self._finished and expires - self._now() < ownership.LIFETIME / 2:
                with contextlib.suppress(errors.PodshareError):
                    expiry = ownership.format_time(self._now() + ownership.LIFETIME)
                    self._annotate(name, {ownership.EXPIRES_ANNOTATION: expiry})

    def wait_until_deleted(self, deadline: Deadline) -> tuple[str, ...]:
        """Wait until the deleted namespaces are gone; return those that remain."""
        return poll(self._remaining, until=lambda names: not names, deadline=deadline, first=0.05)

    def delete_all(self) -> None:
        """Start to delete every namespace of this run whose deletion has not started."""
        with self._creation:
            self._is_over = True
        for name in tuple(self._uids):
            if name not in self._finished:
                self.delete(name)

    def _post(self, metadata: dict[str, Any], expires: float) -> None:
        with self._creation:
            if self._is_over:
                raise errors.NoNamespace(
                    "The run is over, and creates no namespaces any more.",
                    "Create the namespaces of tests before the run ends.",
                )
            live = self._api.post(NAMESPACES, {"kind": "Namespace", "metadata": metadata})
            self._uids[metadata["name"]] = live["metadata"]["uid"]
            self._expires[metadata["name"]] = expires

    def _remaining(self) -> tuple[str, ...]:
        listed = self._api.get(NAMESPACES, labelSelector=f"{RUN_LABEL}={self._run_id}")
        existing = {namespace["metadata"]["uid"] for namespace in listed["items"]}
        return tuple(
            name
            for name, uid in self._uids.copy().items()
            if uid in existing and name not in self._kept
        )

    def _mark_as_kept(self, name: str) -> None:
        try:
            self._annotate(name, ownership.keep_annotations(self._kept[name], self._now()))
        except errors.ApiError as error:
            # if it was deleted meanwhile, there is nothing to inspect
            if error.status != 404:
                raise
            del self._kept[name]
        self._finished.add(name)

    def _annotate(self, name: str, annotations: dict[str, str]) -> None:
        self._api.patch(f"{NAMESPACES}/{name}", {"metadata": {"annotations": annotations}})
        expiry = annotations[ownership.EXPIRES_ANNOTATION]
        self._expires[name] = ownership.parse_time(expiry) or 0.0


class SharedNamespace(Namespaces):
    """An existing namespace that all tests of a run share; never created or deleted.

    What tests deploy into it is deleted object by object. Such an object is not extended, since it
    belongs to a test, which is shorter than its lifetime.

    Args:
        api: the connection to the cluster.
        name: the namespace.
        run_id: the run.
        now: returns the current time, in seconds since the epoch.

    Attributes:
        undeleted: the kind and name of each object whose deletion did not finish.
    """

    def __init__(
        self, api: Api, name: str, run_id: str, *, now: Callable[[], float] = time.time
    ) -> None:
        super().__init__(api, run_id, now=now)
        self.name = name
        self.undeleted: list[str] = []
        self._kept_for = ""

    def __repr__(self) -> str:
        return f"<SharedNamespace {self.name}>"

    def create(self, _deadline: Deadline) -> str:
        """Return the name of the namespace."""
        return self.name

    def wait_until_deleted(self, _deadline: Deadline) -> tuple[str, ...]:
        """Return nothing."""
        return ()

    def keep(self, _name: str, test: str) -> None:
        """Remember that objects are kept in it for a test; of several, the first."""
        self._kept_for = self._kept_for or test

    def kept(self) -> tuple[KeptNamespace, ...]:
        """Return the namespace if objects of this run are kept in it."""
        if not self._kept_for:
            return ()
        until = ownership.format_time(self._now() + ownership.KEPT_LIFETIME)
        pods = _list_pods(self._api, self.name, labelSelector=f"{RUN_LABEL}={self._run_id}")
        return (KeptNamespace(self.name, self._kept_for, until, pods),)


def _list_pods(api: Api, namespace: str, **query: Any) -> _Pods:
    """Return the Pods of a namespace, each with its containers; none if they cannot be listed."""
    try:
        pods = api.get(pod_path(namespace), **query)["items"]
    except errors.PodshareError:
        return ()
    return tuple(
        (pod["metadata"]["name"], tuple(spec["name"] for spec in pod["spec"]["containers"]))
        for pod in pods
    )
