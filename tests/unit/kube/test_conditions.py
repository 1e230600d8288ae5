"""What the status of a node says of it."""

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
def test_a_node_is_ready_when_its_condition_and_its_taints_say_so(conditions, taints, ready):
    """The scheduler heeds the taint, which goes a moment after the condition comes."""
    node = {"spec": {"taints": taints}, "status": {"conditions": conditions}}

    assert is_node_ready(node) is ready
