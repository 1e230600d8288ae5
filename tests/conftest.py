"""What every test may use, and which tests workers of pytest-xdist keep together."""

import pytest

pytest_plugins = ["pytester"]

# who cordons a node, and who needs both nodes, would be in each other's way
_NODES = {"test_004_exchange.py", "test_cluster.py", "test_collect.py", "test_replacing.py"}
_NODES |= {"test_cleaning.py", "test_soundness.py"}


def pytest_collection_modifyitems(items):
    """With --dist=loadgroup a file's tests stay on one worker, and those about nodes in one row."""
    for item in items:
        group = "nodes" if item.path.name in _NODES else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
