"""Manifests with one Pod to deploy, read from a path, from YAML text or from a dict."""

from __future__ import annotations

import dataclasses
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_podshare import errors
from pytest_podshare.manifests.source import Source, read
from pytest_podshare.wiring import model, pod_spec
from pytest_podshare.wiring.templates import is_builtin, of_builtin

ManifestSource = str | Path | Mapping[str, Any]

_POD_HINT = "Give a manifest with one Pod, or one workload that makes it (a Deployment, …)."
# those that make Pods at once, of the template at spec.template
_SUBJECTS = ("Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")


@dataclasses.dataclass(frozen=True)
class Manifest:
    """A Pod, or what makes one, and the objects that come with it.

    Args:
        origin: where it came from, for messages: a path, `the given YAML` or `the given dict`.
        subject: the Pod or the workload that makes it, a copy that is the caller's own.
        others: what else the manifest holds (ConfigMaps, claims, Services, …), in its order.
        stand_in: the image that runs in place of the applications; "" where they run themselves.
    """

    origin: str
    subject: dict[str, Any]
    others: tuple[dict[str, Any], ...]
    stand_in: str = ""

    @property
    def is_bare(self) -> bool:
        """Whether it is a Pod that nobody makes anew when it is gone."""
        return bool(self.subject["kind"] == "Pod")

    @property
    def pod(self) -> dict[str, Any]:
        """The Pod, or the workload's template of it: metadata and spec."""
        pod: dict[str, Any] = self.subject if self.is_bare else self.subject["spec"]["template"]
        return pod

    @property
    def wiring(self) -> model.Wiring:
        """Who mounts what where in the Pod."""
        return pod_spec.of_pod(self.pod["spec"])

    def line_of(self, container: str, path: str | None = None) -> int | None:
        """The line of a container, or of its mount at that path; None if nobody knows."""
        found = next((each for each in self.wiring.containers if each.name == container), None)
        if found is None:
            return None
        if path is None:
            return found.at.line if found.at else None
        wanted = posixpath.normpath(path)
        mounts = (each for each in found.mounts if posixpath.normpath(each.path) == wanted)
        return next((mount.at.line for mount in mounts if mount.at), None)


def load(source: ManifestSource) -> Manifest:
    """Read a manifest.

    Args:
        source: a path, YAML text (it holds a line break) or a dict.

    Raises:
        ManifestNotFound: no such file.
        ManifestInvalid: not YAML, or a field of the wrong type.
        NotAPod: no Pod in it, or several.
        NoContainers: the Pod has none.
    """
    is_path = isinstance(source, str) and "\n" not in source
    found = read(Path(source) if is_path and isinstance(source, str) else source)
    subject = _subject(found)
    of_builtin(found, subject)
    others = tuple(each for each in found.objects if each is not subject)
    return Manifest(found.origin, subject, others)


def _subject(source: Source) -> dict[str, Any]:
    for document in source.documents:
        if not isinstance(document, dict):
            raise errors.NotAPod(
                f"{source.origin} holds {document!r:.60}, which is no Kubernetes object.", _POD_HINT
            )
    subjects = [each for each in source.objects if is_builtin(each) and each["kind"] in _SUBJECTS]
    if len(subjects) != 1:
        kinds = ", ".join(str(each.get("kind", "no kind")) for each in source.objects)
        count = "no Pod" if not subjects else f"{len(subjects)} Pods"
        raise errors.NotAPod(f"{source.origin} holds {count} ({kinds or 'nothing'}).", _POD_HINT)
    return subjects[0]
