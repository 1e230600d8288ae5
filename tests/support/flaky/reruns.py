"""What is run again when a run is over, and what the run says of it."""

import collections
from pathlib import Path

import pytest

from tests.support.flaky import junit
from tests.support.flaky.child import run_alone
from tests.support.flaky.record import FlakyTest, now

# a run passes with this many flaky tests, or with one of so many tests
_FEW, _ONE_OF = 2, 200
# after more failures than this the code or the cluster is broken, and no test is called flaky
_MOST = 10


class Reruns:
    """The failures of a run that may be flaky.

    Args:
        config: pytest's.
        file: the record of flaky tests.
        nodeid_property: the property that holds a test's node id in JUnit XML.
    """

    def __init__(self, config, file, nodeid_property):
        self._config = config
        self._file = file
        self._property = nodeid_property
        # of each test: a test can fail in its call and in its teardown as well
        self._failures = {}
        self._outcomes = {}
        self._flaky = []
        self._problems = []

    def pytest_runtest_logreport(self, report):
        """Collect a failure."""
        if report.failed and hasattr(report, "flaky_name"):
            self._failures.setdefault(report.nodeid, []).append(report)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session):
        """Run the failed tests again after the loop; one that was stopped ends by an exception."""
        result = yield
        terminal = self._config.pluginmanager.getplugin("terminalreporter")
        failed = _tests(len(self._failures))
        if self._failures:
            # the progress of the run leaves its line open
            terminal.write_line("")
        if len(self._failures) > _MOST:
            terminal.section(f"{failed} failed: too many to be flaky, none is run again")
        elif self._failures:
            terminal.section(f"{failed} failed: running again, alone")
            self._outcomes = {nodeid: self._run(terminal, nodeid) for nodeid in self._failures}
            # only now, so that Ctrl-C meanwhile leaves every failure a failure
            self._judge(session, terminal)
        return result

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self):
        """Amend the JUnit XML, which is written by now."""
        xml = self._config.getoption("xmlpath", None)
        if xml and self._outcomes:
            problems = {nodeid: outcome.problem for nodeid, outcome in self._outcomes.items()}
            junit.amend(Path(xml), self._property, problems)

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter):
        """Show what became of the tests that were run again; first failures are shown above.

        A list of the flaky tests is near the end, because often only that is kept of a long run.
        """
        again = {
            nodeid: outcome for nodeid, outcome in self._outcomes.items() if not outcome.passed
        }
        if again:
            terminalreporter.section(f"{_tests(len(again))} failed again when run alone")
            for nodeid, outcome in again.items():
                terminalreporter.write_sep("_", nodeid)
                terminalreporter.write_line(outcome.problem)
        if self._flaky:
            title = f"flaky: {_tests(len(self._flaky))} failed, then passed when run alone"
            terminalreporter.section(title)
            for test in self._flaky:
                self._show(terminalreporter, test)
            terminalreporter.section("flaky tests")
        for test in self._flaky:
            crash = getattr(self._failures[test.nodeid][0].longrepr, "reprcrash", None)
            reason, *_ = (crash.message if crash else test.failure).split("\n", 1)
            terminalreporter.write_line(f"{test.nodeid}: {reason}")
        for problem in self._problems:
            terminalreporter.write_line(problem, red=True, bold=True)

    def _run(self, terminal, nodeid):
        outcome = run_alone(self._config, nodeid)
        verdict = "passed" if outcome.passed else "failed again"
        terminal.write_line(f"{nodeid}: {verdict} ({outcome.seconds:.1f} s)")
        return outcome

    def _judge(self, session, terminal):
        """Take flaky tests out of what has failed, and fail the run if there are too many."""
        for nodeid, outcome in self._outcomes.items():
            if outcome.passed:
                reports = self._failures[nodeid]
                failure = "\n\n".join(report.longreprtext for report in reports)
                seconds = round(outcome.seconds, 1)
                name = reports[0].flaky_name
                self._flaky.append(FlakyTest(name, nodeid, now(), seconds, failure))
                session.testsfailed -= len(reports)
                _count_as_flaky(terminal.stats, reports)
        self._file.add(self._flaky)
        self._problems = list(self._find_problems(session.testscollected))
        if self._problems:
            session.testsfailed = max(1, session.testsfailed)

    def _find_problems(self, tests):
        """Yield why flaky tests fail a run of so many tests."""
        most = max(_FEW, tests // _ONE_OF)
        if len(self._flaky) > most:
            yield (
                f"The run fails: {len(self._flaky)} tests are flaky. "
                f"A run of {_tests(tests)} passes with {most} at most."
            )
        times = collections.Counter(test.name for test in [*self._file.known, *self._flaky])
        where = f", see {self._file.path}" if self._file.path else ""
        for name in dict.fromkeys(test.name for test in self._flaky):
            if times[name] > 1:
                yield f"The run fails: {name} is flaky for the {_nth(times[name])} time{where}."

    def _show(self, terminal, test):
        terminal.write_sep("_", test.nodeid)
        for report in self._failures[test.nodeid]:
            report.toterminal(self._config.get_terminal_writer())
            for title, content in report.sections:
                terminal.write_sep("-", title)
                terminal.write_line(content.rstrip("\n"))
        terminal.write_line(f"Passed when run alone, in {test.seconds} s.")


def _count_as_flaky(stats, reports):
    for category in ("failed", "error"):
        left = [report for report in stats.pop(category, ()) if report not in reports]
        if left:
            stats[category] = left
    stats.setdefault("flaky", []).append(reports[0])


def _tests(count):
    return "1 test" if count == 1 else f"{count} tests"


def _nth(number):
    return {2: "second", 3: "third"}.get(number, f"{number}th")
