"""Whole runs of pytest, for tests with clusters of their own."""

import signal
import subprocess
import sys
from pathlib import Path

from pytest_podshare.deadline import Deadline, poll

SHAREVOL = Path("manifests/sharevol.yaml").resolve()
TEST = f"""
from pytest_podshare import assert_file_visible

def test_it(podshare):
    pod = podshare.deploy({str(SHAREVOL)!r})
    assert_file_visible(pod, from_c="c1", to_c="c2")
"""


def run(pytester, *args):
    """Run pytest to its end, in a process of its own."""
    return pytester.runpytest_subprocess("-p", "no:pytest-kind", "-p", "no:cacheprovider", *args)


def started(pytester, *args):
    """A pytest run in the background, in a process group of its own as in a terminal."""
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "no:pytest-kind", "-s", *args],
        cwd=pytester.path,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        # whoever runs these tests in the background may have Ctrl-C ignored, and hand that down
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def ended(process):
    """What the run printed until it ended."""
    try:
        return process.communicate(timeout=120)[0]
    finally:
        process.kill()


def wait_for(process, condition):
    """Wait until a run has come that far."""

    def come():
        assert process.poll() is None, process.communicate()[0]
        return condition()

    assert poll(come, until=bool, deadline=Deadline(120), first=0.1)


def namespaces(name):
    """The namespaces of runs that are on a cluster."""
    node = f"{name}-control-plane"
    kubectl = [
        "kubectl",
        "--kubeconfig=/etc/kubernetes/admin.conf",
        "get",
        "namespaces",
        "-o",
        "name",
    ]
    listed = subprocess.check_output(["docker", "exec", node, *kubectl], text=True)
    return [each for each in listed.split() if each.startswith("namespace/podshare-")]
