"""Tests that deploy what the API server warns of; test_warnings.py runs them.

pytest does not collect this file by itself, since its name does not start with `test_`.
"""

import pytest


@pytest.mark.parametrize("name", ["warned", "also-warned", "fine"])
def test_deploys(podshare, name):
    """Two Pods have the same fault; the third is the corrected twin."""
    manifest = "fine" if name == "fine" else "warned"

    podshare.deploy(f"tests/cluster/dropped/{manifest}.yaml")
