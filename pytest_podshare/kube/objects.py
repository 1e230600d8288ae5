"""Creating and deleting objects of any kind, by what the API server says of its own kinds."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import Any

from pytest_podshare import errors
from pytest_podshare.kube.client import Api


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


def create(api: Api, manifest: dict[str, Any], namespace: str) -> Created:
    """Create an object as it stands, in that namespace if its kind lives in one.

    Raises:
        ApiError: the API server refuses, or knows no such kind.
    """
    collection, inside = _collection(api, manifest, namespace)
    live = api.post(collection, manifest)
    return Created(f"{collection}/{live['metadata']['name']}", live, inside)


def _collection(api: Api, manifest: dict[str, Any], namespace: str) -> tuple[str, bool]:
    """The path of the kind's collection, and whether it is the namespace's."""
    version, kind = manifest.get("apiVersion") or "", manifest.get("kind") or ""
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    for resource in api.get(root)["resources"]:
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
