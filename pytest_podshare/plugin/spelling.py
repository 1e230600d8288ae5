"""The ids of promises in reports, as they are and not as pytest may read them.

From 9.2 on pytest takes what follows the first bracket of an id for parameters that end with the
id, so that `restart[c1]@xchange` would be shown with another bracket behind it: in JUnit XML, and
wherever a report comes from a worker of pytest-xdist.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

_MARK = "podshare"


class Spelling:
    """A plugin of one run, which comes before all others that read a report.

    Args:
        config: the run's.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Mend the id of a report of ours."""
        name = report.nodeid.rpartition("::")[2]
        if _MARK not in report.keywords or "[" not in name or name.endswith("]"):
            return
        _mend(report, name)
        for xml in self._config.pluginmanager.get_plugins():
            if type(xml).__name__ == "LogXML":
                xml.node_reporter(report).add_attribute("name", name)


def _mend(report: Any, name: str) -> None:
    """Have a report's id say that the name has no parameters."""
    read: Any = getattr(report, "id", None)
    if getattr(read, "params", None) is not None:
        report._id = dataclasses.replace(read, names=(*read.names[:-1], name), params=None)
