"""Runs during which the API server falls silent: no failure is hidden or delayed for long.

They must not run in parallel with `tests/cluster`, whose tests use the same API server.
"""

import re
from pathlib import Path

import pytest

from pytest_podshare.cluster.kind import nodes
from pytest_podshare.deadline import Deadline, poll
from tests.faults.silent_api_server_suite import is_ready
from tests.support.pytest_runs import printed_by

pytestmark = pytest.mark.engine

HERE = Path(__file__).parent
# seconds for the diagnosis and the attachments, and for the rest on a busy machine; a request
# without a deadline would take thirty
AT_MOST, SLACK = 10, 10


@pytest.fixture
def control_plane(podshare_cluster):
    """Yield the API server's node; afterwards wait until the API server is ready again."""
    node = f"{podshare_cluster.name}-control-plane"
    yield node
    nodes.run(node, "sh", "-c", "pkill -CONT -x kube-apiserver || true")
    api = podshare_cluster.api
    assert poll(lambda: is_ready(api), until=bool, deadline=Deadline(120), most=1)


@pytest.mark.parametrize(
    ("method", "test", "failure", "own_seconds"),
    [
        ("silent", "test_own_assert", "AssertionError: assert 'red' == 'blue'", 0),
        # the session is found to be dead, and another one cannot be opened
        ("silent", "test_promise", "ClusterUnreachable: The API server https://127.0.0.1:", 10),
        ("stopped", "test_own_assert", "AssertionError: assert 'red' == 'blue'", 0),
        ("killed", "test_own_assert", "AssertionError: assert 'red' == 'blue'", 0),
    ],
    ids=["silent-own", "silent-promise", "stopped-own", "killed-own"],
)
def test_an_api_server_that_falls_silent_hides_no_failure(
    podshare_cluster, control_plane, tmp_path, method, test, failure, own_seconds
):
    """The requests of the report end within ten seconds, and the failure is unchanged."""
    printed = printed_by(
        *("-k", test),
        HERE / "silent_api_server_suite.py",
        SILENCED_METHOD=method,
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
