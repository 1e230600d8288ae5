"""Creating objects of any kind, by what the API server says of its own kinds."""

from __future__ import annotations

from typing import Any

from pytest_podshare import errors
from pytest_podshare.kube.client import Api


def create(api: Api, manifest: dict[str, Any], namespace: str) -> dict[str, Any]:
    """Create an object as it stands, in that namespace if its kind lives in one.

    Raises:
        ApiError: the API server refuses, or knows no such kind.
    """
    return api.post(_collection(api, manifest, namespace), manifest)


def _collection(api: Api, manifest: dict[str, Any], namespace: str) -> str:
    version, kind = manifest.get("apiVersion") or "", manifest.get("kind") or ""
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    for resource in api.get(root)["resources"]:
        if resource["kind"] == kind and "/" not in resource["name"]:
            inside = f"/namespaces/{namespace}" if resource["namespaced"] else ""
            return f"{root}{inside}/{resource['name']}"
    raise errors.ApiError(
        f"The API server knows no kind {kind!r} in {version!r}.",
        "Check apiVersion and kind; a custom resource needs its definition first.",
        status=404,
        reason="NotFound",
        details=f"no kind {kind!r} in {version!r}",
    )
