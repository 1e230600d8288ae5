"""What a manifest needs and its cluster does not know: refused by name, never run without it."""

from __future__ import annotations

import dataclasses
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster import capabilities
from pytest_podshare.cluster.asking import Place
from pytest_podshare.cluster.record import Cluster
from pytest_podshare.wiring import needs
from pytest_podshare.wiring.load import Manifest

# nothing runs in a dry run
_ANY_IMAGE = "busybox"
_REMEDY = (
    "Use a cluster that has it, or mark the test, so that it is skipped: "
    '@pytest.mark.podshare_needs("{name}")'
)


def of_manifest(manifest: Manifest) -> dict[str, str]:
    """The capabilities that a manifest needs, each with the field that needs it."""
    return {**needs.of_pod(manifest.pod["spec"]), **needs.of_objects(manifest.others)}


def check_kept(manifest: Manifest, live: dict[str, Any]) -> None:
    """See that the API server has dropped nothing that the Pod needs.

    Args:
        manifest: what was to be created.
        live: its subject, as the API server has it.

    Raises:
        CapabilityMissing: it has.
    """
    kept = needs.of_pod(dataclasses.replace(manifest, subject=live).pod["spec"])
    for name, field in needs.of_pod(manifest.pod["spec"]).items():
        if name not in kept:
            raise errors.CapabilityMissing(
                f"{manifest.origin}: the cluster lacks {name}: the API server drops {field}.",
                _REMEDY.format(name=name),
            )


def named(
    error: errors.DeployRejected, manifest: Manifest, cluster: Cluster, namespace: str
) -> errors.DeployRejected:
    """The error of a rejected manifest, by the capability that the cluster lacks, if that is it."""
    place = Place(cluster, namespace, _ANY_IMAGE, run_id="")
    try:
        lacking = capabilities.refused(place, needs.of_pod(manifest.pod["spec"]))
    except errors.ClusterError:
        return error
    if lacking is None:
        return error
    return errors.CapabilityMissing(
        f"{manifest.origin}: the cluster lacks {lacking.name}: {lacking.why}",
        _REMEDY.format(name=lacking.name),
    )
