"""The order of tests, and their distribution to the workers of pytest-xdist."""

import json

import pytest

from tests.support.pytest_runs import WITH_SUPPORT

CONFTEST = """
import json, os
from pathlib import Path

pytest_plugins = ["tests.support.run_order"]

def pytest_runtest_call(item):
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    with Path(__file__).with_name("ran").open("a") as ran:
        ran.write(json.dumps([item.name, worker]) + "\\n")
"""
MARKS = "\nmarkers =\n    cluster\n    two_nodes\n    slow\n"


@pytest.fixture
def run(pytester):
    """Return a function that runs files of tests with these marks.

    It returns the name and the worker of each test, in the order in which they ran.
    """
    pytester.makeini(WITH_SUPPORT + MARKS.lstrip("\n"))
    pytester.makeconftest(CONFTEST)

    def run(*args, **files):
        for name, tests in files.items():
            lines = ["import pytest"]
            for marks in tests.split():
                lines += [f"@pytest.mark.{mark}" for mark in marks.split("+")]
                lines += [f"def test_{name}_{marks.replace('+', '_')}(): pass"]
            pytester.makepyfile(**{f"test_{name}": "\n".join(lines)})
        result = pytester.runpytest_subprocess("-p", "no:podshare", "-p", "no:cacheprovider", *args)
        assert result.ret == 0, result.outlines
        return [json.loads(line) for line in (pytester.path / "ran").read_text().splitlines()]

    return run


ONE, WORKERS = (("-n", count, "--dist=loadfile", "--no-loadscope-reorder") for count in "12")


@pytest.mark.parametrize(("mark", "workers"), [("two_nodes+cluster", 1), ("cluster", 2)])
def test_tests_that_change_nodes_run_on_one_worker(run, mark, workers):
    """Whichever file they are in; the control distributes other files."""
    tests = run(*WORKERS, a=mark, b=mark)

    assert len(tests) == 2
    assert len({worker for _, worker in tests}) == workers


def test_the_other_tests_of_a_file_stay_together(run):
    """One test that changes nodes does not move its whole file to their worker."""
    tests = dict(run(*WORKERS, a="two_nodes", b="two_nodes cluster slow"))

    assert tests["test_a_two_nodes"] == tests["test_b_two_nodes"]
    assert tests["test_b_cluster"] == tests["test_b_slow"] != tests["test_a_two_nodes"]


def test_long_tests_run_first(run):
    """Those that change nodes, then slow ones on a cluster; a slow unit test keeps its place."""
    tests = run(*ONE, a="cluster slow", b="cluster+slow", c="two_nodes+cluster cluster")

    assert [name for name, _ in tests] == [
        *("test_c_two_nodes_cluster", "test_b_cluster_slow"),
        *("test_a_cluster", "test_a_slow", "test_c_cluster"),
    ]


@pytest.mark.parametrize("options", [("-p", "no:xdist"), ("-n", "0")])
def test_without_workers_the_order_does_not_change(run, options):
    """Also without pytest-xdist."""
    tests = run(*options, a="cluster", b="two_nodes")

    assert [name for name, _ in tests] == ["test_a_cluster", "test_b_two_nodes"]
