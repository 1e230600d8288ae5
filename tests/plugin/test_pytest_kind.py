"""podshare beside pytest-kind, whose own plugin every run of pytest loads.

pytest-kind's plugin claims options without a prefix, such as --kubeconfig and --cluster-name.
`-p no:pytest-kind` is for projects in which another plugin claims them too.
"""

import re

import pytest

OTHER_PLUGIN = """
def pytest_addoption(parser):
    parser.addoption("--kubeconfig", default="nowhere")

def pytest_report_header(config):
    return f"other plugin: {config.getoption('kubeconfig')}"
"""

KIND = """#!/bin/sh
[ "$1" = get ] && exit 0
echo asleep >&2
exit 1
"""


@pytest.fixture
def run(pytester):
    """Return a function that runs one test beside a plugin with its own --kubeconfig."""
    pytester.makepyfile(other_plugin=OTHER_PLUGIN, test_it="def test_it(): pass")
    return lambda *args: pytester.runpytest_subprocess("-p", "other_plugin", *args)


def test_both_plugins_have_a_cluster_name(pytester):
    """Every option of podshare has its prefix."""
    pytester.makepyfile("def test_it(): pass")

    result = pytester.runpytest_subprocess("--cluster-name=theirs", "--podshare-cluster-name=ours")

    result.assert_outcomes(passed=1)


def test_pytest_does_not_start_if_another_plugin_claims_an_option_of_pytest_kind(run):
    """The control: without this, `-p no:pytest-kind` would not be needed."""
    result = run()

    assert result.ret != pytest.ExitCode.OK
    # pytest 8.0 passes on the words of argparse
    reason = "'kubeconfig' already used|conflicting option string: --kubeconfig"
    assert re.search(reason, result.stderr.str())


def test_pytest_starts_beside_such_a_plugin_without_that_of_pytest_kind(run):
    """Both --kubeconfig and --podshare-kubeconfig work then."""
    result = run("-p", "no:pytest-kind", "--kubeconfig=a", "--podshare-kubeconfig=b")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["other plugin: a", "podshare: existing cluster *"])


@pytest.mark.usefixtures("no_kind")
def test_podshare_creates_clusters_without_the_plugin_of_pytest_kind(pytester):
    """It needs only the package; here, kind is a script that fails to create a cluster."""
    pytester.makepyfile("def test_it(podshare_cluster): pass")
    kind = pytester.makefile("", kind=KIND)
    kind.chmod(0o755)

    result = pytester.runpytest_subprocess("-p", "no:pytest-kind", f"--podshare-kind-bin={kind}")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["`kind create cluster --name podshare` failed *: asleep"])
