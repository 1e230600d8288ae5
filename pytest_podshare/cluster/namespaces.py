"""The namespaces of a run: made with its label, and deleted only by it."""

from __future__ import annotations

import secrets

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube import watching
from pytest_podshare.kube.client import Api, pod_path

RUN_LABEL = "podshare.dev/run"
_COLLECTION = "/api/v1/namespaces"


class Namespaces:
    """Makes namespaces for one run and deletes those it made, by their UID.

    Args:
        api: the cluster's connection.
        run_id: the run, as the label's value.
    """

    def __init__(self, api: Api, run_id: str) -> None:
        self._api = api
        self._run_id = run_id
        self._made: dict[str, str] = {}
        self._deleted: set[str] = set()

    def __repr__(self) -> str:
        return f"<Namespaces of run {self._run_id}: {', '.join(self._made) or 'none'}>"

    def make(self, deadline: Deadline) -> str:
        """Make one, and wait until Pods can be made in it.

        Returns:
            Its name.

        Raises:
            ApiError: the API server refuses.
        """
        name = f"podshare-{self._run_id}-{secrets.token_hex(2)}"
        metadata = {"name": name, "labels": {RUN_LABEL: self._run_id}}
        made = self._api.post(_COLLECTION, {"kind": "Namespace", "metadata": metadata})
        self._made[name] = made["metadata"]["uid"]
        # without its default service account a namespace refuses every Pod
        accounts = f"{_COLLECTION}/{name}/serviceaccounts"
        watching.wait_for(self._api, accounts, "default", lambda seen: seen is not None, deadline)
        return name

    def delete(self, name: str) -> None:
        """Have one deleted, without waiting; its Pods get a second instead of thirty.

        A namespace that this object did not make is left alone.
        """
        uid = self._made.get(name)
        if uid is None:
            return
        try:
            self._api.delete(pod_path(name), gracePeriodSeconds=1)
            self._api.delete(f"{_COLLECTION}/{name}", preconditions={"uid": uid})
            self._deleted.add(name)
        except errors.ApiError as error:
            # gone already, or another namespace by now, which is not ours
            if error.status not in (404, 409):
                raise

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
            if name not in self._deleted:
                self.delete(name)

    def _left(self) -> tuple[str, ...]:
        listed = self._api.get(_COLLECTION, labelSelector=f"{RUN_LABEL}={self._run_id}")
        there = {each["metadata"]["uid"] for each in listed["items"]}
        return tuple(name for name, uid in self._made.items() if uid in there)
