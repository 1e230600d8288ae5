"""The ephemeral-storage limit of a Pod, above which the kubelet evicts it."""

from __future__ import annotations

from fractions import Fraction

from pytest_podshare.wiring import quantity
from pytest_podshare.wiring.model import Wiring


def find_storage_limit(wiring: Wiring) -> Fraction | None:
    """Return the Pod's ephemeral-storage limit as the kubelet computes it; None for none."""
    running: list[Fraction] = []
    init: list[Fraction] = []
    for container in wiring.containers:
        limit = quantity.parse(container.limits.get("ephemeral-storage", ""))
        if limit is not None:
            (init if container.role == "init" else running).append(limit)
    return max([sum(running, Fraction(0)), *init]) if running or init else None
