"""One Pod template of a manifest that may hold several, as a manifest of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_podshare.wiring.manifest import Manifest
from pytest_podshare.wiring.templates import Template, is_builtin

# a Pod, and kinds whose controllers make one of spec.template at once
_AT_ONCE = (
    *("Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController"),
    "Job",
)
_NAMELESS = "podshare-"


def alone(template: Template) -> Manifest:
    """What to deploy so that there is a Pod of this template, and none of the manifest's others.

    What makes no Pods comes along: ConfigMaps, claims, Services, accounts. The Pod of a CronJob, or
    of a kind that only its operator knows, is made by itself.
    """
    others = tuple(
        each
        for each in template.source.objects
        if each is not template.subject and not is_builtin(each)
    )
    is_known = template.kind in _AT_ONCE and is_builtin(template.subject)
    subject = template.subject if is_known else bare(template, template.pod)
    return Manifest(template.origin, subject, others)


def bare(template: Template, pod: Mapping[str, Any]) -> dict[str, Any]:
    """A Pod of its own, made of a template's metadata and spec."""
    metadata = dict(pod.get("metadata") or {})
    if not (metadata.get("name") or metadata.get("generateName")):
        is_prefix = not template.name or template.name.endswith("-")
        metadata["generateName" if is_prefix else "name"] = template.name or _NAMELESS
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod["spec"]}
