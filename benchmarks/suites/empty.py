"""A test that needs nothing; says in the file PODSHARE_MOMENTS, if there is one, when it began."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path


def test_nothing() -> None:
    """Nothing at all."""
    moments = {"set up": time.time()}
    if file := os.environ.get("PODSHARE_MOMENTS"):
        Path(file).write_text(json.dumps(moments))
