"""One Pod template of a manifest, which may hold several, as a manifest of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_podshare.wiring.manifest import Manifest
from pytest_podshare.wiring.templates import Template
from pytest_podshare.wiring.workloads import WORKLOADS, is_workload


def extract_manifest(template: Template) -> Manifest:
    """Return a manifest that deploys a Pod of this template, and none of the other templates.

    Objects that create no Pods stay: ConfigMaps, claims, Services, accounts. A CronJob and a custom
    resource are replaced by a bare Pod.
    """
    others = tuple(
        document
        for document in template.source.objects
        if document is not template.subject and not is_workload(document)
    )
    creates_pods = is_workload(template.subject) and WORKLOADS[template.kind].creates_pods
    subject = template.subject if creates_pods else build_bare_pod(template, template.pod)
    return Manifest(template.origin, subject, others, str(template))


def build_bare_pod(template: Template, pod: Mapping[str, Any]) -> dict[str, Any]:
    """Return a Pod with the given metadata and spec, named after the template if it has no name."""
    metadata = dict(pod.get("metadata") or {})
    if not (metadata.get("name") or metadata.get("generateName")):
        is_prefix = not template.name or template.name.endswith("-")
        metadata["generateName" if is_prefix else "name"] = template.name or "podshare-"
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod["spec"]}
