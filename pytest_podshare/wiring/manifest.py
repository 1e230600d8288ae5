"""Manifests with one Pod to deploy, from a path, from YAML text or from a dict."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_podshare import errors
from pytest_podshare.manifests.source import Source, read
from pytest_podshare.wiring.model import Wiring
from pytest_podshare.wiring.pod_spec import read_wiring
from pytest_podshare.wiring.templates import read_template
from pytest_podshare.wiring.workloads import WORKLOADS, is_workload

ManifestSource = str | Path | Mapping[str, Any]

_REMEDY = "Pass a manifest with one Pod, or with one workload that creates it (a Deployment, …)."

_REMEDY_FOR_SEVERAL = "Use deploy_all, which returns a Pod for each, or pass a manifest with one."


@dataclasses.dataclass(frozen=True)
class Manifest:
    """A Pod, or the workload that creates it, and the other objects of its manifest.

    Args:
        origin: the name of the manifest in messages: a path, `<YAML text>` or `<dict>`.
        subject: the Pod or the workload; a copy, which may be changed.
        others: the other objects (ConfigMaps, claims, Services, …) in order.
        template: the kind and name of the object with the Pod template: `Deployment/web`.
        stand_in: the image that replaces the images of the applications; "" if they run.
        originals: of a skeleton, the objects that it stands for, as the manifest has them.
    """

    origin: str
    subject: dict[str, Any]
    others: tuple[dict[str, Any], ...]
    template: str
    stand_in: str = ""
    originals: tuple[dict[str, Any], ...] = ()

    @property
    def is_bare(self) -> bool:
        """Return whether it is a Pod that no controller replaces."""
        return bool(self.subject["kind"] == "Pod")

    @property
    def pod(self) -> dict[str, Any]:
        """Return the metadata and spec of the Pod, or of the workload's Pod template."""
        pod: dict[str, Any] = self.subject if self.is_bare else self.subject["spec"]["template"]
        return pod

    @property
    def wiring(self) -> Wiring:
        """Return the wiring of the Pod."""
        return read_wiring(self.pod["spec"])

    def find_line(self, container: str, path: str | None = None) -> int | None:
        """Return the line of a container, or of its mount at a path; None if it is unknown."""
        specs = [spec for spec in self.wiring.containers if spec.name == container]
        if path is None:
            positions = [spec.position for spec in specs]
        else:
            mounts = [mount for spec in specs for mount in spec.mounts]
            found = [mount for mount in mounts if mount.folder == mount.normalize(path)]
            positions = [mount.position for mount in found]
        return next((position.line for position in positions if position), None)

    def find_volume_line(self, name: str) -> int | None:
        """Return the line of a volume; None if it is unknown."""
        positions = (volume.position for volume in self.wiring.volumes if volume.name == name)
        return next((position.line for position in positions if position), None)


def load(source: ManifestSource) -> Manifest:
    """Read a manifest.

    Args:
        source: a path, YAML text (with a line break in it) or a dict.

    Raises:
        ManifestNotFound: the file does not exist.
        ManifestInvalid: the manifest is not YAML, or a field has the wrong type.
        NotAPod: the manifest contains no Pod, or several.
        NoContainers: the Pod has no containers.
    """
    manifest = _read(source)
    subjects = _find_subjects(manifest)
    if len(subjects) > 1:
        kinds = ", ".join(subject["kind"] for subject in subjects)
        problem = f"{manifest.origin} contains {len(subjects)} Pods or workloads ({kinds})."
        raise errors.NotAPod(problem, _REMEDY_FOR_SEVERAL)
    return _split(manifest, subjects)[0]


def load_all(source: ManifestSource) -> tuple[Manifest, ...]:
    """Read a manifest with one or more Pods and workloads, as a manifest for each of them.

    The first one has the other objects. The arguments and the errors are those of `load`.
    """
    manifest = _read(source)
    return _split(manifest, _find_subjects(manifest))


def _read(source: ManifestSource) -> Source:
    if isinstance(source, str) and "\n" not in source:
        source = Path(source)
    return read(source)


def _split(source: Source, subjects: list[dict[str, Any]]) -> tuple[Manifest, ...]:
    others = tuple(
        document
        for document in source.objects
        if not any(document is subject for subject in subjects)
    )
    # this checks the types of its fields
    templates = [read_template(source, subject) for subject in subjects]
    manifests = [Manifest(source.origin, one.subject, (), str(one)) for one in templates]
    return (dataclasses.replace(manifests[0], others=others), *manifests[1:])


def _find_subjects(source: Source) -> list[dict[str, Any]]:
    for document in source.documents:
        if not isinstance(document, dict):
            raise errors.NotAPod(
                f"{source.origin} contains {document!r:.60}, which is not a Kubernetes object.",
                _REMEDY,
            )
    subjects = [
        document
        for document in source.objects
        if is_workload(document) and WORKLOADS[document["kind"]].creates_pods
    ]
    if not subjects:
        kinds = ", ".join(str(found.get("kind", "no kind")) for found in source.objects)
        found = f"found: {kinds}" if kinds else "it is empty"
        raise errors.NotAPod(f"{source.origin} contains no Pod ({found}).", _REMEDY)
    return subjects
