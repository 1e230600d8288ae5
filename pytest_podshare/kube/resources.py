"""Create, find and delete objects of any kind, including custom resources, by API discovery."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from pytest_podshare import errors
from pytest_podshare.kube import field_validation
from pytest_podshare.kube.client import Api

# `v1`, `apps/v1`; no part may begin with a dot
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*(?:/[A-Za-z0-9]+)?")


@dataclasses.dataclass(frozen=True)
class Resource:
    """An object that exists on the API server.

    Args:
        path: its path.
        live: the object.
        is_namespaced: whether it is deleted with its namespace.
        warnings: what the API server warned of when it was created.
    """

    path: str
    live: dict[str, Any]
    is_namespaced: bool
    warnings: tuple[str, ...] = ()

    def delete(self, api: Api) -> None:
        """Delete this object, but no other of its name; never raises."""
        with contextlib.suppress(errors.PodshareError):
            api.delete(self.path, preconditions={"uid": self.live["metadata"]["uid"]})

    def request_deletion(self, api: Api, grace: int) -> bool:
        """Request the deletion of this object, and return whether it is gone.

        Objects that it owns are deleted first; only the permission to delete it is needed.

        Args:
            api: the API server.
            grace: the grace period of its containers in seconds, if it is a Pod.

        Raises:
            MissingRight: the account may not delete it.
            ClusterUnreachable: the API server does not respond.
        """
        options: dict[str, Any] = {"propagationPolicy": "Foreground"}
        if self.path.split("/")[-2] == "pods":
            # a claim that the Pod owns is deleted after the Pod, so the Pod must not wait for it
            options = {"propagationPolicy": "Background", "gracePeriodSeconds": grace}
        try:
            response = api.delete(
                self.path, preconditions={"uid": self.live["metadata"]["uid"]}, **options
            )
        except errors.MissingRight:
            raise
        except errors.ApiError as error:
            # no object has the name, or another one
            return error.status in (404, 409)
        return response.get("kind") == "Status"


def find(api: Api, manifest: dict[str, Any], namespace: str) -> Resource | None:
    """Return the object with the manifest's name; None if it does not exist.

    Raises:
        ApiError: the API server rejects the request, or does not know the kind.
    """
    collection, is_namespaced = _find_collection(api, manifest, namespace)
    path = f"{collection}/{quote(manifest['metadata']['name'], safe='')}"
    try:
        return Resource(path, api.get(path), is_namespaced)
    except errors.ApiError as error:
        if error.status == 404:
            return None
        raise


def create(api: Api, manifest: dict[str, Any], namespace: str) -> Resource:
    """Create a manifest's object, in the namespace if its kind is namespaced.

    Raises:
        ApiError: the API server rejects the request, or does not know the kind or a field.
    """
    collection, is_namespaced = _find_collection(api, manifest, namespace, patient=True)
    warnings: list[str] = []
    live = api.post(
        collection, manifest, warnings=warnings, fieldValidation=field_validation.STRICT
    )
    path = f"{collection}/{live['metadata']['name']}"
    return Resource(path, live, is_namespaced, tuple(warnings))


def try_to_create(api: Api, manifest: dict[str, Any], namespace: str) -> list[str]:
    """Let the API server check a manifest's object by a dry run, and return its warnings.

    Raises:
        ApiError: the API server rejects the request, or does not know the kind or a field.
    """
    collection, _ = _find_collection(api, manifest, namespace, patient=True)
    warnings: list[str] = []
    query = {"fieldValidation": field_validation.STRICT, "dryRun": "All"}
    api.post(collection, manifest, warnings=warnings, **query)
    return warnings


@dataclasses.dataclass(frozen=True)
class ResourceType:
    """A kind of objects in the whole cluster or in one namespace.

    Args:
        kind: the kind, as in manifests.
        path: the path of its collection.
    """

    kind: str
    path: str


def list_types(api: Api, namespace: str = "") -> Iterator[ResourceType]:
    """Yield all kinds that can be listed and deleted, namespaced or else cluster-scoped ones.

    API groups whose server does not respond are skipped.
    """
    groups: list[dict[str, Any]] = api.get("/apis")["groups"]
    versions = ["v1", *(group["preferredVersion"]["groupVersion"] for group in groups)]
    inside = f"/namespaces/{namespace}" if namespace else ""
    for root in map(_version_path, versions):
        with contextlib.suppress(errors.ApiError):
            for resource in api.get(root)["resources"]:
                name, verbs = resource["name"], set(resource["verbs"])
                is_usable = {"list", "delete"} <= verbs and "/" not in name
                if is_usable and resource["namespaced"] == bool(namespace):
                    yield ResourceType(resource["kind"], f"{root}{inside}/{name}")


def _find_collection(
    api: Api, manifest: dict[str, Any], namespace: str, *, patient: bool = False
) -> tuple[str, bool]:
    """Return the path of the kind's collection, and whether the kind is namespaced."""
    version, kind = manifest.get("apiVersion") or "", manifest.get("kind") or ""
    root = _version_path(version)
    # the version becomes part of a path and must not lead anywhere else
    get = api.get_patiently if patient else api.get
    resources = get(root)["resources"] if _VERSION.fullmatch(version) else ()
    for resource in resources:
        if resource["kind"] == kind and "/" not in resource["name"]:
            inside = f"/namespaces/{namespace}" if resource["namespaced"] else ""
            return f"{root}{inside}/{resource['name']}", bool(inside)
    raise errors.ApiError(
        f"The API server has no kind {kind!r} in {version!r}.",
        "Check apiVersion and kind. For a custom resource, first create its"
        " CustomResourceDefinition.",
        status=404,
        reason="NotFound",
        details=f"no kind {kind!r} in {version!r}",
    )


def _version_path(version: str) -> str:
    return f"/apis/{version}" if "/" in version else f"/api/{version}"
