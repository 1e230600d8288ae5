"""What was asked for, and the machine that it is measured on."""

from __future__ import annotations

import dataclasses
import os
import platform
from typing import Any

# above this somebody else is at work, by the load of the last minute
_QUIET = 1.5


@dataclasses.dataclass(frozen=True)
class Asked:
    """How much is measured.

    Args:
        quick: a tenth of it: shows that it runs; the figures say little.
    """

    quick: bool = False

    def rounds(self, full: int) -> int:
        """So many, or a tenth, and at least two."""
        return max(2, full // 10) if self.quick else full

    def sizes(self, full: tuple[int, ...]) -> tuple[int, ...]:
        """All of these, or the lower half."""
        return full[: max(1, len(full) // 2)] if self.quick else full


def facts() -> dict[str, Any]:
    """Of this machine, without its name."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processors": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 2),
    }


def noise(load: float) -> str:
    """A word of warning where somebody else is at work; else none."""
    if load <= _QUIET:
        return ""
    return f"the machine is busy (load {load:g}): ratios may hold, times do not"
