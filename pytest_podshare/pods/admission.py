"""What the API server has against a manifest: the object itself, a right, the namespace's rules."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.kube import refusals
from pytest_podshare.kube.client import Api, pod_path
from pytest_podshare.wiring.load import Manifest


def check(api: Api, namespace: str, manifest: Manifest) -> None:
    """See whether the namespace's Pod Security lets a controller make the Pod of a manifest.

    The controller would be refused again and again, and only its events would tell; changes
    nothing. What else there is to say against the Pod is let be.

    Raises:
        DeployRejected: it does not.
    """
    metadata = {**(manifest.pod.get("metadata") or {}), "generateName": "podshare-asks-"}
    metadata.pop("name", None)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": manifest.pod["spec"]}
    try:
        with contextlib.suppress(errors.MissingRight):
            api.post(pod_path(namespace), pod, dryRun="All")
    except errors.ApiError as error:
        if refusals.POD_SECURITY in error.details:
            raise rejected(error, manifest.origin, manifest.subject) from None


def rejected(
    error: errors.ApiError, origin: str, document: Mapping[str, Any]
) -> errors.PodshareError:
    """The error of a manifest that the API server rejects.

    Args:
        error: what it said.
        origin: the manifest.
        document: the part of it that was to be created.
    """
    if isinstance(error, errors.CredentialsRefused):
        return error
    name = f"{document.get('kind')} {document.get('metadata', {}).get('name', '')}".strip()
    what = f"{origin}: the API server rejects {name}: {error.details}"
    if isinstance(error, errors.MissingRight):
        return errors.MissingRight(
            what,
            error.remedy,
            right=error.right,
            cluster_wide=error.cluster_wide,
            status=error.status,
            reason=error.reason,
            details=error.details,
        )
    return errors.DeployRejected(what, error.remedy)
