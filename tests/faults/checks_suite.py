"""Checks in a run of their own; run by `test_somebody_else.py`, which counts what they say."""

import base64
import dataclasses
import json
import subprocess
import time

from tests.support.fault_table import Fault
from tests.support.pod_pairs import CHECKS, manifest


def test_counted(podshare, capsys):
    """Both Pods, every check; and what the time is said to be, against the machine's own."""
    pods = podshare.deploy_all([manifest("sound", sound=True), manifest("broken", sound=False)])
    row = Fault("in a run of its own", named_by=())
    for ask in CHECKS.values():
        for pod, holds in zip(pods, (True, False), strict=True):
            row.check(lambda ask=ask, pod=pod: ask(pod), holds=holds)
    skew = time.time() - float(subprocess.check_output(["date", "+%s"], text=True))
    said = {**dataclasses.asdict(dataclasses.replace(row, named_by=())), "skew": skew}
    with capsys.disabled():
        print("COUNTED " + base64.b64encode(json.dumps(said).encode()).decode())
