"""A test that does nothing; writes when it started to PODSHARE_TIMESTAMPS, if that is set."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path


def test_nothing() -> None:
    """Do nothing."""
    timestamps = {"set up": time.time()}
    if file := os.environ.get("PODSHARE_TIMESTAMPS"):
        Path(file).write_text(json.dumps(timestamps))
