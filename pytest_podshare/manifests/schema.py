"""The types of the fields that the wiring model reads.

Anything else is left to the rules of `podshare check` and to the API server.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from pytest_podshare.manifests.position import Position, find_position
from pytest_podshare.manifests.scalars import describe_type

QUANTITY = (str, int, float)


@dataclasses.dataclass(frozen=True)
class Fields:
    """The shape of a mapping.

    Args:
        known: the shapes of its known fields; a field that is null counts as absent.
        required: the names of the required fields.
        others: the shape of every other field; None for any.
    """

    known: Mapping[str, Shape] = dataclasses.field(default_factory=dict)
    required: tuple[str, ...] = ()
    others: Shape | None = None


# a type, several types, a mapping, or a list of one shape
Shape = type | tuple[type, ...] | Fields | list[Any]

_SECURITY_CONTEXT = Fields(
    dict.fromkeys(("fsGroup", "runAsGroup", "runAsUser"), int)
    | dict.fromkeys(("privileged", "readOnlyRootFilesystem", "runAsNonRoot"), bool)
    | {"supplementalGroups": [int]}
)
_RESOURCES = Fields({"limits": Fields(others=QUANTITY), "requests": Fields(others=QUANTITY)})
_VOLUME_MOUNT = Fields(
    dict.fromkeys(("name", "mountPath", "mountPropagation"), str)
    | dict.fromkeys(("recursiveReadOnly", "subPath", "subPathExpr"), str)
    | {"readOnly": bool},
    required=("name", "mountPath"),
)
_CONTAINER = Fields(
    dict.fromkeys(("name", "image", "restartPolicy", "terminationMessagePath"), str)
    | {
        "args": [str],
        "command": [str],
        "env": [Fields({"valueFrom": Fields()})],
        "lifecycle": Fields(),
        "resources": _RESOURCES,
        "securityContext": _SECURITY_CONTEXT,
        "volumeDevices": [Fields({"name": str, "devicePath": str})],
        "volumeMounts": [_VOLUME_MOUNT],
    },
    required=("name",),
)
_VOLUME = Fields(
    dict.fromkeys(("csi", "downwardAPI", "ephemeral", "image", "nfs", "projected"), Fields())
    | {
        "name": str,
        "configMap": Fields({"name": str}),
        "emptyDir": Fields({"medium": str, "sizeLimit": QUANTITY}),
        "hostPath": Fields({"path": str}),
        "persistentVolumeClaim": Fields({"claimName": str}),
        "secret": Fields({"secretName": str}),
    },
    required=("name",),
)
POD_SPEC = Fields(
    {
        "initContainers": [_CONTAINER],
        "containers": [_CONTAINER],
        "resources": _RESOURCES,
        "restartPolicy": str,
        "securityContext": _SECURITY_CONTEXT,
        "volumes": [_VOLUME],
    }
)
_METADATA = Fields(
    {"name": str, "generateName": str, "namespace": str, "annotations": Fields(others=str)}
)
OBJECT = Fields({"metadata": _METADATA})
LIST = Fields({"items": [Fields()]})
POD = Fields({"metadata": _METADATA, "spec": POD_SPEC}, required=("spec",))
_CLAIM = Fields({"metadata": Fields({"name": str}, required=("name",))}, required=("metadata",))
CLAIMS = Fields({"volumeClaimTemplates": [_CLAIM]})
WORKLOAD_SPEC = Fields({"parallelism": int, "replicas": int} | dict(CLAIMS.known))

# type → its name, and how to write a value of it
_EXPECTED: dict[Any, tuple[str, str]] = {
    str: ("a string", "Put the value in quotes."),
    bool: ("a boolean", "Write true or false without quotes."),
    int: ("an integer", "Write the number without quotes and without a decimal point."),
    QUANTITY: ("a quantity", "Write a number with an optional unit, for example 64Mi."),
    list: ("a list", "Start each entry with a dash."),
    dict: ("a mapping", "Write `key: value` pairs."),
}


@dataclasses.dataclass(eq=False)
class SchemaError(Exception):
    """A value of the wrong type, or a mapping without a required field.

    Args:
        problem: what is wrong with the field, without the field's name and without a full stop.
        remedy: one sentence that says what to do.
        position: the position of the value; None if it is unknown.
        field: the path to the value, as far as it is known: `.containers[0].name`.
    """

    problem: str
    remedy: str
    position: Position | None = None
    field: str = ""


def check(value: Any, shape: Shape) -> None:
    """Check that a value has the expected shape.

    Raises:
        SchemaError: it does not.
    """
    if isinstance(shape, Fields):
        _check_type(value, dict)
        _check_fields(value, shape)
    elif isinstance(shape, list):
        _check_type(value, list)
        for index in range(len(value)):
            _check_inner(value, index, shape[0])
    else:
        _check_type(value, shape)


def _check_fields(value: dict[str, Any], shape: Fields) -> None:
    for key in shape.required:
        if value.get(key) is None:
            raise SchemaError(f"has no {key}", f"Add {key}.", find_position(value))
    for key, field in value.items():
        expected = shape.known.get(key, shape.others)
        if expected is not None and field is not None and type(field) is not expected:
            _check_inner(value, key, expected)


def _check_inner(holder: Any, key: Any, shape: Shape) -> None:
    """Check a field or an entry; an error gets the path and the position in its holder."""
    try:
        check(holder[key], shape)
    except SchemaError as error:
        step = f"[{key}]" if isinstance(key, int) else f".{key}"
        position = error.position or find_position(holder, key)
        raise SchemaError(error.problem, error.remedy, position, step + error.field) from None


def _check_type(value: Any, expected: type | tuple[type, ...]) -> None:
    # Python counts True as a number; Kubernetes does not
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        name, remedy = _EXPECTED[expected]
        if isinstance(value, bool) and expected is str:
            remedy = "Put the value in quotes: YAML reads y, n, yes, no, on and off as booleans."
        raise SchemaError(f"must be {name}, but is {describe_type(value)}", remedy)
