"""What happens to Pods by itself is reported with the test, and what podshare does is not."""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pytest_podshare.plugin.incident_reports import PROPERTY
from tests.cluster.incidents import incident_suite
from tests.support import golden_texts

pytestmark = pytest.mark.slow

SUITE = Path(incident_suite.__file__).relative_to(Path.cwd())
LATE = str(SUITE.with_name("late.yaml"))
CASES = [name for name in vars(incident_suite) if name.startswith("test_")]
RESTARTED = "app of NAMESPACE/p restarted by itself: exit code 3"
SHARED = "app of NAMESPACE/shared restarted by itself: exit code 3; last log line: bad config"
# what is reported with each test; nothing with all others
REPORTED = {
    "test_dies": f"{RESTARTED}, 2 times; last log line: bad config",
    "test_fails": f"{RESTARTED}; last log line: bad config",
    "test_prints_a_secret": f"{RESTARTED}; last log line: wrong key (hidden)",
    "test_is_killed_for_memory": "app of NAMESPACE/p restarted by itself: exit code 137, OOMKilled",
    "test_becomes_unready": "app of NAMESPACE/p became unready by itself",
    "test_is_unready_for_a_while": "Pod NAMESPACE/p was unready for a while: ready again since"
    " TIME",
    "test_is_deleted": "Pod NAMESPACE/p was deleted",
    "test_restarts_and_dies": f"{RESTARTED}; last log line: bad config",
    "test_the_shared_pod_dies": SHARED,
    "test_the_shared_pod_dies_again": SHARED,
}
TO_DO = (
    "Find out why it exits, and what it does to the volume when it starts. Without"
    " --podshare-strict, this is a warning."
)
# each of two restarts between podshare's own is reported
TWICE = ("test_restarts_and_dies",)


class Run:
    """A run of pytest: what it printed, its page, and each test's properties and outcome.

    Args:
        cluster: the cluster.
        folder: a folder of its own.
        words: the tests and options.
    """

    def __init__(self, cluster, folder, *words):
        xml, page = folder / "junit.xml", folder / "report.html"
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--junitxml={xml}"]
        environ = {"PODSHARE_CLUSTER_NAME": cluster.name, "PODSHARE_KEEP_CLUSTER": "never"}
        done = subprocess.run(
            [*command, f"--podshare-report={page}", *words],
            env={**os.environ, **environ},
            capture_output=True,
            text=True,
        )
        self.printed, self.page = normalize(done.stdout), normalize(page.read_text())
        self.tests = {test.get("name"): test for test in ET.parse(xml).iter("testcase")}

    def incidents(self, test):
        """Return the incidents among the properties of a test."""
        properties = self.tests[test].iter("property")
        return [
            normalize(entry.get("value")) for entry in properties if entry.get("name") == PROPERTY
        ]

    def failure(self, test):
        """Return the text of a test's failure; "" if it passed."""
        test = self.tests[test]
        return normalize(test.findtext("failure", "") + test.findtext("error", ""))


def normalize(text):
    """Replace what differs between two runs."""
    text = re.sub(r"podshare-[0-9a-f]{8}-[0-9a-f]{4}\b", "NAMESPACE", text)
    return re.sub(r"\b\d{4}-\d\d-\d\dT[\d:]+Z", "TIME", text)


def expected(case):
    """Return the incidents of a test."""
    incidents = [REPORTED[case]] if case in REPORTED else []
    return incidents * (2 if case in TWICE else 1)


@pytest.fixture(scope="module")
def run(podshare_cluster, tmp_path_factory):
    """Return a run of all tests on two workers."""
    folder = tmp_path_factory.mktemp("run")
    return Run(podshare_cluster, folder, str(SUITE), "-n", "2", "--dist=loadfile")


@pytest.fixture(scope="module")
def strict_run(podshare_cluster, tmp_path_factory):
    """Return a run of some of them with --podshare-strict."""
    folder = tmp_path_factory.mktemp("strict")
    selected = "quiet or test_dies or fails or deletes or test_the"
    return Run(podshare_cluster, folder, str(SUITE), "--podshare-strict", "-k", selected)


@pytest.mark.parametrize("case", CASES)
def test_what_happens_by_itself_is_a_property_of_the_test(run, case):
    """With those tests in which nothing happens by itself as controls."""
    assert run.incidents(case) == expected(case)


@pytest.mark.parametrize("case", REPORTED)
def test_what_happens_by_itself_is_a_line_and_an_entry_on_the_page(run, case):
    """Both name the test."""
    line = f"podshare: {REPORTED[case]} (during {SUITE}::{case})"

    assert line in run.printed.splitlines()
    assert REPORTED[case] in run.page
    assert f'during <span class="mono">{SUITE}::{case}</span>' in run.page


def test_nothing_else_is_a_line(run):
    """Each incident is printed once as a line."""
    lines = re.findall(r"^podshare: .* \(during .*\)$", run.printed, re.M)

    assert len(lines) == sum(len(expected(case)) for case in CASES)


@pytest.mark.parametrize("case", CASES)
def test_what_happens_by_itself_is_a_warning_of_a_test_that_passes(run, case):
    """A test that has failed stays as it is."""
    warnings = re.findall(
        rf"PodUnstableWarning: (.*)\n +def {case}\(", run.printed.replace("\r", "")
    )
    outcome = "of its own" in run.failure(case)

    assert outcome is (case == "test_fails")
    assert bool(run.failure(case)) is (case == "test_fails")
    assert set(warnings) == (set() if outcome else set(expected(case)))


def test_a_silent_api_server_does_not_fail_the_test(run):
    """One line says what could not be found out."""
    lines = [line for line in run.printed.splitlines() if "could not find out" in line]

    assert len(lines) == 1
    assert lines[0].startswith("podshare: could not find out whether containers had restarted: The")


def test_a_strict_run_fails_the_test_with_what_to_do(strict_run):
    """The error has the same text as the property."""
    failure = strict_run.failure("test_dies")

    assert failure.splitlines()[:2] == [REPORTED["test_dies"], TO_DO]
    assert REPORTED["test_the_shared_pod_dies"] in strict_run.failure("test_the_shared_pod_dies")


def test_a_crash_after_ready_has_the_golden_text(strict_run):
    """The Pod was ready, so it was deployed; what its container does after that fails the test."""
    text = strict_run.failure("test_dies")

    golden_texts.assert_golden(Path(__file__).parent / "golden" / "crash-after-ready.txt", text)
    assert len(text.splitlines()) <= 12


@pytest.mark.parametrize(
    "case",
    [
        "test_quiet",
        "test_restarts_and_deletes",
        "test_fails_to_restart",
        "test_the_shared_pod_is_quiet",
        "test_the_api_server_is_silent",
    ],
)
def test_a_strict_run_fails_no_other_test(strict_run, case):
    """Control: nothing happened by itself, or nobody knows."""
    assert strict_run.failure(case) == ""


def test_a_strict_run_does_not_change_a_failure(strict_run):
    """The error is that of the test, and the property is there as well."""
    failure = strict_run.failure("test_fails")

    assert "ValueError: of its own" in failure
    assert TO_DO not in failure
    assert strict_run.incidents("test_fails") == [REPORTED["test_fails"]]


@pytest.mark.parametrize(
    "strict",
    [(), ("--podshare-strict",), ("-W", "error::pytest_podshare.PodUnstableWarning")],
    ids=["", "strict", "error"],
)
def test_what_happens_during_an_item_of_a_manifest_is_reported_with_it(
    podshare_cluster, tmp_path, strict
):
    """The file that the item waits for is written after the restart."""
    item = f"{LATE}::app→web:/v/late"
    run = Run(podshare_cluster, tmp_path, f"--podshare-manifests={LATE}", item, *strict)

    (name,) = run.tests
    text = "app of NAMESPACE/late restarted by itself: exit code 1; last log line: cannot reach the"
    assert run.incidents(name) == [f"{text} database"]
    assert ("1 warning" in run.printed) is not bool(strict)
    assert (f"{text} database" in run.failure(name)) is bool(strict)
