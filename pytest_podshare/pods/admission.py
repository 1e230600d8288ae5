"""Why a manifest cannot be deployed: what the API server rejects, and what the cluster lacks."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster.capabilities import catalog
from pytest_podshare.cluster.capabilities.api_checks import CheckContext
from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.kube import api_errors
from pytest_podshare.kube.client import Api, pod_path
from pytest_podshare.pods import dropped_fields
from pytest_podshare.wiring import requirements
from pytest_podshare.wiring.manifest import Manifest

# a dry run starts nothing
_ANY_IMAGE = "busybox"


def required_capabilities(manifest: Manifest) -> dict[str, str]:
    """Return the capabilities that a manifest needs, each with the field that needs it."""
    needed = requirements.find_requirements(manifest.pod["spec"])
    return needed | requirements.find_claim_requirements(manifest.others)


def check_pod_security(api: Api, namespace: str, manifest: Manifest) -> None:
    """Check by a dry run that Pod Security lets a controller create the Pod of a manifest.

    If it does not, the controller is denied again and again, and only its events say so. Other
    objections to the Pod are ignored here.

    Raises:
        DeployRejected: the namespace's Pod Security denies the Pod.
    """
    metadata = {**(manifest.pod.get("metadata") or {}), "generateName": "podshare-dry-run-"}
    metadata.pop("name", None)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": manifest.pod["spec"]}
    try:
        with contextlib.suppress(errors.MissingRight):
            api.post(pod_path(namespace), pod, dryRun="All")
    except errors.ApiError as error:
        if api_errors.POD_SECURITY in error.details:
            raise rejection(error, manifest.origin, manifest.subject) from None


def rejection(
    error: errors.ApiError, origin: str, document: dict[str, Any]
) -> errors.PodshareError:
    """Return the error of an object that the API server rejected.

    Args:
        error: the API server's answer.
        origin: the manifest.
        document: the object, as the manifest has it.
    """
    if isinstance(error, errors.CredentialsRefused):
        return error
    if (dropped := dropped_fields.find_dropped(error, origin, document)) is not None:
        return dropped
    name = dropped_fields.describe(document)
    what = f"{origin}: the API server rejected {name}: {error.details}"
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


def explain_rejection(
    error: errors.DeployRejected, manifest: Manifest, cluster: Cluster, namespace: str
) -> errors.DeployRejected:
    """Return the missing capability that made the API server reject a Pod, or else the error."""
    context = CheckContext(cluster, namespace, _ANY_IMAGE, run_id="")
    try:
        missing = catalog.find_unsupported(
            context, requirements.find_requirements(manifest.pod["spec"])
        )
    except errors.ClusterError:
        return error
    return _lacks(manifest, missing.name, missing.why) if missing else error


def check_fields_kept(manifest: Manifest, live: dict[str, Any]) -> None:
    """Check that the API server has kept every field that needs a capability.

    Args:
        manifest: the manifest.
        live: its subject, as the API server has it.

    Raises:
        CapabilityMissing: the API server has dropped one.
    """
    live_needs = requirements.find_requirements(
        dataclasses.replace(manifest, subject=live).pod["spec"]
    )
    for name, field in requirements.find_requirements(manifest.pod["spec"]).items():
        if name not in live_needs:
            raise _lacks(manifest, name, f"the API server dropped {field}.")


def _lacks(manifest: Manifest, capability: str, why: str) -> errors.CapabilityMissing:
    return errors.CapabilityMissing(
        f"{manifest.origin}: the cluster lacks {capability}: {why}",
        "Use a cluster that has it, or skip the test on clusters without it: "
        f'@pytest.mark.podshare_needs("{capability}")',
    )
