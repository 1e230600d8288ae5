"""The objects of a manifest: create them, and later delete or keep them.

In a namespace that stays, the API server's own rule, one object for each name, makes tests and
workers take turns: where a living test has an object of the same name, wait until it is deleted.
"""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import operator
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster import ownership
from pytest_podshare.cluster.namespaces import SharedNamespace
from pytest_podshare.cluster.ownership import FIXTURE_LABEL, Ownership
from pytest_podshare.deadline import Deadline, Timeouts, poll
from pytest_podshare.kube import resources
from pytest_podshare.kube.client import Api, pod_path
from pytest_podshare.kube.resources import Resource
from pytest_podshare.kube.watch import Object
from pytest_podshare.pods import admission, dropped_fields
from pytest_podshare.wiring.workloads import is_workload

# seconds for containers to terminate
_GRACE = 1
_ALREADY_EXISTS = "AlreadyExists"


@dataclasses.dataclass
class DeployedObjects:
    """The objects that one `Podshare` creates, and deletes unless they go with its namespace."""

    api: Api
    namespace: str
    run_id: str
    timeouts: Timeouts
    shared_namespace: SharedNamespace | None

    def __post_init__(self) -> None:
        # those that are not deleted with a namespace
        self._remaining: list[Resource] = []
        # as the manifests have them
        self._created: list[tuple[dict[str, Any], Object]] = []
        # each with whether it was taken
        self._warnings: dict[str, bool] = {}
        # needed in a shared namespace only, which has other Pods as well
        self._fixture = secrets.token_hex(4) if self.shared_namespace else ""

    @property
    def selector(self) -> dict[str, Any]:
        """Return the query parameters that narrow a list of Pods to those created here."""
        return {"labelSelector": f"{FIXTURE_LABEL}={self._fixture}"} if self._fixture else {}

    def add_ownership(self, metadata: dict[str, Any]) -> None:
        """Add the labels and annotations that say whose an object is."""
        Ownership.for_run(self.run_id).write(metadata)
        if self._fixture:
            metadata["labels"][FIXTURE_LABEL] = self._fixture

    def create(self, document: dict[str, Any], origin: str) -> Object:
        """Create an object of a manifest, and return it as the API server has it.

        An object without Pods that another manifest contains in the same words is created once.

        Raises:
            DeployRejected: the API server rejects it, or would drop a field.
            MissingRight: the account may not create it.
        """
        original, document = document, self._prepare(document)
        self.add_ownership(document["metadata"])
        try:
            if self.shared_namespace is None:
                created = resources.create(self.api, document, self.namespace)
            else:
                created = self._create_when_free(document, Deadline(self.timeouts.ready))
        except errors.ApiError as error:
            equal = [live for known, live in self._created if known == original]
            if equal and error.reason == _ALREADY_EXISTS and not is_workload(original):
                return equal[0]
            raise admission.rejection(error, origin, document) from None
        self._add_warnings(created.warnings, origin, document)
        self._created.append((copy.deepcopy(original), created.live))
        if self.shared_namespace is not None or not created.is_namespaced:
            self._remaining.append(created)
        return created.live

    def check_fields(self, document: dict[str, Any], origin: str) -> None:
        """Check by a dry run that the API server knows every field of an object.

        Other objections to the object are ignored here.

        Raises:
            FieldDropped: it would drop a field.
        """
        document = self._prepare(document)
        try:
            warnings = resources.try_to_create(self.api, document, self.namespace)
        except errors.ApiError as error:
            dropped = dropped_fields.find_dropped(error, origin, document)
            if dropped is not None:
                raise dropped from None
        else:
            self._add_warnings(warnings, origin, document)

    def warn(self, text: str) -> None:
        """Add a warning for the report, unless it is known."""
        self._warnings.setdefault(text, False)

    def take_warnings(self) -> list[str]:
        """Return the warnings since the last call."""
        # the thread that deploys may add some
        new = [text for text, was_taken in self._warnings.copy().items() if not was_taken]
        self._warnings |= dict.fromkeys(new, True)
        return new

    def keep(self, test: str) -> None:
        """Annotate the objects as kept for a test, so that no later run deletes them."""
        annotations = ownership.keep_annotations(test, time.time())
        while self._remaining:
            # a deleted object need not be kept
            with contextlib.suppress(errors.PodshareError):
                path = self._remaining.pop().path
                self.api.patch(path, {"metadata": {"annotations": annotations}})

    def delete(self, controlled_pods: Callable[[], Sequence[Object]]) -> None:
        """Delete the objects, the last first; wait for it in a namespace that stays; never raises.

        Args:
            controlled_pods: lists the Pods that controllers have created from them.
        """
        if self.shared_namespace is not None and self._remaining:
            self.shared_namespace.undeleted += self._delete_and_wait(
                controlled_pods, Deadline(self.timeouts.delete)
            )
            self._remaining = []
        while self._remaining:
            self._remaining.pop().delete(self.api)

    def _prepare(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return a copy of an object for this namespace."""
        document = copy.deepcopy(document)
        document.setdefault("metadata", {})["namespace"] = self.namespace
        return document

    def _add_warnings(self, warnings: Sequence[str], origin: str, document: dict[str, Any]) -> None:
        for text in warnings:
            self.warn(dropped_fields.describe_warning(text, origin, document))

    def _create_when_free(self, document: dict[str, Any], deadline: Deadline) -> Resource:
        """Create an object once no other test has one of its name."""

        def attempt() -> Resource | errors.ApiError:
            try:
                return resources.create(self.api, document, self.namespace)
            except errors.ApiError as error:
                if error.reason != _ALREADY_EXISTS or not document["metadata"].get("name"):
                    raise
                self._check_that_it_goes(document, error)
                return error

        def is_created(result: object) -> bool:
            return isinstance(result, Resource)

        result = poll(attempt, until=is_created, deadline=deadline, first=0.1, most=1.0)
        if isinstance(result, Resource):
            return result
        raise _name_taken(result, f"another test was still using it after {deadline.seconds:g} s")

    def _check_that_it_goes(self, document: dict[str, Any], error: errors.ApiError) -> None:
        """Check that the existing object will be deleted; delete one that a killed run left."""
        existing = resources.find(self.api, document, self.namespace)
        if existing is None or "deletionTimestamp" in existing.live["metadata"]:
            return
        owner = Ownership.read(existing.live["metadata"])
        if owner is None:
            raise _name_taken(error, "podshare did not create the existing object")
        if owner.disposition(time.time()).removable:
            existing.request_deletion(self.api, _GRACE)
        elif owner.kept_for:
            raise _name_taken(error, f"the existing object is kept for {owner.kept_for}")
        elif owner.is_current_process:
            raise _name_taken(error, "another test of this process uses it")

    def _delete_and_wait(
        self, controlled_pods: Callable[[], Sequence[Object]], deadline: Deadline
    ) -> tuple[str, ...]:
        """Delete the objects and wait; return those that still exist, each as its kind and name."""
        remaining, forbidden = self._remaining[::-1], list[str]()

        def is_done(item: Resource) -> bool:
            try:
                return item.request_deletion(self.api, _GRACE)
            except errors.MissingRight as error:
                forbidden.append(
                    f"{_name(item)} (the account lacks the permission to {error.right})"
                )
                return True

        def delete_remaining() -> list[Resource]:
            nonlocal remaining
            remaining = [item for item in remaining if not is_done(item)]
            return remaining

        try:
            delete_remaining()
            for pod in controlled_pods():
                # of their own accord they take their application's whole grace period
                path = pod_path(pod["metadata"]["namespace"], pod["metadata"]["name"])
                is_done(Resource(path, {"kind": "Pod", **pod}, True))
            poll(delete_remaining, until=operator.not_, deadline=deadline, first=0.1, most=0.5)
        except errors.PodshareError:
            # the API server does not answer; the next run finds them by their labels
            pass
        return (*map(_name, remaining), *forbidden)


def _name(item: Resource) -> str:
    return f"{item.live['kind']} {item.live['metadata']['name']}"


def _name_taken(error: errors.ApiError, why: str) -> errors.ApiError:
    return errors.ApiError(
        f"{error.what}: {why}",
        "Delete the existing object, or use a separate namespace for the tests.",
        status=error.status,
        reason=error.reason,
        details=f"{error.details}: {why}",
    )
