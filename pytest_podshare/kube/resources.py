"""Creating and deleting objects of any kind, by what the API server says of its own kinds."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from pytest_podshare import errors
from pytest_podshare.kube.client import Api

# `v1`, `apps/v1`; no part of it begins with a dot
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*(?:/[A-Za-z0-9]+)?")


@dataclasses.dataclass(frozen=True)
class Created:
    """An object that was created.

    Args:
        path: where the API server has it.
        live: the object.
        goes_with_namespace: whether it is deleted with its namespace.
    """

    path: str
    live: dict[str, Any]
    goes_with_namespace: bool

    def delete(self, api: Api) -> None:
        """Delete this very object, by its UID; never raises."""
        with contextlib.suppress(errors.PodshareError):
            api.delete(self.path, preconditions={"uid": self.live["metadata"]["uid"]})

    def is_gone(self, api: Api, grace: int) -> bool:
        """Have it deleted, unless that has begun, and see whether it is gone.

        What its controllers made of it goes before it; nothing but the right to delete is needed.

        Args:
            api: the API server.
            grace: seconds that its containers get to end, if it is a Pod.

        Raises:
            MissingRight: the account may not delete it.
            ClusterUnreachable: the API server does not answer.
        """
        how: dict[str, Any] = {"propagationPolicy": "Foreground"}
        if self.path.split("/")[-2] == "pods":
            # a claim of a Pod's own goes when the Pod is gone, so that it must not wait for it
            how = {"propagationPolicy": "Background", "gracePeriodSeconds": grace}
        try:
            answer = api.delete(
                self.path, preconditions={"uid": self.live["metadata"]["uid"]}, **how
            )
        except errors.MissingRight:
            raise
        except errors.ApiError as error:
            # there is none, or another of its name
            return error.status in (404, 409)
        return answer.get("kind") == "Status"


def find(api: Api, manifest: dict[str, Any], namespace: str) -> Created | None:
    """The object that has that name already; None if there is none.

    Raises:
        ApiError: the API server refuses, or knows no such kind.
    """
    collection, inside = _collection(api, manifest, namespace)
    path = f"{collection}/{quote(manifest['metadata']['name'], safe='')}"
    try:
        return Created(path, api.get(path), inside)
    except errors.ApiError as error:
        if error.status == 404:
            return None
        raise


def create(api: Api, manifest: dict[str, Any], namespace: str) -> Created:
    """Create an object as it stands, in that namespace if its kind lives in one.

    Raises:
        ApiError: the API server refuses, or knows no such kind.
    """
    collection, inside = _collection(api, manifest, namespace)
    live = api.post(collection, manifest)
    return Created(f"{collection}/{live['metadata']['name']}", live, inside)


@dataclasses.dataclass(frozen=True)
class ResourceType:
    """A kind of objects.

    Args:
        name: the kind, as manifests have it.
        root: the path of its collection.
    """

    name: str
    root: str


def kinds(api: Api, namespace: str = "") -> Iterator[ResourceType]:
    """Every kind that can be listed and deleted, in that namespace, or where there is none.

    A group whose own server does not answer is passed over.
    """
    versions = ["v1", *(each["preferredVersion"]["groupVersion"] for each in _groups(api))]
    for version in versions:
        root = f"/apis/{version}" if "/" in version else f"/api/{version}"
        inside = f"/namespaces/{namespace}" if namespace else ""
        with contextlib.suppress(errors.ApiError):
            for resource in api.get(root)["resources"]:
                can = {"list", "delete"} <= set(resource["verbs"]) and "/" not in resource["name"]
                if can and resource["namespaced"] == bool(namespace):
                    yield ResourceType(resource["kind"], f"{root}{inside}/{resource['name']}")


def _groups(api: Api) -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = api.get("/apis")["groups"]
    return groups


def _collection(api: Api, manifest: dict[str, Any], namespace: str) -> tuple[str, bool]:
    """The path of the kind's collection, and whether it is the namespace's."""
    version, kind = manifest.get("apiVersion") or "", manifest.get("kind") or ""
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    # it becomes a path, which must not lead elsewhere
    known = api.get(root)["resources"] if _VERSION.fullmatch(version) else ()
    for resource in known:
        if resource["kind"] == kind and "/" not in resource["name"]:
            inside = f"/namespaces/{namespace}" if resource["namespaced"] else ""
            return f"{root}{inside}/{resource['name']}", bool(inside)
    raise errors.ApiError(
        f"The API server knows no kind {kind!r} in {version!r}.",
        "Check apiVersion and kind; a custom resource needs its definition first.",
        status=404,
        reason="NotFound",
        details=f"no kind {kind!r} in {version!r}",
    )
