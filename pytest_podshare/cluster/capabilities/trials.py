"""What no question can tell, tried with the smallest Pod or claim that shows it.

The API server may know a field that the kubelet, the container runtime or the kernel does not. Each
gives why it does not work; "" if it does. A refusal is raised. What was made goes again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster import ownership
from pytest_podshare.cluster.capabilities import api_checks
from pytest_podshare.cluster.capabilities.api_checks import CheckContext
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube import container_status, watch
from pytest_podshare.kube.client import pod_path
from pytest_podshare.kube.watch import Object

# seconds for a Pod to show it; the image may have to be pulled
_PATIENCE = 60.0
_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"


def runs(place: CheckContext, manifest: Mapping[str, Any]) -> str:
    """Whether a Pod like that starts."""
    with _made(place, pod_path(place.namespace), manifest) as live:
        return _outcome(place, live, lambda status: status.get("started") is True)


def restarts(place: CheckContext, manifest: Mapping[str, Any]) -> str:
    """Whether the container of a Pod, which ends, is started again."""
    with _made(place, pod_path(place.namespace), manifest) as live:
        return _outcome(place, live, lambda status: status.get("restartCount", 0) > 0)


def binds_claim(place: CheckContext, mode: str) -> str:
    """Whether a storage class, the default one or another, has a volume of that access mode."""
    claims = f"/api/v1/namespaces/{place.namespace}/persistentvolumeclaims"
    with contextlib.ExitStack() as made:
        names = []
        for storage_class in _classes(place):
            claim = made.enter_context(_made(place, claims, _claim(place, mode, storage_class)))
            names.append(claim["metadata"]["name"])
            # some classes wait for the first Pod that uses a claim
            volume = {"name": "v", "persistentVolumeClaim": {"claimName": names[-1]}}
            user = api_checks.pod(
                place, {"volumes": [volume]}, volumeMounts=[{"name": "v", "mountPath": "/v"}]
            )
            made.enter_context(_made(place, pod_path(place.namespace), user))
        if not names:
            return "the cluster has no storage class"
        told = poll(
            lambda: _told_of_claims(place, claims, names),
            until=lambda seen: seen is not None,
            deadline=Deadline(_PATIENCE),
            first=0.2,
            most=1.0,
        )
    return f"no claim was bound within {_PATIENCE:.0f} s" if told is None else told


def _outcome(place: CheckContext, live: Object, shown: Callable[[Mapping[str, Any]], bool]) -> str:
    """Wait until the only container of a Pod shows something, or cannot any more."""

    def settled(seen: Object | None) -> bool:
        return seen is None or shown(_status(seen)) or bool(_hopeless(seen))

    name = live["metadata"]["name"]
    path = pod_path(place.namespace)
    seen = watch.wait_for(place.cluster.api, path, name, settled, Deadline(_PATIENCE))
    if seen is None:
        return f"Pod {name}, made to see whether it works, was deleted by somebody"
    if shown(_status(seen)):
        return ""
    why = _hopeless(seen) or _last_warning(place, name)
    return why or f"its Pod did not start within {_PATIENCE:.0f} s"


def _status(seen: Object) -> Mapping[str, Any]:
    statuses: Sequence[Mapping[str, Any]] = seen.get("status", {}).get("containerStatuses") or [{}]
    return statuses[0]


def _hopeless(seen: Object) -> str:
    reason, message = container_status.permanent_reason(_status(seen))
    if reason:
        return f"{reason}: {message}"
    status = seen.get("status", {})
    if status.get("phase") in ("Failed", "Succeeded"):
        ended = _status(seen).get("state", {}).get("terminated") or {}
        words = " ".join(str(ended.get(key, "")) for key in ("reason", "message"))
        why = status.get("message") or f"its container ended for good with {ended.get('exitCode')}"
        return _line(f"{why} ({_line(words)})")
    return ""


def _last_warning(place: CheckContext, name: str) -> str:
    """What was last complained of; "" where that may not be asked."""
    path = f"/api/v1/namespaces/{place.namespace}/events"
    try:
        listed = place.cluster.api.get(path, fieldSelector=f"involvedObject.name={name}")
    except errors.ApiError:
        return ""
    said = [each for each in listed["items"] if each.get("type") == "Warning"]
    return _line(f"{said[-1]['reason']}: {said[-1]['message']}") if said else ""


def _classes(place: CheckContext) -> list[str | None]:
    """The storage classes but those of tests; the default one where they may not be listed."""
    try:
        listed = place.cluster.api.get(_CLASSES)["items"]
    except errors.ApiError:
        return [None]
    told = (each["metadata"] for each in listed)
    return [
        str(each["name"]) for each in told if ownership.RUN_LABEL not in (each.get("labels") or {})
    ]


def _claim(place: CheckContext, mode: str, storage_class: str | None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"generateName": "podshare-can-"}
    ownership.Ownership.of(place.run_id).put(metadata)
    spec = {"accessModes": [mode], "resources": {"requests": {"storage": "1Mi"}}}
    if storage_class is not None:
        spec["storageClassName"] = storage_class
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def _told_of_claims(place: CheckContext, claims: str, names: list[str]) -> str | None:
    """Why none is bound, once all were refused; "" once one is, None as long as neither is so."""
    api, refused = place.cluster.api, []
    for name in names:
        if api.get(f"{claims}/{name}").get("status", {}).get("phase") == "Bound":
            return ""
        warning = _last_warning(place, name)
        refused += [warning] if warning.startswith("ProvisioningFailed") else []
    return refused[0] if len(refused) == len(names) else None


@contextlib.contextmanager
def _made(place: CheckContext, collection: str, manifest: Mapping[str, Any]) -> Iterator[Object]:
    """An object for as long as it is looked at."""
    api = place.cluster.api
    live = api.post(collection, manifest)
    try:
        yield live
    finally:
        # one that cannot be deleted now goes with its namespace, or is cleaned up by its stamp
        with contextlib.suppress(errors.PodshareError):
            path = f"{collection}/{live['metadata']['name']}"
            api.delete(path, gracePeriodSeconds=1)


def _line(text: str) -> str:
    return " ".join(text.split())
