"""The conditions of an object's status, and what they say of a node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_NOT_READY = "node.kubernetes.io/not-ready"


def condition(live: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return the condition of that type; empty where the object has none."""
    conditions = live.get("status", {}).get("conditions") or ()
    return next((each for each in conditions if each["type"] == kind), {})


def is_node_ready(node: Mapping[str, Any]) -> bool:
    """Return whether a node is ready, and its taint for not being so is gone as well."""
    taints = node["spec"].get("taints") or ()
    is_tainted = any(taint["key"] == _NOT_READY for taint in taints)
    return condition(node, "Ready").get("status") == "True" and not is_tainted
