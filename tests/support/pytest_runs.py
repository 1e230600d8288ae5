"""Runs of pytest in processes of their own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_podshare.deadline import Deadline, poll

# pytest.ini of a run in another folder that imports tests.support
WITH_SUPPORT = f"[pytest]\npythonpath = {Path(__file__).parents[2]}\n"
SHAREVOL = Path("manifests/sharevol.yaml").resolve()
# seconds for a run to come to its end; on a busy machine a cluster alone takes minutes to make
PATIENCE = 600
TEST = f"""
from pytest_podshare import assert_file_visible

def test_it(podshare):
    pod = podshare.deploy({str(SHAREVOL)!r})
    assert_file_visible(pod, from_c="c1", to_c="c2")
"""
# the same in a namespace that cannot go, however long anybody waits for it
HELD = f"""{TEST}
import pytest

@pytest.fixture(autouse=True)
def held(podshare_cluster, podshare_namespace):
    it = {{"metadata": {{"name": "held", "finalizers": ["podshare.dev/held"]}}}}
    podshare_cluster.api.post(f"/api/v1/namespaces/{{podshare_namespace}}/configmaps", it)
"""


def run(pytester, *args):
    """Run pytest to its end in another process."""
    return pytester.runpytest_subprocess("-p", "no:pytest-kind", "-p", "no:cacheprovider", *args)


def printed_by(*words, **environment):
    """Run tests that fail on purpose, on the cluster of the run around them; return the output."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    return done.stdout


def started(pytester, *args):
    """Start pytest in the background, in its own process group as in a terminal."""
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
    """Wait until the run ends, and return what it printed."""
    try:
        return process.communicate(timeout=PATIENCE)[0]
    except BaseException:
        _kill(process)
        raise


def wait_for(process, condition):
    """Wait until a condition holds while the run goes on."""

    def come():
        assert process.poll() is None, process.communicate()[0]
        return condition()

    try:
        assert poll(come, until=bool, deadline=Deadline(PATIENCE), first=0.1)
    except BaseException:
        _kill(process)
        raise


def _kill(process):
    """Kill a run and all its processes, so that they do not disturb a later test."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()


def namespaces(name):
    """Return the namespaces of runs on a cluster."""
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
