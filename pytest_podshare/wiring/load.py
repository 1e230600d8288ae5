"""Manifests read from a path, from YAML text or from a dict, checked as far as the model needs."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from pytest_podshare import errors
from pytest_podshare.wiring import model

ManifestSource = str | Path | Mapping[str, Any]

_DICT, _TEXT = "the given dict", "the given YAML"
_POD_HINT = "Give a manifest with one Pod, or one workload that makes it (a Deployment, …)."
# kinds that make Pods of the template at spec.template
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job")
_SUBJECTS = ("Pod", *_WORKLOADS)


@dataclasses.dataclass(frozen=True)
class Manifest:
    """A Pod, or what makes one, and the objects that come with it.

    Args:
        origin: where it came from, for messages: a path, `the given YAML` or `the given dict`.
        subject: the Pod or the workload that makes it, a copy that is the caller's own.
        others: what else the manifest holds (ConfigMaps, claims, Services, …), in its order.
    """

    origin: str
    subject: dict[str, Any]
    others: tuple[dict[str, Any], ...]

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
        return model.of_pod(self.pod["spec"])


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
    origin, documents = _documents(source)
    subjects = [document for document in documents if document.get("kind") in _SUBJECTS]
    if len(subjects) != 1:
        kinds = ", ".join(str(document.get("kind", "no kind")) for document in documents)
        count = "no Pod" if not subjects else f"{len(subjects)} Pods"
        raise errors.NotAPod(f"{origin} holds {count} ({kinds or 'nothing'}).", _POD_HINT)
    _check_subject(origin, subjects[0])
    others = tuple(document for document in documents if document is not subjects[0])
    return Manifest(origin, subjects[0], others)


def _documents(source: ManifestSource) -> tuple[str, list[dict[str, Any]]]:
    if isinstance(source, Mapping):
        return _DICT, _flattened(_DICT, [copy.deepcopy(dict(source))])
    if isinstance(source, str) and "\n" in source:
        return _TEXT, _flattened(_TEXT, _parsed(_TEXT, source))
    path = Path(source)
    return str(path), _flattened(str(path), _parsed(str(path), _text(path)))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise errors.ManifestNotFound(
            f"There is no manifest {path} (looked from {Path.cwd()}).",
            "Give the path of a YAML file, YAML text, or a dict.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise errors.ManifestInvalid(
            f"{path} cannot be read: {error}.", "Give the path of a readable YAML file."
        ) from None


def _parsed(origin: str, text: str) -> list[Any]:
    try:
        return list(yaml.safe_load_all(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise errors.ManifestInvalid(
            f"{origin}{where} is not YAML: {error.problem or error.context}.",
            "Mend the line; often it is the indentation, a tab, or a missing quote.",
        ) from None
    except (yaml.YAMLError, ValueError) as error:
        # ValueError: the loader's own, for instance a date that no calendar has
        raise errors.ManifestInvalid(
            f"{origin} is not YAML: {' '.join(str(error).split())}.", "Mend the file."
        ) from None


def _flattened(origin: str, documents: list[Any]) -> list[dict[str, Any]]:
    """The objects of all documents: empty ones left out, those of a List taken out of it."""
    found: list[dict[str, Any]] = []
    for document in documents:
        if document is None:
            continue
        if not isinstance(document, dict):
            raise errors.NotAPod(
                f"{origin} holds {document!r:.60}, which is no Kubernetes object.", _POD_HINT
            )
        if document.get("kind") == "List":
            found += _flattened(origin, list(document.get("items") or ()))
        else:
            found.append(document)
    return found


def _check_subject(origin: str, subject: dict[str, Any]) -> None:
    """Check what the model takes for granted; the rest is for the API server to judge."""
    metadata = subject.setdefault("metadata", {})
    if not isinstance(metadata, dict) or not (metadata.get("name") or metadata.get("generateName")):
        raise errors.ManifestInvalid(
            f"{origin}: the {subject['kind']} has no name.", "Give it one under metadata.name."
        )
    if subject["kind"] == "Pod":
        _check_pod(origin, subject)
        return
    spec = subject.get("spec")
    template = spec.get("template") if isinstance(spec, dict) else None
    if not isinstance(template, dict):
        raise errors.ManifestInvalid(
            f"{origin}: the {subject['kind']} has no template.", "Give it one under spec.template."
        )
    _check_pod(origin, template)


def _check_pod(origin: str, pod: dict[str, Any]) -> None:
    spec = pod.get("spec")
    if not isinstance(spec, dict) or not spec.get("containers"):
        raise errors.NoContainers(
            f"{origin}: the Pod has no containers.", "List at least one under spec.containers."
        )
    for field in ("initContainers", "containers", "volumes"):
        _check_named(origin, f"spec.{field}", spec.get(field), ("name",))
    for field in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(field) or ()):
            where = f"spec.{field}[{index}].volumeMounts"
            _check_named(origin, where, container.get("volumeMounts"), ("name", "mountPath"))


def _check_named(origin: str, where: str, entries: Any, keys: tuple[str, ...]) -> None:
    if entries is None:
        return
    if not isinstance(entries, list):
        raise errors.ManifestInvalid(
            f"{origin}: {where} is not a list.", "Begin each of its entries with a dash."
        )
    for index, entry in enumerate(entries):
        for key in keys:
            if not isinstance(entry, dict) or not isinstance(entry.get(key), str):
                raise errors.ManifestInvalid(
                    f"{origin}: {where}[{index}] has no {key} (a string).", f"Give it a {key}."
                )
