"""What the kubelet fills a volume from, and how to change one entry of it."""

from __future__ import annotations

import base64
import dataclasses
import re
import secrets
from collections.abc import Iterator
from typing import Any

from pytest_podshare import errors
from pytest_podshare.kube.client import pod_path
from pytest_podshare.pods.pod import Pod

_FIELD = re.compile(r"metadata\.(annotations|labels)\['([^']+)'\]")


@dataclasses.dataclass(frozen=True)
class ConfigEntry:
    """One entry that can change.

    Args:
        kind: `ConfigMap`, `Secret`, or `Pod` for its annotations and labels.
        name: the object's name.
        field: `data`, `annotations` or `labels`.
        key: the entry's key.
        file: its path in the volume.
    """

    kind: str
    name: str
    field: str
    key: str
    file: str

    def __str__(self) -> str:
        return f"{self.key} of {self.kind} {self.name}"

    def change(self, pod: Pod) -> bytes:
        """Change the entry to what nobody can have guessed; gives what the file must then hold."""
        new = f"podshare-{secrets.token_hex(8)}"
        if self.kind == "Pod":
            changes: dict[str, Any] = {"metadata": {self.field: {self.key: new}}}
            path = pod_path(pod.namespace, pod.name)
        else:
            value = base64.b64encode(new.encode()).decode() if self.kind == "Secret" else new
            changes = {"data": {self.key: value}}
            path = f"/api/v1/namespaces/{pod.namespace}/{self.kind.lower()}s/{self.name}"
        pod.api.patch(path, changes)
        return new.encode()


def of_volume(pod: Pod, volume: str) -> ConfigEntry:
    """An entry of that volume that can change.

    Raises:
        NoSharedVolume: there is no such volume, or nothing in it can change.
    """
    volumes: list[dict[str, Any]] = pod.spec.get("volumes") or []
    entry = next((each for each in volumes if each["name"] == volume), {})
    projected = (entry.get("projected") or {}).get("sources") or [entry]
    for source in projected:
        for found in _entries(pod, source):
            return found
    raise errors.NoSharedVolume(
        f"Volume {volume!r} of {pod} is made of nothing that can change.",
        "Name a volume of a ConfigMap, a Secret, or annotations or labels.",
    )


def _entries(pod: Pod, source: dict[str, Any]) -> Iterator[ConfigEntry]:
    for field, kind, named in (
        ("configMap", "ConfigMap", "name"),
        ("secret", "Secret", "secretName"),
    ):
        if part := source.get(field):
            name = part.get(named) or part["name"]
            path = f"/api/v1/namespaces/{pod.namespace}/{kind.lower()}s/{name}"
            items = part.get("items") or [
                {"key": key, "path": key} for key in pod.api.get(path).get("data") or ()
            ]
            yield from (
                ConfigEntry(kind, name, "data", each["key"], each["path"]) for each in items
            )
    for item in (source.get("downwardAPI") or {}).get("items") or ():
        if found := _FIELD.fullmatch((item.get("fieldRef") or {}).get("fieldPath", "")):
            yield ConfigEntry("Pod", pod.name, found[1], found[2], item["path"])
