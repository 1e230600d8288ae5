"""Which starting Pods have failed for good: states that last, and mounts that fail again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube import permanent_states, pod_status
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.events import Event, list_events
from pytest_podshare.kube.watch import Object, Objects
from pytest_podshare.wiring.workloads import is_workload

# seconds between two looks at Events, and until the first one: most Pods are ready earlier
INTERVAL = 2.0
# seconds for the API server to list Events, which must not delay a Pod that is ready
_TIMEOUT = 2.0
_FAILED_MOUNT = "FailedMount"
# reasons of an autoscaler that adds a node
_SCALE_UP = ("TriggeredScaleUp", "Nominated")
# kinds that create no other objects; a kind that is not built in may create a ConfigMap or Secret
_INERT_KINDS = frozenset(
    (
        *("ConfigMap", "Secret", "PersistentVolumeClaim", "PersistentVolume", "StorageClass"),
        *("Service", "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"),
        *("NetworkPolicy", "PodDisruptionBudget", "Namespace", "Ingress", "PriorityClass"),
        *("LimitRange", "ResourceQuota", "HorizontalPodAutoscaler"),
    )
)


class StartFailures:
    """The failures of Pods that are starting; ask again after each change, and at intervals.

    Args:
        api: the API server.
        namespace: the Pods' namespace.
        deadline: when the Pods must be ready; only its clock is used.
        documents: the other objects that are deployed, which may create what a Pod waits for.
    """

    def __init__(
        self,
        api: Api,
        namespace: str,
        deadline: Deadline,
        documents: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        self._api, self._namespace, self._clock = api, namespace, deadline.clock
        self._has_creator = any(_may_create_objects(document) for document in documents)
        # how each Pod has failed, and since when
        self._first_seen: dict[str, tuple[type[errors.PodError], float]] = {}
        # how often each failing mount had failed when it was first seen
        self._first_counts: dict[tuple[str, str], int] = {}
        self._next_look = self._clock.monotonic() + INTERVAL
        self._may_list = True
        self._failed_mounts: tuple[Event, ...] = ()

    def find(self, pod: Object, objects: Objects) -> errors.PodError | None:
        """Return the error of a Pod that has failed for good; None for any other.

        Args:
            pod: the Pod at this moment.
            objects: all watched Pods.
        """
        failure, uid = pod_status.find_failure(pod), pod["metadata"]["uid"]
        if failure is None:
            self._first_seen.pop(uid, None)
            return self._find_failed_mount(pod, objects)
        now, kind = self._clock.monotonic(), type(failure.error)
        if self._first_seen.get(uid, (None, 0.0))[0] is not kind:
            self._first_seen[uid] = (kind, now)
        if now - self._first_seen[uid][1] < failure.lasts:
            return None
        if isinstance(failure.error, errors.PodUnschedulable) and self._adds_node(pod):
            return None
        return failure.error

    def _adds_node(self, pod: Object) -> bool:
        """Return whether an autoscaler has reported that it adds a node for a Pod."""
        found = self._list(uid=pod["metadata"]["uid"])
        return any(event.reason in _SCALE_UP for event in found)

    def _find_failed_mount(self, pod: Object, objects: Objects) -> errors.PodError | None:
        """Return the error of a mount that has failed again since it was first seen to fail."""
        if not pod_status.is_mounting(pod):
            return None
        self._look()
        uid = pod["metadata"]["uid"]
        for event in self._failed_mounts:
            if event.uid != uid or not _is_permanent(event):
                continue
            key = (uid, event.message)
            if event.count <= self._first_counts.setdefault(key, event.count):
                continue
            if not self._may_succeed(event, pod, objects):
                return _mount_failed(event, pod)
        return None

    def _look(self) -> None:
        """List the failed mounts of all Pods, unless that was done a moment ago."""
        now = self._clock.monotonic()
        if now >= self._next_look:
            self._failed_mounts = self._list(reason=_FAILED_MOUNT)
            self._next_look = self._clock.monotonic() + INTERVAL

    def _list(self, **fields: str) -> tuple[Event, ...]:
        """List Events; () if that fails, which is no reason to give up a Pod."""
        if not self._may_list:
            return ()
        try:
            return list_events(self._api, self._namespace, timeout=_TIMEOUT, **fields)
        except errors.MissingRight:
            self._may_list = False
        except errors.ClusterError:
            pass
        return ()

    def _may_succeed(self, event: Event, pod: Object, objects: Objects) -> bool:
        """Return whether something is there, or deployed, that lets the mount succeed."""
        if "hostPath" in event.message:
            return _is_made_by_others(_volume_name(event), pod, objects)
        if self._has_creator:
            return True
        missing = re.findall(r'(configmap|secret) "([^"]*)" not found', event.message)
        return bool(missing) and all(self._exists(kind, name) for kind, name in missing)

    def _exists(self, kind: str, name: str) -> bool:
        """Return whether an object exists that the kubelet has not found, for example yet."""
        try:
            self._api.get(f"/api/v1/namespaces/{self._namespace}/{kind}s/{name}", timeout=_TIMEOUT)
        except errors.ApiError as error:
            # an account that may not read it learns from the kubelet alone
            return error.status not in (403, 404)
        except errors.ClusterError:
            return True
        return True


def _is_permanent(event: Event) -> bool:
    subject = permanent_states.MOUNT
    return permanent_states.find_permanent_state(subject, event.reason, event.message) is not None


def _may_create_objects(document: Mapping[str, Any]) -> bool:
    """Return whether an object may create others: a custom resource, or a Pod with an account."""
    if is_workload(document):
        return "serviceAccount" in str(document)
    return document.get("kind") not in _INERT_KINDS


def _volume_name(event: Event) -> str:
    found = re.search(r'for volume "([^"]*)"', event.message)
    return found[1] if found else ""


def _list_host_paths(pod: Object) -> list[tuple[str, str, str]]:
    """Return name, path and type of each hostPath volume."""
    volumes = pod.get("spec", {}).get("volumes") or ()
    return [
        (volume["name"], str(source["path"]).rstrip("/"), str(source.get("type") or ""))
        for volume in volumes
        if (source := volume.get("hostPath"))
    ]


def _is_made_by_others(volume: str, pod: Object, objects: Objects) -> bool:
    """Return whether another Pod may create the path of a hostPath.

    It mounts a folder around it, or the kubelet creates the same path for a volume of that Pod.
    """
    own = [(path, kind) for name, path, kind in _list_host_paths(pod) if name == volume]
    others = [
        (path, kind)
        for other in objects.values()
        if other["metadata"]["uid"] != pod["metadata"]["uid"]
        for _, path, kind in _list_host_paths(other)
    ]
    return any(
        path.startswith(f"{around}/") or (path == around and type_ != kind)
        for path, kind in own
        for around, type_ in others
    )


def _mount_failed(event: Event, pod: Object) -> errors.MountFailed:
    name, volume = pod["metadata"]["name"], _volume_name(event)
    if "hostPath" in event.message:
        remedy = "Create it on the node, or change the path or the type of the hostPath."
    elif "non-existent" in event.message:
        remedy = "Add the key, correct its name, or set optional: true."
    else:
        remedy = "Create the ConfigMap or Secret, correct its name, or set optional: true."
    what = f"Pod {name} cannot mount volume {volume}: {event}."
    return errors.MountFailed(what, remedy, volume=volume)
