"""Check capabilities by trial: create the smallest Pod or claim that shows whether they work.

The kubelet, the container runtime or the kernel may not support a field that the API server knows.
Each trial returns why it failed; "" if it succeeded. An error of the API server is raised. The
objects are deleted after the trial.
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
from pytest_podshare.kube.events import list_events
from pytest_podshare.kube.watch import Object

# seconds for a trial, in which the image may have to be pulled
_TIMEOUT = 60.0
_STORAGE_CLASSES = "/apis/storage.k8s.io/v1/storageclasses"


def try_start(context: CheckContext, manifest: Mapping[str, Any]) -> str:
    """Try to start a Pod."""
    return _try_pod(context, manifest, lambda status: status.get("started") is True)


def try_restart(context: CheckContext, manifest: Mapping[str, Any]) -> str:
    """Try whether the container of a Pod is restarted after it has ended."""
    return _try_pod(context, manifest, lambda status: status.get("restartCount", 0) > 0)


def try_claim(context: CheckContext, access_mode: str) -> str:
    """Try to bind a claim with that access mode, by any StorageClass."""
    claims = f"/api/v1/namespaces/{context.namespace}/persistentvolumeclaims"
    with contextlib.ExitStack() as stack:
        names = []
        for storage_class in _list_storage_classes(context):
            manifest = _build_claim(context, access_mode, storage_class)
            claim = stack.enter_context(_temporary(context, claims, manifest))
            names.append(claim["metadata"]["name"])
            # some StorageClasses wait for the first Pod that uses a claim
            source = {"persistentVolumeClaim": {"claimName": names[-1]}}
            pod = api_checks.build_pod_with_volume(context, source)
            stack.enter_context(_temporary(context, pod_path(context.namespace), pod))
        if not names:
            return "the cluster has no StorageClass"
        failure = poll(
            lambda: _claims_failure(context, claims, names),
            until=lambda result: result is not None,
            deadline=Deadline(_TIMEOUT),
            first=0.2,
            most=1.0,
        )
    return f"no claim was bound within {_TIMEOUT:.0f} s" if failure is None else failure


def _try_pod(
    context: CheckContext,
    manifest: Mapping[str, Any],
    has_succeeded: Callable[[Mapping[str, Any]], bool],
) -> str:
    """Wait until the only container of a Pod has succeeded, or no longer can."""

    def is_decided(pod: Object | None) -> bool:
        return pod is None or has_succeeded(_status(pod)) or bool(_permanent_failure(pod))

    path = pod_path(context.namespace)
    with _temporary(context, path, manifest) as created:
        name = created["metadata"]["name"]
        pod = watch.wait_for(context.cluster.api, path, name, is_decided, Deadline(_TIMEOUT))
        if pod is None:
            return f"another client deleted the trial Pod {name}"
        if has_succeeded(_status(pod)):
            return ""
        failure = _permanent_failure(pod) or _last_warning(context, name)
    return failure or f"the trial Pod did not start within {_TIMEOUT:.0f} s"


def _status(pod: Object) -> Mapping[str, Any]:
    statuses: Sequence[Mapping[str, Any]] = pod.get("status", {}).get("containerStatuses") or [{}]
    return statuses[0]


def _permanent_failure(pod: Object) -> str:
    reason, message = container_status.permanent_reason(_status(pod))
    if reason:
        return f"{reason}: {message}"
    status = pod.get("status", {})
    if status.get("phase") not in ("Failed", "Succeeded"):
        return ""
    ended = _status(pod).get("state", {}).get("terminated") or {}
    details = " ".join(str(ended.get(key, "")) for key in ("reason", "message"))
    exit_code = ended.get("exitCode")
    failure = (
        status.get("message") or f"its container exited with code {exit_code} and was not restarted"
    )
    return _one_line(f"{failure} ({_one_line(details)})")


def _last_warning(context: CheckContext, name: str) -> str:
    """Return the last warning event about an object; "" if the account may not list events."""
    api, namespace = context.cluster.api, context.namespace
    try:
        warnings = list_events(api, namespace, name=name, type="Warning")
    except errors.ApiError:
        return ""
    return _one_line(f"{warnings[-1].reason}: {warnings[-1].message}") if warnings else ""


def _list_storage_classes(context: CheckContext) -> list[str | None]:
    """Return the StorageClasses except those of tests; None, the default one, if not allowed."""
    try:
        listed = context.cluster.api.get(_STORAGE_CLASSES)["items"]
    except errors.ApiError:
        return [None]
    all_metadata = (storage_class["metadata"] for storage_class in listed)
    return [
        str(metadata["name"])
        for metadata in all_metadata
        if ownership.RUN_LABEL not in (metadata.get("labels") or {})
    ]


def _build_claim(
    context: CheckContext, access_mode: str, storage_class: str | None
) -> dict[str, Any]:
    spec = {"accessModes": [access_mode], "resources": {"requests": {"storage": "1Mi"}}}
    if storage_class is not None:
        spec["storageClassName"] = storage_class
    metadata = api_checks.build_metadata(context)
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def _claims_failure(context: CheckContext, claims: str, names: list[str]) -> str | None:
    """Return "" if a claim is bound, why if all have failed, and None if neither is decided."""
    api, failures = context.cluster.api, []
    for name in names:
        if api.get(f"{claims}/{name}").get("status", {}).get("phase") == "Bound":
            return ""
        warning = _last_warning(context, name)
        failures += [warning] if warning.startswith("ProvisioningFailed") else []
    return failures[0] if len(failures) == len(names) else None


@contextlib.contextmanager
def _temporary(
    context: CheckContext, collection: str, manifest: Mapping[str, Any]
) -> Iterator[Object]:
    """Create an object, and delete it at the end."""
    api = context.cluster.api
    live = api.post(collection, manifest)
    try:
        yield live
    finally:
        # otherwise it is deleted with its namespace, or by a later run as a leftover
        with contextlib.suppress(errors.PodshareError):
            api.delete(f"{collection}/{live['metadata']['name']}", gracePeriodSeconds=1)


def _one_line(text: str) -> str:
    return " ".join(text.split())
