"""The types that the model takes for granted; all else is for the rules and the API server."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from pytest_podshare.manifests.position import Position, position
from pytest_podshare.manifests.scalars import named

QUANTITY = (str, int, float)


@dataclasses.dataclass(frozen=True)
class Fields:
    """A mapping.

    Args:
        known: the shape of its fields; others are passed over.
        needs: those it must have.
        each: the shape of every field that is not known; None for any.
    """

    known: Mapping[str, Shape] = dataclasses.field(default_factory=dict)
    needs: tuple[str, ...] = ()
    each: Shape | None = None


# a type, several of them, a mapping, or a list of one shape
Shape = type | tuple[type, ...] | Fields | list[Any]

_SECURITY = Fields(
    {
        "fsGroup": int,
        "privileged": bool,
        "readOnlyRootFilesystem": bool,
        "runAsGroup": int,
        "runAsNonRoot": bool,
        "runAsUser": int,
        "supplementalGroups": [int],
    }
)
_RESOURCES = Fields({"limits": Fields(each=QUANTITY), "requests": Fields(each=QUANTITY)})
_MOUNT = Fields(
    {
        "name": str,
        "mountPath": str,
        "mountPropagation": str,
        "readOnly": bool,
        "recursiveReadOnly": str,
        "subPath": str,
        "subPathExpr": str,
    },
    needs=("name", "mountPath"),
)
_CONTAINER = Fields(
    {
        "name": str,
        "args": [str],
        "command": [str],
        "env": [Fields({"valueFrom": Fields()})],
        "image": str,
        "lifecycle": Fields(),
        "resources": _RESOURCES,
        "restartPolicy": str,
        "securityContext": _SECURITY,
        "terminationMessagePath": str,
        "volumeDevices": [Fields({"name": str, "devicePath": str})],
        "volumeMounts": [_MOUNT],
    },
    needs=("name",),
)
_VOLUME = Fields(
    {
        "name": str,
        "configMap": Fields({"name": str}),
        "csi": Fields(),
        "downwardAPI": Fields(),
        "emptyDir": Fields({"medium": str, "sizeLimit": QUANTITY}),
        "ephemeral": Fields(),
        "hostPath": Fields({"path": str}),
        "image": Fields(),
        "nfs": Fields(),
        "persistentVolumeClaim": Fields({"claimName": str}),
        "projected": Fields(),
        "secret": Fields({"secretName": str}),
    },
    needs=("name",),
)
POD_SPEC = Fields(
    {
        "initContainers": [_CONTAINER],
        "containers": [_CONTAINER],
        "resources": _RESOURCES,
        "restartPolicy": str,
        "securityContext": _SECURITY,
        "volumes": [_VOLUME],
    }
)
_METADATA = Fields(
    {"name": str, "generateName": str, "namespace": str, "annotations": Fields(each=str)}
)
OBJECT = Fields({"metadata": _METADATA})
LIST = Fields({"items": [Fields()]})
POD = Fields({"metadata": _METADATA, "spec": POD_SPEC}, needs=("spec",))
_CLAIM = Fields({"metadata": Fields({"name": str}, needs=("name",))}, needs=("metadata",))
MADE_OF = Fields({"parallelism": int, "replicas": int, "volumeClaimTemplates": [_CLAIM]})

_NAMED: dict[Any, tuple[str, str]] = {
    str: ("a string", "Write it in quotes."),
    bool: ("a truth value", "Write true or false, without quotes."),
    int: ("a whole number", "Write it without quotes and without a point."),
    QUANTITY: ("a quantity", "Write a number, with a unit if need be: 64Mi."),
    list: ("a list", "Begin each of its entries with a dash."),
    dict: ("a mapping", "Write it as keys with values, indented below its own key."),
}


class SchemaError(Exception):
    """A value of the wrong shape; whoever holds it adds where it is.

    Args:
        problem: what is the matter, without its name and a full stop.
        remedy: one sentence, saying what to do.
        at: where; None if nobody knows.
        field: the way to it, as far as it is known: `.containers[0].name`.
    """

    def __init__(
        self, problem: str, remedy: str, at: Position | None = None, field: str = ""
    ) -> None:
        super().__init__(problem, remedy)
        self.problem, self.remedy, self.at, self.field = problem, remedy, at, field

    def within(self, holder: Any, key: str | int) -> SchemaError:
        """The same, said of a larger value."""
        step = f"[{key}]" if isinstance(key, int) else f".{key}"
        at = self.at or position(holder, key)
        return SchemaError(self.problem, self.remedy, at, step + self.field)


def check(value: Any, shape: Shape) -> None:
    """Check that a value is of a shape; a field that is nothing (null) counts as not given.

    Raises:
        Wrong: it is not.
    """
    if isinstance(shape, Fields):
        _check_type(value, dict)
        _check_fields(value, shape)
    elif isinstance(shape, list):
        _check_type(value, list)
        for index, entry in enumerate(value):
            try:
                check(entry, shape[0])
            except SchemaError as wrong:
                raise wrong.within(value, index) from None
    else:
        _check_type(value, shape)


def _check_fields(value: dict[str, Any], shape: Fields) -> None:
    for key in shape.needs:
        if value.get(key) is None:
            raise SchemaError(f"has no {key}", f"Give it a {key}.", position(value))
    for key, found in value.items():
        inner = shape.known.get(key, shape.each)
        if inner is None or found is None:
            continue
        try:
            check(found, inner)
        except SchemaError as wrong:
            raise wrong.within(value, key) from None


def _check_type(value: Any, expected: type | tuple[type, ...]) -> None:
    # True is a number to Python, and none to Kubernetes
    if not isinstance(value, expected) or (isinstance(value, bool) and expected is not bool):
        name, remedy = _NAMED[expected]
        if isinstance(value, bool) and expected is str:
            remedy = "Write it in quotes; YAML takes y, n, yes, no, on and off for true and false."
        raise SchemaError(f"is {named(value)}, not {name}", remedy)
