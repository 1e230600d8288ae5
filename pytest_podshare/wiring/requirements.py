"""What a Pod needs of its cluster beyond what every cluster has, read from its spec."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pytest_podshare.wiring import pod_spec

IMAGE_VOLUMES = "image-volumes"
READ_WRITE_MANY = "read-write-many"
RESTART_ALL_CONTAINERS = "restart-all-containers"
RESTART_RULES = "restart-rules"
USER_NAMESPACES = "user-namespaces"

_ACTIONS = {"RestartAllContainers": RESTART_ALL_CONTAINERS}
_WHOLE = "ReadWriteMany"


def of_pod(spec: Mapping[str, Any]) -> dict[str, str]:
    """The capabilities that a Pod's spec needs, each with the field that needs it.

    Also of a spec that the API server gave: what it does not know it leaves out without a word.
    """
    found: dict[str, str] = {}
    for name, field in _needed(spec):
        found.setdefault(name, field)
    return found


def of_objects(objects: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Those that the claims of a manifest need, each with the claim that needs it."""
    claims = [
        each
        for each in objects
        if each.get("kind") == "PersistentVolumeClaim"
        and _WHOLE in ((each.get("spec") or {}).get("accessModes") or ())
    ]
    names = [str((each.get("metadata") or {}).get("name")) for each in claims]
    return {READ_WRITE_MANY: f"claim {', '.join(names)}"} if claims else {}


def _needed(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if spec.get("hostUsers") is False:
        yield USER_NAMESPACES, "hostUsers"
    for index, volume in enumerate(spec.get("volumes") or ()):
        if volume.get("image") is not None:
            yield IMAGE_VOLUMES, f"volumes[{index}].image"
    for field in pod_spec.CONTAINER_FIELDS:
        for index, container in enumerate(spec.get(field) or ()):
            for rule in container.get("restartPolicyRules") or ():
                name = _ACTIONS.get(str(rule.get("action")), RESTART_RULES)
                yield name, f"{field}[{index}].restartPolicyRules"
