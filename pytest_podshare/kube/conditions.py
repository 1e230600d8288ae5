"""The conditions in an object's status, and what they mean for a node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NOT_READY = "node.kubernetes.io/not-ready"


def find_condition(live: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return the condition of that type; empty if the object has none."""
    conditions = live.get("status", {}).get("conditions") or ()
    return next((condition for condition in conditions if condition["type"] == name), {})


def is_node_ready(node: Mapping[str, Any]) -> bool:
    """Return whether a node is ready and no longer has the taint `not-ready`."""
    taints = node["spec"].get("taints") or ()
    is_tainted = any(taint["key"] == _NOT_READY for taint in taints)
    return find_condition(node, "Ready").get("status") == "True" and not is_tainted
