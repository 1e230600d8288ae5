"""The first assertion of a run; says in the file PODSHARE_MOMENTS when it came how far."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from pytest_podshare import assert_file_visible
from pytest_podshare.pods.deployer import Podshare


def test_the_first_assertion(podshare: Podshare) -> None:
    """Moments by the clock, since another process has to compare them."""
    moments = {"set up": time.time()}
    pod = podshare.deploy("manifests/sharevol.yaml")
    moments["ready"] = time.time()
    assert_file_visible(pod, from_c="c1", to_c="c2")
    moments["first assertion"] = time.time()
    Path(os.environ["PODSHARE_MOMENTS"]).write_text(json.dumps(moments))
