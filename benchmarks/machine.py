"""The machine that is measured on."""

from __future__ import annotations

import os
import platform
from typing import Any

# Above this load average of the last minute, other processes disturb the measurement.
_MAX_LOAD = 1.5


def facts() -> dict[str, Any]:
    """Return what the results depend on; the machine's name is not included."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "processors": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 2),
    }


def load_warning(load: float) -> str:
    """Return a warning if the machine is busy, else ""."""
    if load <= _MAX_LOAD:
        return ""
    return f"warning: the machine is busy (load {load:g}); trust the ratios, not the times"
