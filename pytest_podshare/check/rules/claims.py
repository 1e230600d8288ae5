"""PersistentVolumeClaims, and the Pods that share them."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_podshare.check.rules.finding import Issue, rule, volume_issue
from pytest_podshare.wiring import shared_claims
from pytest_podshare.wiring.model import Wiring
from pytest_podshare.wiring.templates import Template, find_templates
from pytest_podshare.wiring.workloads import WORKLOADS

# how the kinds of Pods that end are named, so that others can use the claim after them
_ENDING_KINDS = ("Job", "JobSet")
_ONE_NODE = {"ReadWriteOnce", "ReadWriteOncePod"}


@rule("warning")
def claim_shared_by_replicas(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """Several Pods share a claim that only one node, or only one Pod, can mount at a time."""
    is_daemon = template.kind == "DaemonSet"
    workload = WORKLOADS.get(template.kind)
    if workload is None or not workload.replaces_pods or (template.replicas < 2 and not is_daemon):
        return
    pods = "Pods on all nodes" if is_daemon else f"{template.replicas} Pods"
    volumes = [volume for volume in wiring.volumes if volume.kind == "persistentVolumeClaim"]
    modes_by_claim = shared_claims.read_access_modes(template) if volumes else {}
    for volume in volumes:
        modes = modes_by_claim.get(volume.source)
        if not modes or not modes <= _ONE_NODE:
            continue
        yield volume_issue(
            volume,
            f" is the claim {volume.source!r} ({', '.join(sorted(modes))}), shared by {pods}: "
            "those on other nodes cannot start",
            "Use ReadWriteMany, or a StatefulSet with volumeClaimTemplates.",
        )


@rule("error")
def claim_for_one_pod(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """Two Pod templates use a claim that only one Pod can use at a time."""
    claims = shared_claims.list_claims(template)
    if not claims or template.kind.endswith(_ENDING_KINDS):
        return
    modes = shared_claims.read_access_modes(template)
    alone = [claim for claim in claims if modes.get(claim) == {shared_claims.ONE_POD}]
    if not alone:
        return
    for other in find_templates(template.source):
        if other.subject is template.subject:
            # the one that comes second reports both
            return
        if other.namespace != template.namespace or other.kind.endswith(_ENDING_KINDS):
            continue
        for claim in alone:
            if claim in shared_claims.list_claims(other):
                yield volume_issue(
                    claims[claim][0],
                    f" is the claim {claim!r} ({shared_claims.ONE_POD}), which {other} uses as"
                    " well: only one of their Pods can start",
                    "Use ReadWriteOnce for Pods on one node, or ReadWriteMany.",
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
