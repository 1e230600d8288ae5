"""A run with one assertion; writes when it reached which point to PODSHARE_TIMESTAMPS."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from pytest_podshare import assert_file_visible
from pytest_podshare.pods.deployer import Podshare


def test_the_first_assertion(podshare: Podshare) -> None:
    """Use the wall clock, because another process compares the times."""
    timestamps = {"set up": time.time()}
    pod = podshare.deploy("manifests/sharevol.yaml")
    timestamps["ready"] = time.time()
    assert_file_visible(pod, from_c="c1", to_c="c2")
    timestamps["first assertion"] = time.time()
    Path(os.environ["PODSHARE_TIMESTAMPS"]).write_text(json.dumps(timestamps))
