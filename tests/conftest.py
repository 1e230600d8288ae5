"""What every test may use; which tests workers of pytest-xdist keep together, and begin with."""

from pathlib import PurePosixPath

import pytest
from xdist.scheduler import LoadFileScheduling

pytest_plugins = ["pytester"]

# who cordons a node, and who needs both nodes, would be in each other's way
_NODES = {"test_exchange_and_drain.py", "test_cluster.py", "test_collect.py", "test_replacing.py"}
_NODES |= {"test_cleaning.py", "test_cordons.py", "test_soundness.py"}
# what takes minutes comes first, so that no worker is left alone with it
_FIRST = ("nodes", "test_lifetime.py", "test_broken.py", "test_parallel.py")


def _row(file):
    """The tests that a file's stay in one row with."""
    return "nodes" if PurePosixPath(file).name in _NODES else str(file)


def pytest_collection_modifyitems(items):
    """Put what takes long first."""
    rank = {name: at for at, name in enumerate(_FIRST)}
    items.sort(key=lambda item: rank.get(PurePosixPath(_row(item.path)).name, len(rank)))


class _Rows(LoadFileScheduling):
    """A file's tests stay on one worker, one after another; those about nodes are one row.

    By file and not by the mark xdist_group: pytest-xdist 3.8 does not heed that with pytest 9.2
    (pytest-dev/pytest-xdist#1386).
    """

    def _split_scope(self, nodeid):
        return _row(super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Do that with --dist=loadfile."""
    return _Rows(config, log) if config.getvalue("dist") == "loadfile" else None
