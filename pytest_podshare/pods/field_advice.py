"""What to do about a field that the API server does not know: where it belongs, if that shows."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from pytest_podshare.manifests.field_path import Field
from pytest_podshare.manifests.position import find_position
from pytest_podshare.wiring.lifetime import LIFETIMES
from pytest_podshare.wiring.pod_spec import CONTAINER_FIELDS, MOUNT_FIELDS

# fields of a securityContext that only that of a container has, or only that of a Pod
_OF_CONTAINERS = (
    *("allowPrivilegeEscalation", "capabilities", "privileged", "procMount"),
    "readOnlyRootFilesystem",
)
_OF_PODS = (
    *("fsGroup", "fsGroupChangePolicy", "supplementalGroups", "supplementalGroupsPolicy"),
    "sysctls",
)
# fields of a container that a Pod does not have
_IN_CONTAINERS = (
    *("volumeMounts", "volumeDevices", "command", "args", "env", "envFrom", "image"),
    *("imagePullPolicy", "ports", "livenessProbe", "readinessProbe", "startupProbe", "workingDir"),
)
# the known fields of a mapping, or of the entries of a list
_KNOWN: Mapping[str, Collection[str]] = {
    "volumes": LIFETIMES,
    "volumeMounts": ("name", *MOUNT_FIELDS),
    "persistentVolumeClaim": ("claimName", "readOnly"),
    "emptyDir": ("medium", "sizeLimit"),
    "configMap": ("name", "items", "optional", "defaultMode"),
    "secret": ("secretName", "items", "optional", "defaultMode"),
    **dict.fromkeys(CONTAINER_FIELDS, _IN_CONTAINERS),
}


def advise(field: Field, document: Mapping[str, Any], unknown: Sequence[Field]) -> str:
    """Return what to do about an unknown field, in one sentence.

    Args:
        field: the field.
        document: its object.
        unknown: all unknown fields of the object.
    """
    key = field.key
    if above := _find_empty_sibling(field, unknown):
        position = find_position(field.holder, above)
        line = f" (line {position.line})" if position else ""
        return f"Indent {key} below {above}{line}, which is empty: that is where it belongs."
    if elsewhere := _find_other_place(field):
        return f"Move {key} to {elsewhere}."
    holders = [step for step in field.steps[:-1] if isinstance(step, str)][-1:]
    known = [name for holder in holders for name in _KNOWN.get(holder, ())]
    if close := difflib.get_close_matches(key, known, n=1):
        return f"Correct its name, perhaps to {close[0]}."
    names = [step for step in field.steps[:-1] if isinstance(step, str)]
    path = ".".join([str(document.get("kind")).lower(), *names])
    return f"Correct it, move it or remove it: `kubectl explain {path}` lists the known fields."


def _find_empty_sibling(field: Field, unknown: Sequence[Field]) -> str:
    """Return the empty mapping right above unknown fields: they are not indented; "" for none."""
    if not isinstance(field.holder, dict):
        return ""
    strays = {other.key for other in unknown if other.holder is field.holder}
    above = ""
    for key, value in field.holder.items():
        if key == field.key:
            return above
        if key not in strays:
            above = key if value is None or value == {} else ""
    return ""


def _find_other_place(field: Field) -> str:
    *path, key = field.steps
    is_in_container = bool(set(CONTAINER_FIELDS) & set(path))
    if path[-1:] == ["securityContext"]:
        if key in _OF_CONTAINERS and not is_in_container:
            return "the securityContext of each container"
        if key in _OF_PODS and is_in_container:
            return "the securityContext of the Pod"
    if path[-1:] == ["spec"] and key in _IN_CONTAINERS:
        return "a container"
    if is_in_container and key == "volumes":
        return "the spec of the Pod"
    return ""
