"""Events as a kubelet records them."""

from __future__ import annotations

from typing import Any


def evicted_event(message: str, *, component: str = "kubelet") -> dict[str, Any]:
    """Return an Event `Evicted` about a Pod."""
    source = {"component": component}
    return {"metadata": {}, "reason": "Evicted", "message": f"{message} ", "source": source}
