"""An object that a run has left on a cluster, and how it is removed."""

from __future__ import annotations

import dataclasses
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster import ownership
from pytest_podshare.cluster.ownership import CORDON_LABEL, Disposition, Ownership
from pytest_podshare.kube.client import Api, pod_path

NAMESPACES, NODES = "/api/v1/namespaces", "/api/v1/nodes"
# seconds after which an object that is still being deleted counts as stuck
_STUCK_AFTER = 60.0
# seconds that the containers of a deleted namespace get to end
_GRACE_PERIOD = 1
_NOT_FOUND, _CONFLICT = 404, 409

# a merge patch that removes a cordon and its ownership
UNCORDON_PATCH: dict[str, Any] = {
    "metadata": {
        "labels": {CORDON_LABEL: None},
        "annotations": dict.fromkeys(ownership.ANNOTATIONS),
    },
    "spec": {"unschedulable": None},
}


@dataclasses.dataclass(frozen=True)
class Leftover:
    """An object that podshare created, or a node that it cordoned.

    Args:
        title: its kind and name, `namespace podshare-1a2b`.
        path: its path on the API server.
        live: the object as the API server returned it.
        ownership: whose it is.
        disposition: whether it may be removed.
    """

    title: str
    path: str
    live: dict[str, Any]
    ownership: Ownership
    disposition: Disposition

    @property
    def is_terminating(self) -> bool:
        """Return whether it is being deleted."""
        return "deletionTimestamp" in self.live["metadata"]

    def is_stuck(self, now: float) -> bool:
        """Return whether its deletion takes too long; most take less than ten seconds."""
        deleted = ownership.parse_time(self.live["metadata"].get("deletionTimestamp", ""))
        return deleted is not None and deleted + _STUCK_AFTER < now

    @property
    def is_node(self) -> bool:
        """Return whether it is a cordoned node, which is uncordoned and not deleted."""
        return self.path.startswith(f"{NODES}/")

    def remove(self, api: Api) -> None:
        """Delete the object, or uncordon the node, unless it has changed or is gone."""
        try:
            if self.is_node:
                self._uncordon(api)
                return
            metadata = self.live["metadata"]
            # an object whose run has extended it has another version, and stays
            unchanged = {key: metadata[key] for key in ("uid", "resourceVersion")}
            if not self.is_terminating:
                api.delete(self.path, preconditions=unchanged, propagationPolicy="Background")
            if self.path == f"{NAMESPACES}/{metadata['name']}":
                api.delete(pod_path(metadata["name"]), gracePeriodSeconds=_GRACE_PERIOD)
        except errors.ApiError as error:
            if error.status not in (_NOT_FOUND, _CONFLICT):
                raise

    def _uncordon(self, api: Api) -> None:
        live = self.live
        # unless another drain owns the cordon by now
        while Ownership.read(live["metadata"], CORDON_LABEL) == self.ownership:
            version = {"resourceVersion": live["metadata"]["resourceVersion"]}
            metadata = {**UNCORDON_PATCH["metadata"], **version}
            try:
                api.patch(self.path, {**UNCORDON_PATCH, "metadata": metadata})
            except errors.ApiError as error:
                if error.status != _CONFLICT:
                    raise
            else:
                return
            # the kubelet updates its node now and then
            live = api.get(self.path)

    def read_blocker(self, api: Api) -> str | None:
        """Return what blocks the deletion, in the API server's words; None if it is done."""
        try:
            live = api.get(self.path)
        except errors.ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        if self.is_node or live["metadata"]["uid"] != self.live["metadata"]["uid"]:
            return None
        return deletion_blocker(live)


def deletion_blocker(live: dict[str, Any]) -> str:
    """Return what blocks the deletion of an object: finalizers, its own or those of its content."""
    messages = [
        condition["message"]
        for condition in live.get("status", {}).get("conditions") or ()
        if condition["status"] == "True" and condition["type"].startswith("Namespace")
    ]
    finalizers = live["metadata"].get("finalizers")
    if not messages and finalizers:
        messages = [f"finalizers: {', '.join(finalizers)}"]
    return " ".join(messages) or "nothing that the API server reports"
