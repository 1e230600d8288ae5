"""The object that the kubelet fills a volume from, and how to change one of its entries."""

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
    """An entry of a ConfigMap or Secret, or an annotation or label of the Pod, and its file.

    Args:
        kind: `ConfigMap`, `Secret`, or `Pod` for an annotation or label.
        name: the object's name.
        field: `data`, `annotations` or `labels`.
        key: the entry's key.
        file: the file's path in the volume.
    """

    kind: str
    name: str
    field: str
    key: str
    file: str

    def __str__(self) -> str:
        return f"{self.key} of {self.kind} {self.name}"

    def change(self, pod: Pod) -> bytes:
        """Set the entry to a random value, and return what the file must then hold."""
        value = f"podshare-{secrets.token_hex(8)}"
        if self.kind == "Pod":
            patch: dict[str, Any] = {"metadata": {self.field: {self.key: value}}}
            path = pod_path(pod.namespace, pod.name)
        else:
            encoded = base64.b64encode(value.encode()).decode() if self.kind == "Secret" else value
            patch = {"data": {self.key: encoded}}
            path = f"/api/v1/namespaces/{pod.namespace}/{self.kind.lower()}s/{self.name}"
        pod.api.patch(path, patch)
        return value.encode()


def find_entry(pod: Pod, volume: str) -> ConfigEntry:
    """Return the first entry of a volume that can be changed.

    Raises:
        NoSharedVolume: the Pod has no such volume, or nothing in it can be changed.
    """
    volumes: list[dict[str, Any]] = pod.live.spec.get("volumes") or []
    declared = next((entry for entry in volumes if entry["name"] == volume), {})
    for source in (declared.get("projected") or {}).get("sources") or [declared]:
        for entry in _entries(pod, source):
            return entry
    raise errors.NoSharedVolume(
        f"Volume {volume!r} of {pod} has no entry that can be changed.",
        "Name a volume with entries of a ConfigMap, a Secret, or the Pod's annotations or labels.",
    )


def _entries(pod: Pod, source: dict[str, Any]) -> Iterator[ConfigEntry]:
    for field, kind, name_field in (
        ("configMap", "ConfigMap", "name"),
        ("secret", "Secret", "secretName"),
    ):
        if config := source.get(field):
            # a projected source has the name under `name`, of a Secret as well
            name = config.get(name_field) or config["name"]
            path = f"/api/v1/namespaces/{pod.namespace}/{kind.lower()}s/{name}"
            items = config.get("items") or [
                {"key": key, "path": key} for key in pod.api.get(path).get("data") or ()
            ]
            for item in items:
                yield ConfigEntry(kind, name, "data", item["key"], item["path"])
    for item in (source.get("downwardAPI") or {}).get("items") or ():
        if match := _FIELD.fullmatch((item.get("fieldRef") or {}).get("fieldPath", "")):
            yield ConfigEntry("Pod", pod.name, match[1], match[2], item["path"])
