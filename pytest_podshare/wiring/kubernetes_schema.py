"""The fields of Pods and workloads that Kubernetes knows, by the type that has them.

`kubernetes_schema.json` has them as the API servers of several versions list them; it is generated
by `sandbox/kubernetes_schema.py`.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path

_FILE = Path(__file__).with_suffix(".json")
_VERSION = re.compile(r"v?(\d+)\.(\d+)")
_LIST = "[]"


@dataclasses.dataclass(frozen=True)
class KubernetesSchema:
    """The fields of all versions.

    Args:
        releases: the releases from which they were taken, the oldest first, such as `1.36.3`.
        types: the fields of each type, each with the type of its value, or of the entries if that
            is a list; "" for any value.
        lists: the fields whose value is a list, by the type that has them.
        since: the versions that added fields, by the type and the field.
        removed: the versions that removed fields, by the type and the field.
    """

    releases: tuple[str, ...]
    types: Mapping[str, Mapping[str, str]]
    lists: Mapping[str, frozenset[str]]
    since: Mapping[str, Mapping[str, str]]
    removed: Mapping[str, Mapping[str, str]]

    @functools.cached_property
    def versions(self) -> tuple[str, ...]:
        """Return the minor versions, the oldest first: `1.36`."""
        return tuple(release.rpartition(".")[0] for release in self.releases)

    def find_nearest(self, version: str) -> str:
        """Return the minor version that is the nearest to a version; "" for "".

        Args:
            version: `1.34`, `v1.34.4`, `1.34.4-gke.100`; "" for none.

        Raises:
            ValueError: it is not a version.
        """
        if not version:
            return ""
        match = _VERSION.match(version)
        if match is None:
            raise ValueError(version)
        number = int(match[1]), int(match[2])
        older = [known for known in self.versions if _parse(known) <= number]
        return older[-1] if older else self.versions[0]

    def has(self, version: str) -> bool:
        """Return whether the fields of exactly this version are known."""
        match = _VERSION.match(version)
        return match is not None and f"{int(match[1])}.{int(match[2])}" in self.versions

    def find_reason(self, type_: str, field: str, version: str) -> str:
        """Return why a minor version lacks a field that others have; "" if it has the field."""
        since = self.since.get(type_, {}).get(field)
        removed = self.removed.get(type_, {}).get(field)
        if since is not None and _parse(version) < _parse(since):
            return f"it exists since Kubernetes {since}"
        if removed is not None and _parse(version) >= _parse(removed):
            return f"it was removed in Kubernetes {removed}"
        return ""

    @functools.cached_property
    def owners(self) -> Mapping[str, tuple[str, ...]]:
        """Return the types that have a field, by the field."""
        owners: dict[str, tuple[str, ...]] = {}
        for name, fields in self.types.items():
            for field in fields:
                owners[field] = (*owners.get(field, ()), name)
        return owners

    def find_spelling(self, field: str) -> str:
        """Return the spelling of a field in Kubernetes: `readOnly` of `readonly`; else as it is."""
        return field if field in self.owners else self._spellings.get(field.lower(), field)

    @functools.cached_property
    def _spellings(self) -> Mapping[str, str]:
        # `fsType` and `fstype` of two types would be ambiguous
        spellings: dict[str, set[str]] = {}
        for field in self.owners:
            spellings.setdefault(field.lower(), set()).add(field)
        return {lower: min(names) for lower, names in spellings.items() if len(names) == 1}


@functools.cache
def load() -> KubernetesSchema:
    """Return the fields of all versions."""
    content = json.loads(_FILE.read_text(encoding="utf-8"))
    types = content["types"]
    return KubernetesSchema(
        releases=tuple(content["releases"]),
        types={
            name: {field: type_.removesuffix(_LIST) for field, type_ in fields.items()}
            for name, fields in types.items()
        },
        lists={
            name: frozenset(field for field, type_ in fields.items() if type_.endswith(_LIST))
            for name, fields in types.items()
        },
        since=content["since"],
        removed=content["removed"],
    )


def _parse(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor)
