"""PersistentVolumeClaims, and the Pods that share them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pytest_podshare.check.rules.finding import Issue, rule, volume_issue
from pytest_podshare.wiring.model import Wiring
from pytest_podshare.wiring.templates import Template
from pytest_podshare.wiring.workloads import WORKLOADS

_ONE_NODE = {"ReadWriteOnce", "ReadWriteOncePod"}


@rule("warning")
def claim_shared_by_replicas(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """Several Pods share a claim that only one node, or only one Pod, can mount at a time."""
    is_daemon = template.kind == "DaemonSet"
    workload = WORKLOADS.get(template.kind)
    if workload is None or not workload.replaces_pods or (template.replicas < 2 and not is_daemon):
        return
    pods = "Pods on all nodes" if is_daemon else f"{template.replicas} Pods"
    modes_by_claim = _access_modes(template)
    for volume in wiring.volumes:
        modes = modes_by_claim.get(volume.source, set())
        if volume.kind != "persistentVolumeClaim" or not modes or not modes <= _ONE_NODE:
            continue
        yield volume_issue(
            volume,
            f" is the claim {volume.source!r} ({', '.join(sorted(modes))}), shared by {pods}: "
            "those on other nodes cannot start",
            "Use ReadWriteMany, or a StatefulSet with volumeClaimTemplates.",
        )


@rule("warning")
def claim_hides_volume(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A volumeClaimTemplate of a StatefulSet replaces a volume of the same name."""
    claims = {claim.name for claim in template.claims}
    for volume in template.declared.volumes:
        if volume.name in claims:
            detail = f" ({volume.kind}) is not used: a volumeClaimTemplate has the same name"
            fix = "Remove or rename one of them."
            yield volume_issue(volume, detail, fix)


def _access_modes(template: Template) -> dict[str, set[str]]:
    """Return the access modes of the claims in the same manifest, by claim."""
    modes: dict[str, set[str]] = {}
    for claim in template.source.objects:
        if claim.get("kind") == "PersistentVolumeClaim":
            metadata, spec = _mapping(claim, "metadata"), _mapping(claim, "spec")
            if (metadata.get("namespace") or "default") == (template.namespace or "default"):
                listed = spec.get("accessModes")
                names = listed if isinstance(listed, list) else ()
                modes[str(metadata.get("name"))] = set(map(str, names))
    return modes


def _mapping(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, Mapping) else {}
