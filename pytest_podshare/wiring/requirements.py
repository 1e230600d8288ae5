"""The capabilities that a Pod or a claim requires of its cluster, read from its spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pytest_podshare.wiring import pod_spec

IMAGE_VOLUMES = "image-volumes"
READ_WRITE_MANY = "read-write-many"
RESTART_ALL_CONTAINERS = "restart-all-containers"
RESTART_RULES = "restart-rules"
USER_NAMESPACES = "user-namespaces"


def find_requirements(spec: Mapping[str, Any]) -> dict[str, str]:
    """Return the capabilities that a Pod spec requires, each with the first field that does.

    An API server drops fields that it does not know, so the spec of a live Pod may require less.
    """
    requirements: dict[str, str] = {}
    for name, field in _required(spec):
        requirements.setdefault(name, field)
    return requirements


def find_claim_requirements(objects: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the capabilities that the claims among the objects require, with their names."""
    names = [
        str((document.get("metadata") or {}).get("name"))
        for document in objects
        if document.get("kind") == "PersistentVolumeClaim"
        and "ReadWriteMany" in ((document.get("spec") or {}).get("accessModes") or ())
    ]
    return {READ_WRITE_MANY: f"claim {', '.join(names)}"} if names else {}


def _required(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if spec.get("hostUsers") is False:
        yield USER_NAMESPACES, "hostUsers"
    for index, volume in enumerate(spec.get("volumes") or ()):
        if volume.get("image") is not None:
            yield IMAGE_VOLUMES, f"volumes[{index}].image"
    for field in pod_spec.CONTAINER_FIELDS:
        for index, container in enumerate(spec.get(field) or ()):
            for rule in container.get("restartPolicyRules") or ():
                is_for_all = rule.get("action") == "RestartAllContainers"
                name = RESTART_ALL_CONTAINERS if is_for_all else RESTART_RULES
                yield name, f"{field}[{index}].restartPolicyRules"
