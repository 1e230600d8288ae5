"""Evictions by the kubelet: how they are recognised, and what the Pod exceeded.

A kubelet that evicts a Pod records the Event `Evicted`, and then ends the containers. It sets the
Pod's `status.reason` only if one of them fails: if all handle SIGTERM and exit with 0, the Pod ends
in phase `Succeeded` without a reason, and only the Event tells (pkg/kubelet/eviction,
`evictPod`). The Event also outlives a Pod that its controller deletes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.events import list_events

# the reason of the Event and of the status; others use it for their Events as well
_REASON, _COMPONENT = "Evicted", "kubelet"
# the words of pkg/kubelet/eviction/helpers.go, by what it was that the Pod exceeded
_MESSAGES = {
    "volume": r'Usage of EmptyDir volume "(?P<name>[^"]*)" exceeds the limit "(?P<limit>[^"]*)"',
    "container": r"Container (?P<name>\S+) exceeded its local ephemeral storage limit"
    r' "(?P<limit>[^"]*)"',
    "pod": r"Pod ephemeral local storage usage exceeds the total limit of containers"
    r" (?P<limit>\S+?)\.?(?:\s|$)",
    "node": r"The node (?:was low on resource|had condition): (?P<name>.*?)\.(?:\s|$)",
}


@dataclasses.dataclass(frozen=True)
class Eviction:
    """An eviction by the kubelet.

    Args:
        message: the kubelet's words.
        limited: what has the limit that was exceeded: `volume`, `container`, `pod` (the sum over
            its containers), `node` (it lacked a resource), or "" if the words say something else.
        name: the volume, the container, or what the node lacked; "" for a Pod.
        limit: the limit, as a Kubernetes quantity; "" for a node.
    """

    message: str
    limited: str = ""
    name: str = ""
    limit: str = ""

    @property
    def why(self) -> str:
        """Return what the Pod exceeded, as a clause."""
        clauses = {
            "volume": f"volume {self.name} exceeded its sizeLimit of {self.limit}",
            "container": f"container {self.name} exceeded its ephemeral-storage limit of"
            f" {self.limit}",
            "pod": "it exceeded the ephemeral-storage limits of its containers, in total"
            f" {self.limit}",
            "node": f"its node lacked a resource ({self.name})",
        }
        return clauses.get(self.limited, "it exceeded a limit")

    @property
    def remedy(self) -> str:
        """Return what to do about it, as an imperative sentence."""
        remedies = {
            "volume": f"Raise the sizeLimit of volume {self.name} above {self.limit}, or write"
            " less to it.",
            "container": f"Raise the ephemeral-storage limit of container {self.name} above"
            f" {self.limit}, or write less to its log and its own root file system.",
            "pod": "Raise the ephemeral-storage limits of the containers above a total of"
            f" {self.limit}, or write less to their emptyDir volumes, logs and root file systems.",
            "node": "Free the resource on the node, or request it in the containers' resources.",
        }
        return remedies.get(self.limited, "Raise the limit that the Pod exceeded, or write less.")


def parse_message(message: str) -> Eviction:
    """Return the eviction that the kubelet describes in those words."""
    text = " ".join(message.split())
    for limited, pattern in _MESSAGES.items():
        if found := re.match(pattern, text):
            return Eviction(text, limited, **found.groupdict())
    return Eviction(text)


def read_status(pod: Mapping[str, Any]) -> Eviction | None:
    """Return the eviction that a Pod's status reports; None if it reports none."""
    status = pod.get("status") or {}
    is_evicted = status.get("reason") == _REASON
    return parse_message(str(status.get("message") or "")) if is_evicted else None


def find_event(
    api: Api, namespace: str, uid: str, *, timeout: float | None = None
) -> Eviction | None:
    """Return the eviction that an Event reports; None if there is no such Event.

    Args:
        api: the API server.
        namespace: the Pod's namespace.
        uid: the Pod's metadata.uid; the Pod may be gone.
        timeout: seconds for the API server to answer; None for the default.

    Raises:
        ClusterError: the API server does not list the Events.
    """
    found = [
        event
        for event in list_events(api, namespace, timeout=timeout, uid=uid, reason=_REASON)
        if event.component == _COMPONENT
    ]
    return parse_message(found[-1].message) if found else None


def find_eviction(
    api: Api,
    namespace: str,
    uid: str,
    pod: Mapping[str, Any] | None = None,
    *,
    timeout: float | None = None,
) -> Eviction | None:
    """Return the eviction of a Pod, by its status or by an Event; None if none is known.

    The other arguments are those of `find_event`, whose errors mean that none is known.

    Args:
        api: the API server.
        namespace: the Pod's namespace.
        uid: the Pod's metadata.uid.
        pod: the Pod as it is now; None if it is gone.
        timeout: seconds for the API server to answer; None for the default.
    """
    is_same = pod is not None and pod["metadata"]["uid"] == uid
    if pod is not None and is_same and (eviction := read_status(pod)) is not None:
        return eviction
    with contextlib.suppress(errors.ClusterError):
        return find_event(api, namespace, uid, timeout=timeout)
    return None


def to_error(pod: str, eviction: Eviction) -> errors.PodGone:
    """Return the error of an evicted Pod of that name."""
    what = f"Pod {pod} was evicted: {eviction.message}"
    return errors.PodGone(what, eviction.remedy, eviction=eviction.message)
