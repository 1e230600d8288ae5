"""The mappings of a Pod or workload, each with the type that Kubernetes' schema gives it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pytest_podshare.wiring import kubernetes_schema
from pytest_podshare.wiring.workloads import is_workload

# types whose mappings are named by themselves, not by their path
CONTAINER_TYPES = ("Container", "EphemeralContainer")


class Holder(NamedTuple):
    """A mapping with a known type.

    Args:
        type: the type: `PodSpec`.
        fields: the mapping.
        key: the field or the index that leads to it from the mapping or list above it.
        list_key: the field of the list that it is an entry of; "" if it is none.
        above: the mapping that has it; None for the object itself.
    """

    type: str
    fields: Mapping[str, Any]
    key: str | int
    list_key: str
    above: Holder | None

    @property
    def field(self) -> str:
        """Return the field of the mapping above it that has it or its list."""
        return self.list_key or str(self.key)

    @property
    def chain(self) -> Iterator[Holder]:
        """Yield it, the mapping above it, and so on up to the object."""
        holder: Holder | None = self
        while holder is not None:
            yield holder
            holder = holder.above

    def describe(self) -> str:
        """Return its name in messages: `the securityContext of container 'app'`."""
        return describe_path(self, [])


def find_object(subject: Mapping[str, Any]) -> Holder | None:
    """Return a Pod or workload as a holder; None for another object."""
    return Holder(subject["kind"], subject, "", "", None) if is_workload(subject) else None


def has_unknown(top: Holder) -> bool:
    """Return whether a mapping, or one below it that has a known type, has an unknown field."""
    return _has_unknown(top.type, top.fields, kubernetes_schema.load().types)


def _has_unknown(
    type_: str, fields: Mapping[str, Any], types: Mapping[str, Mapping[str, str]]
) -> bool:
    # nearly all manifests have none, so this is quicker than list_holders
    known = types[type_]
    for key, value in fields.items():
        inner = known.get(key)
        if inner is None:
            return True
        if inner:
            for entry in value if isinstance(value, list) else (value,):
                if isinstance(entry, dict) and _has_unknown(inner, entry, types):
                    return True
    return False


def list_holders(top: Holder) -> list[Holder]:
    """Return a mapping and all mappings below it that have a known type, in their order."""
    holders: list[Holder] = []
    _collect(top, kubernetes_schema.load().types, holders)
    return holders


def _collect(holder: Holder, types: Mapping[str, Mapping[str, str]], holders: list[Holder]) -> None:
    holders.append(holder)
    known = types[holder.type]
    for key, value in holder.fields.items():
        type_ = known.get(key)
        if not type_:
            continue
        if isinstance(value, dict):
            _collect(Holder(type_, value, key, "", holder), types, holders)
        elif isinstance(value, list):
            for index, entry in enumerate(value):
                if isinstance(entry, dict):
                    _collect(Holder(type_, entry, index, key, holder), types, holders)


def find_holder(subject: Mapping[str, Any], steps: Sequence[str | int]) -> Holder | None:
    """Return the mapping at a path of an object; None if its type is unknown.

    Args:
        subject: the object.
        steps: the keys and indexes that lead to the mapping.
    """
    holder, list_key, types = find_object(subject), "", kubernetes_schema.load().types
    value: Any = subject
    for step in steps:
        if holder is None:
            return None
        value = value[step]
        if isinstance(step, str):
            list_key = step if isinstance(value, list) else ""
        type_ = types[holder.type].get(list_key or str(step), "")
        if not type_:
            return None
        if isinstance(value, dict):
            holder = Holder(type_, value, step, list_key, holder)
    return holder


def describe_path(holder: Holder, keys: Sequence[str]) -> str:
    """Return the name of what has this path below a mapping.

    Args:
        holder: the mapping.
        keys: the fields that lead from there; `containers[]` for any entry of a list.
    """
    path = list(keys)
    for near in holder.chain:
        name = str(near.fields.get("name") or "")
        if near.type in CONTAINER_TYPES:
            return _join(path, f"container {name!r}")
        if near.type == "Volume":
            return _join(path, f"volume {name!r}")
        if near.type == "PodSpec":
            return _describe_in_pod(path)
        if near.above is None:
            kind = f"the {near.type}"
            return _possess(kind, path) if path else f"the top level of {kind}"
        step = str(near.key)
        path.insert(0, f"{near.list_key}[{name or step}]" if near.list_key else step)
    return ""


def _describe_in_pod(path: list[str]) -> str:
    if path[:1] == ["volumes[]"]:
        return _join(path[1:], "a volume")
    if path[:1] in (["containers[]"], ["initContainers[]"]):
        # what is missing in all of them is set in all of them
        article = "each" if path[1:] == ["securityContext"] else "a"
        return _join(path[1:], f"{article} container")
    return _possess("the Pod", path or ["spec"])


def _possess(owner: str, path: list[str]) -> str:
    text = ".".join(path)
    return f"an entry of {owner}'s {text[:-2]}" if text.endswith("[]") else f"{owner}'s {text}"


def _join(path: list[str], owner: str) -> str:
    text = ".".join(path)
    if text.endswith("[]"):
        return f"an entry of the {text[:-2]} of {owner}"
    return f"the {text} of {owner}" if path else owner
