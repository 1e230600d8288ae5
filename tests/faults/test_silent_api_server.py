"""Runs in whose middle the API server falls silent: no failure is hidden, and none takes long.

Not beside the tests of `tests/cluster`: who uses the same API server would fail as well.
"""

import re
from pathlib import Path

import pytest

from pytest_podshare.cluster.kind import nodes
from pytest_podshare.deadline import Deadline, poll
from tests.faults.silent_api_server_suite import ready
from tests.support.pytest_runs import printed_by

pytestmark = pytest.mark.engine

HERE = Path(__file__).parent
# seconds for explaining and attaching, and those that a busy machine takes for the rest; a request
# that nobody bounds takes thirty
AT_MOST, SLACK = 10, 10


@pytest.fixture
def control_plane(podshare_cluster):
    """The node of the API server, which runs and is ready again after the test."""
    node = f"{podshare_cluster.name}-control-plane"
    yield node
    nodes.run(node, "sh", "-c", "pkill -CONT -x kube-apiserver || true")
    api = podshare_cluster.api
    assert poll(lambda: ready(api), until=bool, deadline=Deadline(120), most=1)


@pytest.mark.parametrize(
    ("way", "test", "failure", "own_seconds"),
    [
        ("silent", "test_own_assert", "AssertionError: assert 'red' == 'blue'", 0),
        # a session is found out to be dead, and another one cannot be had
        ("silent", "test_promise", "ClusterUnreachable: The API server https://127.0.0.1:", 10),
        ("stopped", "test_own_assert", "AssertionError: assert 'red' == 'blue'", 0),
        ("killed", "test_own_assert", "AssertionError: assert 'red' == 'blue'", 0),
    ],
    ids=["silent-own", "silent-promise", "stopped-own", "killed-own"],
)
def test_an_api_server_that_falls_silent_hides_no_failure(
    podshare_cluster, control_plane, tmp_path, way, test, failure, own_seconds
):
    """What is asked then ends within ten seconds, and the failure is what it was."""
    printed = printed_by(
        *("-k", test),
        HERE / "silent_api_server_suite.py",
        SILENCED_WAY=way,
        SILENCED_NODE=control_plane,
        SILENCED_KUBECONFIG=str(podshare_cluster.kubeconfig),
        SILENCED_SECONDS=str(tmp_path / "seconds"),
    )

    assert (tmp_path / "seconds").exists(), printed
    seconds = float((tmp_path / "seconds").read_text()) - own_seconds
    print(f"{seconds:.1f} s from silence to the report")
    assert seconds < AT_MOST + SLACK
    assert re.search(rf"^E +(pytest_podshare\.errors\.)?{re.escape(failure)}", printed, re.M)
    assert re.search(r" 1 failed(, \d+ deselected)? in ", printed.splitlines()[-1])
    assert "Cannot list the Pods: " in printed
    assert "--- podshare web/wiring.txt ---" in printed
