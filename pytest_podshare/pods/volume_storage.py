"""What is behind the volumes of live Pods, down to the PersistentVolume of a claim."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.containers.live_pod import LivePod
from pytest_podshare.wiring.storage import PodPlace, Storage, find_source, find_storage

# fields of a PersistentVolume's spec that are mappings, but not its source
_NOT_SOURCES = ("capacity", "claimRef", "nodeAffinity")


def storage_of(pod: LivePod, volume: str) -> Storage | None:
    """Return what is behind a Pod's volume, by its spec; None if it is that Pod's alone."""
    spec = pod.wiring.volume(volume)
    return find_storage(spec, _place(pod)) if spec else None


def claimed_storage_of(pod: LivePod, volume: str) -> Storage | None:
    """Return what is behind the PersistentVolume of a volume's claim.

    Two PersistentVolumes can have one source, of which their claims know nothing. Returns the
    volume's own source if it has no claim, and the claim if its PersistentVolume is unknown: the
    account may lack the permission to read it.

    Raises:
        ClusterUnreachable: the API server does not answer, so that nothing is known.
    """
    storage = storage_of(pod, volume)
    with contextlib.suppress(errors.ApiError):
        if storage is not None and (name := volume_name_of(pod, storage)):
            live = pod.api.get(f"/api/v1/persistentvolumes/{name}")
            return _find_source(live["spec"], pod) or storage
    return storage


def volume_name_of(pod: LivePod, storage: Storage) -> str:
    """Return the name of the PersistentVolume of a claim; "" if it has none, or is no claim.

    Raises:
        ClusterError: the claim cannot be read.
    """
    kind, *names = storage.key
    if kind != "claim":
        return ""
    namespace, claim = names
    live = pod.api.get(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{claim}")
    return str(live["spec"].get("volumeName") or "")


def _place(pod: LivePod) -> PodPlace:
    return PodPlace(pod.namespace, pod.name, pod.node)


def _find_source(spec: Mapping[str, Any], pod: LivePod) -> Storage | None:
    sources = (
        find_source(kind, fields, _place(pod))
        for kind, fields in spec.items()
        if isinstance(fields, Mapping) and kind not in _NOT_SOURCES
    )
    return next((source for source in sources if source), None)
