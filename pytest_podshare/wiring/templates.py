"""The Pod templates of a manifest: Pods, templates of workloads, and those of custom resources."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.manifests import schema
from pytest_podshare.manifests.position import Position, find_position
from pytest_podshare.manifests.source import Source
from pytest_podshare.wiring import typed_fields
from pytest_podshare.wiring.custom_resources import find_custom_resource, name_containers
from pytest_podshare.wiring.model import VolumeSpec, Wiring
from pytest_podshare.wiring.pod_spec import read_wiring
from pytest_podshare.wiring.render_objects import RenderObjects, read_objects
from pytest_podshare.wiring.template_paths import follow, join
from pytest_podshare.wiring.typed_fields import Holder
from pytest_podshare.wiring.workloads import WORKLOADS, is_workload


@dataclasses.dataclass(frozen=True)
class Template:
    """A Pod, or a Pod template, in its manifest.

    Args:
        source: the manifest.
        kind: the kind of the object.
        name: the object's name or generateName; "" for none.
        namespace: the object's namespace; "" for none.
        path: the template's path in the object, for example `spec.template`; "" for a Pod.
        pod: the metadata and spec of the Pod.
        subject: the object.
        claims: the volumes that a StatefulSet's volumeClaimTemplates create, in order.
        replicas: the number of Pods; 0 for a DaemonSet, whose number depends on the nodes.
        render: the objects of the same render; None if only the manifest is known.
        kubernetes: the version of Kubernetes that it is for, such as `1.34`; "" for any.
    """

    source: Source
    kind: str
    name: str
    namespace: str
    path: str
    pod: dict[str, Any] = dataclasses.field(repr=False)
    subject: dict[str, Any] = dataclasses.field(repr=False)
    claims: tuple[VolumeSpec, ...] = ()
    replicas: int = 1
    render: RenderObjects | None = dataclasses.field(default=None, repr=False)
    kubernetes: str = ""

    def __str__(self) -> str:
        """Return `Deployment/web`."""
        return f"{self.kind}/{self.name}"

    @property
    def origin(self) -> str:
        """Return the name of the manifest in messages."""
        return self.source.origin

    @property
    def position(self) -> Position | None:
        """Return the position of the object; None if the manifest was not a text."""
        return find_position(self.subject)

    @property
    def annotations(self) -> dict[str, str]:
        """Return the annotations of the object and of the template; the template's win."""
        metadata = (self.subject.get("metadata") or {}, self.pod.get("metadata") or {})
        return {k: v for fields in metadata for k, v in (fields.get("annotations") or {}).items()}

    @functools.cached_property
    def objects(self) -> RenderObjects:
        """Return the objects of the same render, or else those of the manifest."""
        if self.render is not None:
            return self.render
        return RenderObjects(read_objects(self.source), (self.source.text.encode(),))

    @functools.cached_property
    def has_unknown_fields(self) -> bool:
        """Return whether a field of a built-in workload or Pod is in no version of Kubernetes."""
        top = typed_fields.find_object(self.subject)
        return top is not None and typed_fields.has_unknown(top)

    @functools.cached_property
    def holders(self) -> tuple[Holder, ...]:
        """Return all mappings of a built-in workload or Pod whose type is known."""
        top = typed_fields.find_object(self.subject)
        return tuple(typed_fields.list_holders(top)) if top is not None else ()

    @functools.cached_property
    def declared(self) -> Wiring:
        """Return the wiring with the volumes that the template itself declares."""
        return read_wiring(self.pod["spec"])

    @functools.cached_property
    def wiring(self) -> Wiring:
        """Return the wiring of the Pods, in which a claim replaces a volume of the same name."""
        if not self.claims:
            return self.declared
        names = {claim.name for claim in self.claims}
        others = tuple(volume for volume in self.declared.volumes if volume.name not in names)
        return dataclasses.replace(self.declared, volumes=(*others, *self.claims))


def find_templates(source: Source, paths: Mapping[str, str] | None = None) -> tuple[Template, ...]:
    """Return the Pod templates of a manifest; skip kinds that are not known.

    Args:
        source: the manifest.
        paths: the path of the Pod template or Pod spec in objects of a custom kind, by kind:
            `{"Pipeline": "spec.tasks[].template", "Training": "spec.roles.*.template"}`. It
            replaces what `custom_resources` knows of the kind.

    Raises:
        ManifestInvalid: a field has the wrong type, or a required field is missing.
        NoContainers: a Pod has no containers.
    """
    return tuple(
        template
        for subject in source.objects
        for template in read_templates(source, subject, paths or {})
    )


def read_templates(
    source: Source, subject: dict[str, Any], paths: Mapping[str, str]
) -> tuple[Template, ...]:
    """Return the Pod templates of one object of a manifest, as `find_templates` does."""
    if is_workload(subject):
        return (read_template(source, subject),)
    if isinstance(kind := subject.get("kind"), str) and kind in paths:
        return tuple(_custom_templates(source, subject, paths[kind]))
    if known := find_custom_resource(subject):
        return tuple(
            template
            for path in known.paths
            for template in _custom_templates(source, subject, path, known.container_name)
        )
    return ()


def read_template(source: Source, subject: dict[str, Any]) -> Template:
    """Return the template of a Pod or of a built-in workload.

    Raises:
        ManifestInvalid: a field has the wrong type, or a required field is missing.
        NoContainers: the Pod has no containers.
    """
    kind, path = subject["kind"], WORKLOADS[subject["kind"]].template
    source.check(subject, schema.OBJECT)
    metadata = subject.get("metadata") or {}
    if not (metadata.get("name") or metadata.get("generateName")):
        position = find_position(subject, "metadata")
        raise source.error(position, f"the {kind} has no name", "Set metadata.name.")
    if not path:
        _check_pod(source, subject, path)
        return _template(source, subject, path, subject, {})
    match = next(follow(source, subject, path), None)
    if match is None:
        position = find_position(subject, path.partition(".")[0])
        raise source.error(position, f"the {kind} has no Pod template", f"Add {path}.")
    _, pod, holder = match
    _check_pod(source, pod, path)
    source.check(holder, schema.WORKLOAD_SPEC, path.removesuffix("template").rstrip("."))
    return _template(source, subject, path, pod, holder)


def wrap_object(source: Source, subject: dict[str, Any]) -> Template:
    """Return an object without a Pod template as one without containers.

    Raises:
        ManifestInvalid: a field has the wrong type.
    """
    source.check(subject, schema.OBJECT)
    return _template(source, subject, "", {"metadata": {}, "spec": {"containers": []}}, {})


def _check_pod(source: Source, pod: dict[str, Any], path: str) -> None:
    spec = pod.get("spec")
    if spec is None or (isinstance(spec, dict) and not spec.get("containers")):
        position = find_position(pod, "spec")
        remedy = f"Add a container to {join(path, 'spec.containers')}."
        raise source.error(position, "the Pod has no containers", remedy, errors.NoContainers)
    source.check(pod, schema.POD, path)


def _custom_templates(
    source: Source, subject: dict[str, Any], path: str, container_name: str = ""
) -> Iterator[Template]:
    """Yield what is at the path, which may be nothing: operators fill in what is missing."""
    source.check(subject, schema.OBJECT)
    for full_path, value, holder in follow(source, subject, path):
        is_pod = "spec" in value
        if container_name:
            name_containers(value.get("spec"), container_name)
        source.check(holder, schema.CLAIMS, full_path.rpartition(".")[0])
        source.check(value, schema.POD if is_pod else schema.POD_SPEC, full_path)
        pod = value if is_pod else {"metadata": {}, "spec": value}
        yield _template(source, subject, full_path, pod, holder)


def _template(
    source: Source, subject: dict[str, Any], path: str, pod: dict[str, Any], holder: dict[str, Any]
) -> Template:
    metadata = subject.get("metadata") or {}
    kind = subject["kind"]
    if is_workload(subject):
        replicas = holder.get("parallelism" if kind in ("Job", "CronJob") else "replicas")
        claims = holder.get("volumeClaimTemplates") if kind == "StatefulSet" else None
    else:
        replicas = holder.get("replicas", holder.get("parallelism"))
        claims = holder.get("volumeClaimTemplates")
    return Template(
        source=source,
        kind=kind,
        name=metadata.get("name") or metadata.get("generateName") or "",
        namespace=metadata.get("namespace") or "",
        path=path,
        pod=pod,
        subject=subject,
        claims=tuple(_claim(entry) for entry in claims or ()),
        replicas=0 if kind == "DaemonSet" else replicas if isinstance(replicas, int) else 1,
    )


def _claim(entry: dict[str, Any]) -> VolumeSpec:
    name = entry["metadata"]["name"]
    return VolumeSpec(name, "persistentVolumeClaim", source=name, position=find_position(entry))
