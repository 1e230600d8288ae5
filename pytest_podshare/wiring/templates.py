"""Every Pod template in a manifest: a Pod, what a workload makes its Pods of, or a path names."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.manifests import schema
from pytest_podshare.manifests.position import Position, position
from pytest_podshare.manifests.source import Source
from pytest_podshare.wiring import model, pod_spec

# where each kind of Kubernetes' own keeps its template; a Pod is one itself
PATHS: Mapping[str, str] = {
    "Pod": "",
    "PodTemplate": "template",
    "Deployment": "spec.template",
    "StatefulSet": "spec.template",
    "DaemonSet": "spec.template",
    "ReplicaSet": "spec.template",
    "ReplicationController": "spec.template",
    "Job": "spec.template",
    "CronJob": "spec.jobTemplate.spec.template",
}
_GROUPS = ("", "apps", "batch", "extensions")
_EACH = "[]"
_ANY = schema.Fields()


@dataclasses.dataclass(frozen=True)
class Template:
    """A Pod, or what Pods are made of, in its manifest.

    Args:
        source: the manifest.
        kind: the kind of the object that it belongs to.
        name: the name of that object, or its generateName; "" for none.
        namespace: the namespace of that object; "" for none.
        path: where in that object it is (`spec.template`); "" for a Pod.
        pod: metadata and spec of the Pod.
        subject: the object.
        claims: the volumes that a StatefulSet's volumeClaimTemplates make, in their order.
        replicas: how many Pods there are to be; 0 for a DaemonSet, whose nodes are its number.
    """

    source: Source
    kind: str
    name: str
    namespace: str
    path: str
    pod: dict[str, Any] = dataclasses.field(repr=False)
    subject: dict[str, Any] = dataclasses.field(repr=False)
    claims: tuple[model.VolumeSpec, ...] = ()
    replicas: int = 1

    def __str__(self) -> str:
        """`Deployment/web`."""
        return f"{self.kind}/{self.name}"

    @property
    def origin(self) -> str:
        """Where the manifest came from, for messages."""
        return self.source.origin

    @property
    def at(self) -> Position | None:
        """Where the object begins in its text; None for one that came from no text."""
        return position(self.subject)

    @property
    def annotations(self) -> dict[str, str]:
        """Those of the object and of the template; the template's win."""
        both = (self.subject, self.pod)
        found = [(each.get("metadata") or {}).get("annotations") or {} for each in both]
        return {**found[0], **found[1]}

    @functools.cached_property
    def declared(self) -> model.Wiring:
        """Who mounts what where, with the volumes that the template itself declares."""
        return pod_spec.of_pod(self.pod["spec"])

    @functools.cached_property
    def wiring(self) -> model.Wiring:
        """Who mounts what where in the Pods: a claim takes the place of a volume of its name."""
        if not self.claims:
            return self.declared
        names = {claim.name for claim in self.claims}
        others = tuple(each for each in self.declared.volumes if each.name not in names)
        return dataclasses.replace(self.declared, volumes=(*others, *self.claims))


def templates(source: Source, paths: Mapping[str, str] | None = None) -> tuple[Template, ...]:
    """Every Pod template in a manifest; kinds that nobody knows are passed over.

    Args:
        source: the manifest.
        paths: where objects of a custom kind keep a Pod template or a Pod spec, by kind:
            `{"Rollout": "spec.template", "Workflow": "spec.tasks[].template"}`.

    Raises:
        ManifestInvalid: a field that counts is missing, or has the wrong type.
        NoContainers: a Pod lists none.
    """
    found: list[Template] = []
    for subject in source.objects:
        if is_builtin(subject):
            found.append(of_builtin(source, subject))
        elif isinstance(kind := subject.get("kind"), str) and paths and kind in paths:
            found += _of_custom(source, subject, paths[kind])
    return tuple(found)


def is_builtin(subject: Mapping[str, Any]) -> bool:
    """Whether an object is of a kind of Kubernetes' own that is or holds a Pod template."""
    kind, version = subject.get("kind"), subject.get("apiVersion")
    group = version.rpartition("/")[0] if isinstance(version, str) else ""
    return isinstance(kind, str) and kind in PATHS and group in _GROUPS


def of_builtin(source: Source, subject: dict[str, Any]) -> Template:
    """The template of an object of a kind of Kubernetes' own.

    Raises:
        ManifestInvalid: a field that counts is missing, or has the wrong type.
        NoContainers: the Pod lists none.
    """
    kind, path = subject["kind"], PATHS[subject["kind"]]
    source.check(subject, schema.OBJECT)
    metadata = subject.get("metadata") or {}
    if not (metadata.get("name") or metadata.get("generateName")):
        raise source.invalid(
            position(subject, "metadata"),
            f"the {kind} has no name",
            "Give it one under metadata.name.",
        )
    if not path:
        _check_containers(source, subject, path)
        return _template(source, subject, path, subject, {})
    reached = next(_reached(source, subject, path.split(".")), None)
    if reached is None:
        raise source.invalid(
            position(subject, path.partition(".")[0]),
            f"the {kind} has no template",
            f"Give it one under {path}.",
        )
    _, pod, holder = reached
    _check_containers(source, pod, path)
    source.check(holder, schema.MADE_OF, path.removesuffix("template").rstrip("."))
    return _template(source, subject, path, pod, holder)


def _check_containers(source: Source, pod: dict[str, Any], path: str) -> None:
    spec = pod.get("spec")
    if spec is None or (isinstance(spec, dict) and not spec.get("containers")):
        at = position(pod, "spec")
        raise errors.NoContainers(
            f"{source.place(at)}: the Pod has no containers.",
            f"List at least one under {_joined(path, 'spec.containers')}.",
            excerpt=source.excerpt(at),
        )
    source.check(pod, schema.POD, path)


def _of_custom(source: Source, subject: dict[str, Any], path: str) -> Iterator[Template]:
    """What is at the path; an operator may fill in what is missing, so it need not be there."""
    source.check(subject, schema.OBJECT)
    for place, value, holder in _reached(source, subject, path.split(".")):
        is_pod = "spec" in value
        source.check(value, schema.POD if is_pod else schema.POD_SPEC, place)
        pod = value if is_pod else {"metadata": {}, "spec": value}
        yield _template(source, subject, place, pod, holder)


def _template(
    source: Source, subject: dict[str, Any], path: str, pod: dict[str, Any], holder: dict[str, Any]
) -> Template:
    metadata = subject.get("metadata") or {}
    kind = subject["kind"]
    count = holder.get("parallelism" if kind in ("Job", "CronJob") else "replicas")
    claims = holder.get("volumeClaimTemplates") if kind == "StatefulSet" else None
    return Template(
        source=source,
        kind=kind,
        name=metadata.get("name") or metadata.get("generateName") or "",
        namespace=metadata.get("namespace") or "",
        path=path,
        pod=pod,
        subject=subject,
        claims=tuple(_claim(each) for each in claims or ()),
        replicas=0 if kind == "DaemonSet" else count if isinstance(count, int) else 1,
    )


def _claim(entry: dict[str, Any]) -> model.VolumeSpec:
    name = entry["metadata"]["name"]
    return model.VolumeSpec(name, "persistentVolumeClaim", source=name, at=position(entry))


def _reached(
    source: Source, holder: dict[str, Any], steps: list[str], place: str = ""
) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Where each mapping at a path is, the mapping, and the one that holds it."""
    key = steps[0].removesuffix(_EACH)
    is_list = key != steps[0]
    source.check(holder, schema.Fields({key: [_ANY] if is_list else _ANY}), place)
    here, value = _joined(place, key), holder.get(key)
    found = enumerate(value or ()) if is_list else [(None, value)]
    for index, each in found:
        there = here if index is None else f"{here}[{index}]"
        if each is None:
            continue
        if len(steps) > 1:
            yield from _reached(source, each, steps[1:], there)
        else:
            yield there, each, holder


def _joined(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key
