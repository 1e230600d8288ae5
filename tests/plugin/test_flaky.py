"""`--rerun-alone`: a test that fails, then passes alone, is flaky; all other failures stay.

Every rule stands with a twin for which it says the opposite.
"""

import json
import os
import signal
from xml.etree import ElementTree

import pytest

from tests.support.pytest_runs import WITH_SUPPORT, ended, started, wait_for

# without plugins that this is not about
PLUGINS = "-p no:podshare -p no:pytest-kind"
INI = f"""{WITH_SUPPORT}
addopts = {PLUGINS}
markers =
    cluster
xfail_strict = true
"""
CONFTEST = """
import os
from pathlib import Path

import pytest

pytest_plugins = ["tests.support.flaky.plugin"]
HERE = Path(__file__).parent

def runs_of(name):
    path = HERE / f"{name}.runs"
    return path.read_text().split() if path.exists() else []

@pytest.fixture
def fails(request):
    '''Fail this test the first so many times.'''
    name = request.node.name.replace("/", "-")
    def fail(times=1):
        before = len(runs_of(name))
        with (HERE / f"{name}.runs").open("a") as runs:
            runs.write(f"{os.getpid()}\\n")
        assert before >= times, f"run {before + 1} of {name} is wrong"
    return fail
"""
FLAKY = """
import pytest

@pytest.mark.cluster
def test_flaky(fails): fails(times=1)
"""
BROKEN = """
import pytest

@pytest.mark.cluster
def test_broken(fails): fails(times=2)
"""


class Run:
    """A completed run.

    Args:
        folder: its working directory.
        result: the result from pytester.
    """

    def __init__(self, folder, result):
        self.folder = folder
        self.code = result.ret
        self.lines = result.outlines
        self.text = result.stdout.str()

    @property
    def summary(self):
        """Return the counts in the last line, by name."""
        words = self.lines[-1].strip("= ").rpartition(" in ")[0].replace(",", "").split()
        return {name: int(count) for count, name in zip(words[::2], words[1::2], strict=True)}

    def runs(self, test):
        """Return how often a test ran."""
        path = self.folder / f"{test}.runs"
        return len(path.read_text().split()) if path.exists() else 0

    def section(self, title):
        """Return the lines of a section of the output; [] if it does not exist."""
        starts = [n for n, line in enumerate(self.lines) if line.strip("= ") == title]
        if not starts:
            return []
        rest = self.lines[starts[0] + 1 :]
        end = next(n for n, line in enumerate(rest) if line.startswith("==="))
        return rest[:end]


@pytest.fixture(params=["0", "2"], ids=["one process", "two workers"])
def run(request, pytester):
    """Return a function that runs a file of tests with `--rerun-alone`."""
    pytester.makeini(INI)
    pytester.makeconftest(CONFTEST)

    def run(content, *args, option="--rerun-alone"):
        pytester.makepyfile(test_it=content)
        words = ["-n", request.param, option, *args]
        return Run(pytester.path, pytester.runpytest_subprocess(*words))

    return run


# for tests where it does not matter which process ran the failed test
one_process = pytest.mark.parametrize("run", ["0"], indirect=True, ids=["one process"])


def test_a_test_that_passes_alone_is_flaky_and_does_not_fail_the_run(run):
    """Both outcomes are shown; it counts neither as failed nor as passed."""
    result = run(f"{FLAKY}\ndef test_other(): pass")

    assert (result.code, result.runs("test_flaky")) == (0, 2)
    assert result.summary == {"flaky": 1, "passed": 1}
    shown = result.section("flaky: 1 test failed, then passed when run alone")
    assert "E       AssertionError: run 1 of test_flaky is wrong" in shown
    assert shown[-1].startswith("Passed when run alone, in ")
    assert "= FAILURES =" not in result.text


def test_a_test_that_fails_again_is_a_failure(run):
    """The mutated twin; both errors are shown."""
    result = run(f"{BROKEN}\ndef test_other(): pass")

    assert (result.code, result.runs("test_broken")) == (1, 2)
    assert result.summary == {"failed": 1, "passed": 1}
    assert "E       AssertionError: run 1 of test_broken is wrong" in result.section("FAILURES")
    again = result.section("1 test failed again when run alone")
    assert "E       AssertionError: run 2 of test_broken is wrong" in again
    assert "flaky:" not in result.text


@one_process
def test_without_the_option_nothing_is_run_again(run):
    """The mutated twin of all other tests."""
    result = run(FLAKY, "--junitxml=out.xml", option="-v")

    assert (result.code, result.runs("test_flaky")) == (1, 1)
    assert result.summary == {"failed": 1}
    assert "property" not in (result.folder / "out.xml").read_text()


ONLY_CLUSTER = """
import pytest

def test_unit(fails): fails(times=1)

@pytest.mark.cluster
@pytest.mark.xfail
def test_expected(fails): fails(times=1)

@pytest.mark.cluster
@pytest.mark.xfail
def test_unexpected(fails): fails(times=0)
"""


def test_nothing_else_is_run_again(run):
    """Tests without the mark do not run again, nor do tests that are expected to fail."""
    result = run(ONLY_CLUSTER)

    names = ("test_unit", "test_expected", "test_unexpected")
    assert [result.runs(name) for name in names] == [1, 1, 1]
    assert (result.code, result.summary) == (1, {"failed": 2, "xfailed": 1})
    assert "alone" not in result.text


def test_an_error_of_collection_is_not_run_again(run):
    """No test could run."""
    result = run("import pytest\npytestmark = pytest.mark.cluster\nimport no_such_module")

    assert result.code != 0
    assert "alone" not in result.text


FIXTURES = """
import pytest

pytestmark = pytest.mark.cluster

@pytest.fixture(scope="{scope}")
def broken():
    from conftest import HERE
    begun = HERE / "begun"
    if not begun.exists():
        begun.touch()
        raise LookupError("not there yet")
    return "here"

def test_it(broken): assert broken == "here"
"""


@pytest.mark.parametrize("scope", ["function", "module", "session"])
def test_a_fixture_that_failed_is_set_up_anew(run, scope):
    """This includes fixtures that several tests share."""
    result = run(FIXTURES.format(scope=scope))

    assert (result.code, result.summary) == (0, {"flaky": 1})
    shown = result.section("flaky: 1 test failed, then passed when run alone")
    assert any(line.startswith("E ") and "not there yet" in line for line in shown)


TEARDOWN = """
import pytest

@pytest.fixture
def closes():
    yield
    from conftest import HERE
    closed = HERE / "closed"
    if not closed.exists():
        closed.touch()
        raise LookupError("does not close")

@pytest.mark.cluster
def test_it(closes, fails): fails(times={times})
"""


@pytest.mark.parametrize("times", [0, 1])
def test_a_test_that_fails_twice_in_a_run_counts_once(run, times):
    """Only the teardown fails, or the call fails as well."""
    result = run(TEARDOWN.format(times=times), "--junitxml=out.xml")

    assert result.code == 0
    assert {"flaky": 1}.items() <= result.summary.items()
    assert not {"failed", "error", "errors"} & set(result.summary)
    suite = ElementTree.parse(result.folder / "out.xml").find("testsuite")
    assert (suite.get("failures"), suite.get("errors")) == ("0", "0")


SEVERAL = """
import pytest

@pytest.mark.parametrize("number", range({others}))
def test_other(number): pass

@pytest.mark.cluster
@pytest.mark.parametrize("number", range({count}))
def test_it(fails, number): fails(times={times})
"""


@pytest.mark.parametrize(
    ("count", "others", "code"), [(2, 1, 0), (3, 1, 1), (3, 596, 1), (3, 597, 0)]
)
def test_more_than_two_flaky_tests_and_one_of_200_fail_the_run(run, count, others, code):
    """Fewer do not, and all are listed near the end."""
    result = run(SEVERAL.format(count=count, times=1, others=others))

    assert result.code == code
    assert result.summary == {"passed": others, "flaky": count}
    tests = f"{count + others} tests"
    line = f"The run fails: 3 tests are flaky. A run of {tests} passes with 2 at most."
    assert (line in result.lines) is (code == 1)
    start = next(at for at, line in enumerate(result.lines) if " flaky tests " in line)
    listed = result.lines[start + 1 : start + 1 + count]
    assert sorted(listed) == [
        f"test_it.py::test_it[{number}]: AssertionError: run 1 of test_it[{number}] is wrong"
        for number in range(count)
    ]


@one_process
@pytest.mark.parametrize(("count", "runs"), [(2, 2), (3, 1)])
def test_too_many_failures_are_not_run_again(run, pytester, count, runs):
    """A lost cluster is not created again for each of hundreds of tests; the limit is two here."""
    limit = "from tests.support.flaky import reruns\nreruns._MOST = 2\n"
    pytester.makeconftest(CONFTEST + limit)
    result = run(SEVERAL.format(count=count, times=2, others=1))

    assert [result.runs(f"test_it[{number}]") for number in range(count)] == [runs] * count
    assert (result.code, result.summary) == (1, {"failed": count, "passed": 1})
    title = "3 tests failed: too many to be flaky, none is run again"
    assert (f" {title} " in result.text) is (runs == 1)


REPEATED = """
import pytest

@pytest.mark.cluster
@pytest.mark.parametrize("way", ["a", "b"])
def test_it(fails, request, way): fails(times=int(request.node.name in {failing}))
"""


@pytest.mark.parametrize(
    ("failing", "code"),
    [
        (["test_it[a-1-3]"], 0),
        (["test_it[a-1-3]", "test_it[b-2-3]"], 0),
        (["test_it[a-1-3]", "test_it[a-2-3]"], 1),
    ],
    ids=["once", "each once", "one twice"],
)
def test_a_test_that_is_flaky_twice_in_its_repetitions_fails_the_run(run, failing, code):
    """Tests that pytest-repeat makes of one function are separate tests."""
    result = run(REPEATED.format(failing=failing), "--count=3")

    assert (result.code, result.summary["flaky"]) == (code, len(failing))
    line = "The run fails: test_it.py::test_it[a] is flaky for the second time."
    assert (line in result.lines) is (code == 1)


@one_process
def test_a_test_that_was_flaky_before_fails_the_run(run):
    """The file next to the JUnit XML lists it."""
    first = run(FLAKY, "--junitxml=results/junit.xml")
    file = first.folder / "results" / "junit.flaky.json"
    (known,) = json.loads(file.read_text())
    (first.folder / "test_flaky.runs").unlink()
    second = run(FLAKY, "--junitxml=results/junit.xml")

    assert (first.code, second.code) == (0, 1)
    line = f"The run fails: test_it.py::test_flaky is flaky for the second time, see {file}."
    assert line in second.lines
    assert "The run fails" not in first.text
    assert (known["name"], known["nodeid"]) == ("test_it.py::test_flaky",) * 2
    assert "run 1 of test_flaky is wrong" in known["failure"]
    assert len(json.loads(file.read_text())) == 2


@one_process
def test_the_file_can_be_named_and_is_written_for_flaky_tests_alone(run):
    """A run without flaky tests writes no file."""
    broken = run(BROKEN, "--flaky-file=flaky/tests.json")
    file = broken.folder / "flaky" / "tests.json"
    was_there = file.exists()
    run(FLAKY, "--flaky-file=flaky/tests.json")

    assert not was_there
    assert [test["nodeid"] for test in json.loads(file.read_text())] == ["test_it.py::test_flaky"]


@one_process
def test_a_file_of_something_else_is_refused(run, pytester):
    """The error comes before any test runs."""
    (pytester.path / "other.json").write_text('{"a": 1}')
    result = run(FLAKY, "--flaky-file=other.json")

    assert (result.code, result.runs("test_flaky")) == (4, 0)


def test_junit_xml_has_no_failure_for_a_flaky_test(run):
    """It contains the error; for a broken test, it contains both errors."""
    result = run(f"{FLAKY}\n{BROKEN}", "--junitxml=out.xml")

    suite = ElementTree.parse(result.folder / "out.xml").find("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
    flaky, broken = sorted(suite.iter("testcase"), key=lambda case: case.get("name"))[::-1]
    assert (flaky.find("failure"), broken.find("flakyFailure")) == (None, None)
    assert "run 1 of test_flaky is wrong" in flaky.findtext("flakyFailure")
    assert "run 1 of test_broken is wrong" in broken.findtext("failure")
    assert "run 2 of test_broken is wrong" in broken.findtext("rerunFailure")


@one_process
def test_a_test_that_is_skipped_when_it_is_run_alone_has_not_passed(run):
    """The test stays failed, and the reason is shown."""
    result = run("""
        import pytest

        @pytest.mark.cluster
        def test_it():
            from conftest import HERE
            ran = HERE / "ran"
            if ran.exists():
                pytest.skip("needs the test above")
            ran.touch()
            assert False
        """)

    assert (result.code, result.summary) == (1, {"failed": 1})
    again = result.section("1 test failed again when run alone")
    assert "It was skipped: Skipped: needs the test above" in again


@pytest.mark.parametrize(
    ("limit", "runs", "code"),
    [("-x", 1, (1, 2)), ("--maxfail=1", 1, (1, 2)), ("--maxfail=2", 2, (0,))],
)
def test_a_run_that_is_stopped_by_failures_runs_nothing_again(run, limit, runs, code):
    """With fewer failures than the limit, the run is complete."""
    result = run(FLAKY, limit)

    assert result.runs("test_flaky") == runs
    assert result.code in code


def test_ctrl_c_runs_nothing_again(run):
    """Earlier failures stay failures."""
    result = run(f"{FLAKY}\ndef test_stops(): raise KeyboardInterrupt")

    assert (result.code, result.runs("test_flaky")) == (2, 1)


@one_process
def test_collecting_runs_nothing(run):
    """The test does not run again."""
    result = run(FLAKY, "--collect-only")

    assert (result.code, result.runs("test_flaky")) == (0, 0)


ALONE = """
import time

import pytest

@pytest.mark.cluster
def test_flaky(fails):
    from conftest import HERE
    fails(times=1)
    assert (HERE / "over").exists()

def test_that_takes_longer():
    from conftest import HERE
    time.sleep(2)
    (HERE / "over").touch()
"""


def test_it_is_run_when_all_others_are_done(run):
    """So do the workers."""
    result = run(ALONE, "--dist=load")

    assert (result.code, result.summary) == (0, {"flaky": 1, "passed": 1})


LEASES = """
import os

def pytest_sessionstart():
    (HERE / "cluster").touch()
    (HERE / f"{os.getpid()}.lease").touch()

@pytest.hookimpl(trylast=True)
def pytest_sessionfinish():
    (HERE / f"{os.getpid()}.lease").unlink()
    if not list(HERE.glob("*.lease")):
        (HERE / "cluster").unlink()
        (HERE / "deleted").open("a").write("x")
"""


def test_the_cluster_stays_until_everything_is_run_again(run, pytester):
    """The last user deletes the cluster, and that is the run itself, as without the option."""
    pytester.makeconftest(CONFTEST + LEASES)
    result = run(FLAKY)

    assert (result.code, result.summary) == (0, {"flaky": 1})
    assert (result.folder / "deleted").read_text() == "x"
    assert not (result.folder / "cluster").exists()


def test_the_options_of_the_run_count_for_the_second_one(run):
    """Only files, workers and JUnit XML are not passed on."""
    result = run(
        """
        import pytest

        @pytest.mark.cluster
        def test_chosen(fails, request):
            assert request.config.option.keyword == "chosen"
            fails(times=1)
            assert not hasattr(request.config, "workerinput")

        def test_other(): pass
        """,
        *("-k", "chosen", "test_it.py", "--junitxml=out.xml"),
    )

    assert (result.code, result.runs("test_chosen")) == (0, 2)
    suite = ElementTree.parse(result.folder / "out.xml").find("testsuite")
    assert suite.get("tests") == "1"


SLEEPS = """
import time

@pytest.mark.cluster
def test_slow(fails):
    from conftest import HERE
    try:
        fails(times=1)
        (HERE / "alone").touch()
        time.sleep(60)
    finally:
        time.sleep(0.5)
        (HERE / "cleaned").touch()
"""


def test_ctrl_c_ends_the_test_that_is_run_alone(pytester):
    """It cleans up undisturbed; failures stay failures, even of a test that then passed."""
    pytester.makeini(INI)
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_it=f"{FLAKY}\n{SLEEPS}")
    cleaned = pytester.path / "cleaned"

    run = started(pytester, "--rerun-alone")
    wait_for(run, (pytester.path / "alone").exists)
    cleaned.unlink()
    os.killpg(run.pid, signal.SIGINT)
    printed = ended(run)

    assert run.returncode == pytest.ExitCode.INTERRUPTED
    assert cleaned.exists()
    assert "test_it.py::test_flaky: passed" in printed
    assert "2 failed" in printed.splitlines()[-1]


def test_no_worker_plugin_is_needed(pytester):
    """Without pytest-xdist, its options are not passed to the second run."""
    pytester.makeini(INI)
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(test_it=FLAKY)

    result = pytester.runpytest_subprocess("-p", "no:xdist", "--rerun-alone")

    assert result.ret == 0
    assert os.listdir(pytester.path).count("test_flaky.runs") == 1
