"""Tests of a node's conditions."""

import pytest

from pytest_podshare.kube.conditions import is_node_ready

READY = [{"type": "DiskPressure", "status": "False"}, {"type": "Ready", "status": "True"}]
TAINT = {"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("conditions", "taints", "ready"),
    [
        (READY, None, True),
        (READY, [{"key": "team", "effect": "NoSchedule"}], True),
        (READY, [TAINT], False),
        ([{"type": "Ready", "status": "False"}], None, False),
        ([{"type": "Ready", "status": "Unknown"}], None, False),
        (READY[:1], None, False),
        (None, None, False),
    ],
)
def test_a_ready_node_has_the_condition_and_no_not_ready_taint(conditions, taints, ready):
    """The scheduler respects the taint, which is removed a moment after the condition is set."""
    node = {"spec": {"taints": taints}, "status": {"conditions": conditions}}

    assert is_node_ready(node) is ready
