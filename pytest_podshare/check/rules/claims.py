"""Claims, and the Pods that share them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pytest_podshare.check.rules.finding import Remark, of_volume, rule
from pytest_podshare.wiring.model import Wiring
from pytest_podshare.wiring.workloads import WORKLOADS

if TYPE_CHECKING:
    from pytest_podshare.wiring.templates import Template

_ONE_NODE = {"ReadWriteOnce", "ReadWriteOncePod"}


@rule("warning")
def claim_shared_by_replicas(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """Several Pods share a claim that one node, or one Pod, may mount at a time."""
    is_daemon = template.kind == "DaemonSet"
    workload = WORKLOADS.get(template.kind)
    if workload is None or not workload.replaces_pods or (template.replicas < 2 and not is_daemon):
        return
    modes = _access_modes(template)
    for volume in wiring.volumes:
        mode = modes.get(volume.source, set())
        if volume.kind != "persistentVolumeClaim" or not mode or not mode <= _ONE_NODE:
            continue
        yield of_volume(
            volume,
            f" is the claim {volume.source!r} ({', '.join(sorted(mode))}), for "
            f"{'a Pod on each node' if is_daemon else f'{template.replicas} Pods'}: "
            "those on other nodes do not start",
            "Use ReadWriteMany, or a StatefulSet with volumeClaimTemplates.",
        )


@rule("warning")
def claim_hides_volume(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A volume of a StatefulSet has the name of one of its claims, and the claim is taken."""
    claims = {claim.name for claim in template.claims}
    for volume in template.declared.volumes:
        if volume.name in claims:
            yield of_volume(
                volume,
                f" ({volume.kind}) is not used: a volumeClaimTemplate has its name",
                "Remove one of them, or give it a name of its own.",
            )


def _access_modes(template: Template) -> dict[str, set[str]]:
    """The access modes of the claims in the same manifest."""
    found: dict[str, set[str]] = {}
    for each in template.source.objects:
        if each.get("kind") == "PersistentVolumeClaim":
            metadata, spec = _dict(each, "metadata"), _dict(each, "spec")
            if _namespace(template.namespace) == _namespace(metadata.get("namespace")):
                modes = spec.get("accessModes")
                listed = modes if isinstance(modes, list) else ()
                found[str(metadata.get("name"))] = set(map(str, listed))
    return found


def _dict(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, Mapping) else {}


def _namespace(name: Any) -> str:
    return str(name or "default")
