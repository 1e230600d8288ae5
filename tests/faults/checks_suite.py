"""Checks in a separate run, started by `test_interference.py`, which counts their verdicts."""

import base64
import dataclasses
import json
import subprocess
import time

from tests.support.fault_table import Fault
from tests.support.pod_pairs import CHECKS, manifest


def test_counted(podshare, capsys):
    """Print the verdicts of every check on both Pods, and the skew of this process's clock."""
    pods = podshare.deploy_all([manifest("sound", sound=True), manifest("broken", sound=False)])
    row = Fault("in a separate run", named_by=())
    for run in CHECKS.values():
        for pod, holds in zip(pods, (True, False), strict=True):
            row.check(lambda run=run, pod=pod: run(pod), holds=holds)
    skew = time.time() - float(subprocess.check_output(["date", "+%s"], text=True))
    report = {**dataclasses.asdict(dataclasses.replace(row, named_by=())), "skew": skew}
    with capsys.disabled():
        print("COUNTED " + base64.b64encode(json.dumps(report).encode()).decode())
