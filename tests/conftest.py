"""What every test may use, and which tests workers of pytest-xdist keep together."""

from pathlib import PurePosixPath

import pytest
from xdist.scheduler import LoadFileScheduling

pytest_plugins = ["pytester"]

# who cordons a node, and who needs both nodes, would be in each other's way
_NODES = {"test_004_exchange.py", "test_cluster.py", "test_collect.py", "test_replacing.py"}
_NODES |= {"test_cleaning.py", "test_soundness.py"}


class _Rows(LoadFileScheduling):
    """A file's tests stay on one worker, one after another; those about nodes are one row.

    By file and not by the mark xdist_group: pytest-xdist 3.8 does not heed that with pytest 9.2
    (pytest-dev/pytest-xdist#1386).
    """

    def _split_scope(self, nodeid):
        file = super()._split_scope(nodeid)
        return "nodes" if PurePosixPath(file).name in _NODES else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Do that with --dist=loadfile."""
    return _Rows(config, log) if config.getvalue("dist") == "loadfile" else None
