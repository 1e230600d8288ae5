"""Runs on busy processors with a slow API server: every test passes, as without them."""

import os
import re
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support import slow_cluster
from tests.support.busy_processors import busy_processors
from tests.support.fault_table import NAMED, PLURALS, TRUE, WRONG
from tests.support.reliability_page import table, write_section

ROUNDS = int(os.environ.get("PODSHARE_LOAD_ROUNDS", "10"))
# seconds by which the proxy delays each answer of the API server
DELAY = "0.3"
CHARTS = Path("../shared/charts").resolve()
SCENARIOS = ("access_log", "cache_and_sidecars", "config_as_files", "exchange_and_drain")
# 20 Pod templates
CHARTS_OF_TEMPLATES = (
    "bitnami-apisix",
    "bitnami-ghost",
    "bitnami-gitea",
    "bitnami-harbor",
    "bitnami-kafka",
    "bitnami-keycloak",
    "bitnami-mariadb",
    "fluent-fluent-bit--ci-values",
    "jenkinsci-jenkins--other-values",
)
SUITES = {
    "examples": ("tests/examples",),
    "articles": tuple(f"tests/cluster/scenarios/test_{name}.py" for name in SCENARIOS),
    "templates of charts": (
        "--podshare-skeleton",
        *(f"{CHARTS}/{chart}.yaml" for chart in CHARTS_OF_TEMPLATES),
        *("-k", "not wiring and not restart and not deleted"),
    ),
}
# most of the time, a run waits for an answer
SLOW = ("-p", "tests.support.slow_api_server", "--podshare-timeout-factor=3")
SLOW += ("-n", "2", "--dist=loadfile")
COLUMNS = ["suite", "rounds", "tests", *PLURALS, "longest round"]
# an error that says that nothing was learned, in the first line of a failure
_NAMED = re.compile(r"\b(ClusterUnreachable|SessionLost|ExecTimeout|PodNotReady|ApiError)\b")
TEXT = f"""
Other processes keep both processors busy, the three suites run side by side, and a proxy delays
each answer of the API server by {DELAY} s. A verdict is true if it is that of a run without the
proxy. `tox -e load` writes this table.

"""


@pytest.fixture
def environment(podshare_cluster):
    """Return the environment of runs that use this cluster, without and with the proxy."""
    direct = {
        **os.environ,
        "PODSHARE_CLUSTER_NAME": podshare_cluster.name,
        "PODSHARE_KEEP_CLUSTER": "never",
    }
    return direct, {**direct, slow_cluster.SECONDS: DELAY}


def run(suite, environment, results, *options):
    """Run a suite, and return test → the first line of its failure, "" if it passed."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    command += [f"--junitxml={results}", *SUITES[suite]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED), done.stdout
    cases = ElementTree.parse(results).iter("testcase")
    return {
        f"{case.get('classname')}::{case.get('name')}": failure
        for case in cases
        if (failure := _failure(case)) is not None
    }


def _failure(case):
    """Return the first line of a failure, "" for none; None if the test was skipped."""
    found = next((case.find(tag) for tag in ("failure", "error") if case.find(tag) is not None), "")
    if found == "":
        return None if case.find("skipped") is not None else ""
    return (found.get("message") or "failed").splitlines()[0]


def verdict(failure):
    """Return what a failure under load is; the test passes without the proxy."""
    if not failure:
        return TRUE
    return NAMED if _NAMED.search(failure) else WRONG


def run_rounds(suite, direct, proxied, folder):
    """Run a suite once without the proxy and then with it; return its row, and the failures.

    Args:
        suite: the name of the suite.
        direct: the environment of the first run.
        proxied: the environment of the others.
        folder: a folder for their results.
    """
    expected = run(suite, direct, folder / f"{suite}.xml")
    assert set(expected.values()) == {""}, expected
    counts, longest, failures = Counter(), 0.0, []
    for _ in range(ROUNDS):
        start = time.monotonic()
        found = run(suite, proxied, folder / f"{suite}.xml", *SLOW)
        longest = max(longest, time.monotonic() - start)
        assert found.keys() == expected.keys()
        counts.update(map(verdict, found.values()))
        failures += [f"{test}: {line}" for test, line in found.items() if line]
    figures = [sum(counts.values()), counts[TRUE], counts[NAMED], counts[WRONG]]
    return [suite, ROUNDS, *figures, f"{longest:.0f} s"], failures


@pytest.mark.skipif(not CHARTS.is_dir(), reason="the rendered charts are not here")
def test_no_verdict_changes_under_load(environment, tmp_path):
    """Ten rounds of the examples, the articles and templates of charts, side by side."""
    with busy_processors(), ThreadPoolExecutor(len(SUITES)) as threads:
        done = list(threads.map(lambda suite: run_rounds(suite, *environment, tmp_path), SUITES))
    rows = [row for row, _ in done]
    print(table(COLUMNS, rows), *(line for _, failures in done for line in failures), sep="\n")
    write_section("Under load", TEXT + table(COLUMNS, rows))
    assert [row for row in rows if row[5]] == []
