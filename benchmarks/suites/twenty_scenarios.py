"""The scenario of benchmarks/scenario.py, twenty times."""

from __future__ import annotations

import pytest

from pytest_podshare import assert_file_visible, assert_lost_on_delete, assert_survives_restart
from pytest_podshare.pods.deployer import Podshare


@pytest.mark.parametrize("_number", range(20))
def test_exchange_volume(podshare: Podshare, _number: int) -> None:
    """Deploy a Pod, check it ten times, prove a restart and a deletion."""
    pod = podshare.deploy("manifests/sharevol.yaml")
    for _ in range(5):
        assert_file_visible(pod, from_c="c1", to_c="c2")
        assert_file_visible(pod, from_c="c2", to_c="c1")
    assert_survives_restart(pod, container="c1")
    assert_lost_on_delete(pod)
