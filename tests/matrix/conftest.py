"""Marks, and the section of docs/reliability.md about generated Pods."""

import os
from collections import Counter

from tests.support.fault_table import NAMED, PLURALS, TRUE, WRONG
from tests.support.reliability_page import table, write_section

_COLUMNS = ["Pods", "checks", *PLURALS]
_TEXT = """
Each Pod has a writer and a reader. The Pods differ in the kind of volume, the fsGroup, the restart
policy, and for each container in the subPath, the mount options, the user and the role: any two
values of two of these occur together. A verdict of the static check, a promise or the live mounts
is true if `kubectl exec` and `kubectl logs` show the same. `tox -e matrix` writes this table.

"""


def pytest_itemcollected(item):
    """Mark every test in this folder."""
    item.add_marker("cluster")
    item.add_marker("engine")
    item.add_marker("slow")


class _Table:
    """Adds up the verdicts of all tests, from all workers of pytest-xdist."""

    def __init__(self):
        self._counts, self._pods = Counter(), 0

    def pytest_runtest_logreport(self, report):
        """Add the verdicts of a test."""
        verdicts = dict(report.user_properties).get("verdicts")
        if report.when == "call" and verdicts is not None:
            self._counts.update(verdicts)
            self._pods += 1

    def pytest_sessionfinish(self, session):
        """Write the table if all Pods were tested."""
        if session.testsfailed == 0 and self._pods:
            row = [self._pods, sum(self._counts.values())]
            row += [self._counts[outcome] for outcome in (TRUE, NAMED, WRONG)]
            write_section("Generated Pods", _TEXT + table(_COLUMNS, [row]))


def pytest_configure(config):
    """Add up the verdicts of a run of all Pods."""
    if "PODSHARE_MATRIX_SETS" in os.environ and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Table())
