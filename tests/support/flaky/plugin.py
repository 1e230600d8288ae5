"""The options and hooks of `--rerun-alone`.

A test marked `cluster` that fails is run once more, alone, when all other tests are done. A test
that passes then is flaky and does not fail the run. The run fails all the same if there are three
flaky tests, or if one of them was flaky before.

Each of these tests is run by a pytest process of its own, without pytest-xdist and with the options
of the run around it, so that every fixture is set up anew. The controller starts these processes
before its own `pytest_sessionfinish`, so that it still holds the cluster. A run that was stopped,
by Ctrl-C or by `-x`, runs nothing again.
"""

import argparse
import re
from pathlib import Path

import pytest

from tests.support.flaky.child import ChildResult
from tests.support.flaky.record import FlakyFile
from tests.support.flaky.reruns import Reruns

# a property of the test's case in JUnit XML, by which its case is found again
NODEID = "nodeid"


def pytest_addoption(parser):
    """Add the options."""
    group = parser.getgroup("flaky tests")
    group.addoption(
        "--rerun-alone",
        action="store_true",
        help="Run each failed test marked `cluster` again, alone, when all others are done.",
    )
    group.addoption(
        "--flaky-file",
        metavar="FILE",
        help="Add flaky tests to this JSON file. Default with --junitxml=NAME.xml: "
        "NAME.flaky.json next to it.",
    )
    # of the processes that this plugin starts itself
    group.addoption("--flaky-child", metavar="FILE", help=argparse.SUPPRESS)


def pytest_configure(config):
    """Decide what this process is: a child, or the one that starts them."""
    option = config.option
    if option.flaky_child:
        config.pluginmanager.register(ChildResult(Path(option.flaky_child)))
    elif option.rerun_alone and not hasattr(config, "workerinput") and not option.usepdb:
        xml = config.getoption("xmlpath", None)
        path = option.flaky_file or (xml and Path(xml).with_suffix(".flaky.json"))
        file = FlakyFile(config.invocation_params.dir / path if path else None)
        config.pluginmanager.register(Reruns(config, file, NODEID))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item):
    """Note on the report of a failure that the test may be run again; workers send it along."""
    report = yield
    may_rerun = item.get_closest_marker("cluster") and not item.get_closest_marker("xfail")
    if report.failed and may_rerun and item.config.option.rerun_alone:
        report.flaky_name = name_of(item)
        for owner in (item, report):
            if (NODEID, item.nodeid) not in owner.user_properties:
                owner.user_properties.append((NODEID, item.nodeid))
    return report


def name_of(item):
    """Return the node id without the number that `--count` gives to each repetition."""
    params = getattr(getattr(item, "callspec", None), "params", {})
    if "__pytest_repeat_step_number" not in params:
        return item.nodeid
    # pytest-repeat puts it last: test_it[3-50], test_it[web-3-50]
    step = params["__pytest_repeat_step_number"] + 1
    return re.sub(rf"(\[|-){step}-\d+\]$", lambda end: "" if end[1] == "[" else "]", item.nodeid)
