"""Claims that a new Pod of a Deployment needs while the old one still has them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_podshare.check.rules.container_paths import used_volumes
from pytest_podshare.check.rules.finding import Issue, rule, volume_issue
from pytest_podshare.wiring import shared_claims
from pytest_podshare.wiring.model import Wiring
from pytest_podshare.wiring.templates import Template

_DEFAULT = "25%"
_ONE_NODE = {"ReadWriteOnce", shared_claims.ONE_POD}


@rule("error")
def claim_blocks_rollout(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A new Pod of a Deployment waits for a claim that the old Pod does not release."""
    # with several replicas, it is a finding of claim-shared-by-replicas
    if template.kind != "Deployment" or template.replicas != 1 or not _overlaps(template):
        return
    claims = shared_claims.list_claims(template)
    if not claims:
        return
    used, modes_by_claim = used_volumes(wiring), shared_claims.read_access_modes(template)
    for claim, volumes in claims.items():
        modes = modes_by_claim.get(claim, set())
        if not modes or not modes <= _ONE_NODE or volumes[0].name not in used:
            continue
        detail = f" is the claim {claim!r} ({', '.join(sorted(modes))}), and a RollingUpdate"
        fix = "Set the Deployment's strategy to type Recreate."
        if modes == {shared_claims.ONE_POD}:
            detail += " starts the new Pod first: it cannot start while the old Pod runs"
            yield volume_issue(volumes[0], detail, fix)
        elif not _stays_on_its_node(template.pod["spec"]):
            detail += (
                " starts the new Pod first: on another node it cannot start while the old Pod runs"
            )
            yield volume_issue(volumes[0], detail, fix, severity="warning")


def _overlaps(template: Template) -> bool:
    """Return whether the old Pod runs until the new one is ready (pkg/controller/deployment)."""
    spec = _mapping(template.subject, "spec")
    strategy = _mapping(spec, "strategy")
    if strategy.get("type") == "Recreate":
        return False
    rolling = _mapping(strategy, "rollingUpdate")
    surge = _count(rolling.get("maxSurge"), template.replicas, math.ceil)
    unavailable = _count(rolling.get("maxUnavailable"), template.replicas, math.floor)
    return surge > 0 and unavailable == 0


def _count(value: object, replicas: int, round_to: Any) -> int:
    """Return a number of Pods that may be a percentage; what is no number counts as 0."""
    text = _DEFAULT if value is None else str(value)
    if not text.removesuffix("%").isdecimal():
        return 0
    number = int(text.removesuffix("%"))
    return int(round_to(number * replicas / 100)) if text.endswith("%") else number


def _stays_on_its_node(spec: Mapping[str, Any]) -> bool:
    selector = _mapping(spec, "nodeSelector")
    return bool(spec.get("nodeName")) or "kubernetes.io/hostname" in selector


def _mapping(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, dict) else {}
