"""Records of reports as plain data, which pytest-xdist and JSON can carry, and back.

Only what reports show becomes data: no command, no environment and no Secret of a Pod's spec.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from pytest_podshare.containers.evidence_entries import Note
from pytest_podshare.errors import Fact
from pytest_podshare.pods.evidence import UNKNOWN, Check, Step
from pytest_podshare.pods.pod import Pod
from pytest_podshare.report.records import ClusterRecord, PodRecord, PromiseRecord
from pytest_podshare.wiring.account_token import without_account_token
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

# the fields that are sent of each record
_CLUSTER_FIELDS = tuple(field.name for field in dataclasses.fields(ClusterRecord))
_TEMPLATE_FIELDS = ("manifest", "template", "stand_in")
_MOUNT_FIELDS = ("volume", "path", "sub_path", "read_only")
_VOLUME_FIELDS = ("name", "kind", "medium", "size_limit", "source")


def from_pod(pod: Pod) -> dict[str, Any]:
    """Return the data of a Pod."""
    return {
        "manifest": pod.manifest.origin,
        "template": pod.manifest.template,
        "name": str(pod),
        "node": pod.node,
        "stand_in": pod.manifest.stand_in,
        "wiring": _from_wiring(without_account_token(pod.wiring)),
        "cluster": _select(pod.cluster, _CLUSTER_FIELDS),
    }


def from_promise(promise: PromiseRecord) -> dict[str, Any]:
    """Return the data of a promise that is not checked."""
    wiring = _from_wiring(without_account_token(promise.pod.wiring))
    data = _select(promise, ("assertion", "containers", "volumes"))
    return {**data, "pod": {**_select(promise.pod, _TEMPLATE_FIELDS), "wiring": wiring}}


def _from_wiring(wiring: Wiring) -> dict[str, Any]:
    return {
        "containers": [
            {
                "name": container.name,
                "role": container.role,
                "mounts": [_select(mount, _MOUNT_FIELDS) for mount in container.mounts],
            }
            for container in wiring.containers
        ],
        "volumes": [_select(volume, _VOLUME_FIELDS) for volume in wiring.volumes],
    }


def _select(record: object, fields: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in fields}


def to_sendable(value: Any) -> Any:
    """Return data that xdist can send: lists, and no file name that is not UTF-8."""
    if isinstance(value, dict):
        return {name: to_sendable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_sendable(item) for item in value]
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def to_check(data: Mapping[str, Any]) -> Check:
    """Return the check of data."""
    fields = {field.name: data[field.name] for field in dataclasses.fields(Check)}
    fields |= {name: tuple(data[name]) for name in ("containers", "volumes")}
    fields["facts"] = tuple(Fact(**fact) for fact in data["facts"])
    fields["lines"] = tuple(
        Step(**line) if "action" in line else Note(**line) for line in data["lines"]
    )
    return Check(**fields)


def to_unchecked(data: Mapping[str, Any], text: str) -> tuple[Check, PodRecord]:
    """Return what a promise that was not checked is about; the text says why it was not."""
    headline, _, details = text.partition("\n")
    pod = to_pod(data["pod"])
    check = Check(
        assertion=data["assertion"],
        manifest=pod.manifest,
        pod="",
        containers=tuple(data["containers"]),
        volumes=tuple(data["volumes"]),
        verdict=UNKNOWN,
        seconds=0.0,
        headline=headline,
        facts=(Fact("", details),) if details else (),
    )
    return check, pod


def to_pod(data: Mapping[str, Any]) -> PodRecord:
    """Return the Pod of data."""
    containers = tuple(
        ContainerSpec(
            container["name"],
            container["role"],
            tuple(VolumeMount(**mount) for mount in container["mounts"]),
        )
        for container in data["wiring"]["containers"]
    )
    volumes = tuple(VolumeSpec(**volume) for volume in data["wiring"]["volumes"])
    fields = {**data, "wiring": Wiring(containers, volumes)}
    if "cluster" in data:
        fields["cluster"] = ClusterRecord(**data["cluster"])
    return PodRecord(**fields)
