"""What the API server has against a manifest: the object itself, a right, the namespace's rules."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster.capabilities import catalog
from pytest_podshare.cluster.capabilities.api_checks import CheckContext
from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.kube import api_errors
from pytest_podshare.kube.client import Api, pod_path
from pytest_podshare.wiring import requirements
from pytest_podshare.wiring.manifest import Manifest


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
        if api_errors.POD_SECURITY in error.details:
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


# nothing runs in a dry run
_ANY_IMAGE = "busybox"
_REMEDY = (
    "Use a cluster that has it, or mark the test, so that it is skipped: "
    '@pytest.mark.podshare_needs("{name}")'
)


def of_manifest(manifest: Manifest) -> dict[str, str]:
    """The capabilities that a manifest needs, each with the field that needs it."""
    return {
        **requirements.find_requirements(manifest.pod["spec"]),
        **requirements.find_claim_requirements(manifest.others),
    }


def check_kept(manifest: Manifest, live: dict[str, Any]) -> None:
    """See that the API server has dropped nothing that the Pod needs.

    Args:
        manifest: what was to be created.
        live: its subject, as the API server has it.

    Raises:
        CapabilityMissing: it has.
    """
    kept = requirements.find_requirements(dataclasses.replace(manifest, subject=live).pod["spec"])
    for name, field in requirements.find_requirements(manifest.pod["spec"]).items():
        if name not in kept:
            raise errors.CapabilityMissing(
                f"{manifest.origin}: the cluster lacks {name}: the API server drops {field}.",
                _REMEDY.format(name=name),
            )


def named(
    error: errors.DeployRejected, manifest: Manifest, cluster: Cluster, namespace: str
) -> errors.DeployRejected:
    """The error of a rejected manifest, by the capability that the cluster lacks, if that is it."""
    place = CheckContext(cluster, namespace, _ANY_IMAGE, run_id="")
    try:
        lacking = catalog.find_unsupported(
            place, requirements.find_requirements(manifest.pod["spec"])
        )
    except errors.ClusterError:
        return error
    if lacking is None:
        return error
    return errors.CapabilityMissing(
        f"{manifest.origin}: the cluster lacks {lacking.name}: {lacking.why}",
        _REMEDY.format(name=lacking.name),
    )
