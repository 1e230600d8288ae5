"""What is checked of a manifest before anything of it starts."""

from __future__ import annotations

from pytest_podshare import errors
from pytest_podshare.cluster.connection import Cluster
from pytest_podshare.pods import admission, dropped_fields
from pytest_podshare.pods.objects import DeployedObjects
from pytest_podshare.wiring.manifest import Manifest


def check_manifest(
    objects: DeployedObjects, manifest: Manifest, cluster: Cluster, *, first: bool
) -> None:
    """Check that the API server would drop no field that decides what a volume is, or any other.

    What a skeleton stands for is checked by dry runs, since a skeleton has only some of its fields.
    So are Pods that start after others. Any other object is checked when it is created.

    Args:
        objects: the objects that are deployed, which collect the warnings.
        manifest: the manifest.
        cluster: the cluster.
        first: whether its Pod is the first to start.

    Raises:
        FieldDropped: the API server would drop a field.
        CapabilityMissing: it would do so because the cluster lacks a capability.
    """
    subjects = manifest.originals[-1:] or (manifest.subject,)
    for subject in subjects:
        for text in dropped_fields.check_volume_sources(manifest.origin, subject):
            objects.warn(text)
    try:
        for document in manifest.originals or (() if first else (manifest.subject,)):
            objects.check_fields(document, manifest.origin)
    except errors.DeployRejected as error:
        raise admission.explain_rejection(error, manifest, cluster, objects.namespace) from None
