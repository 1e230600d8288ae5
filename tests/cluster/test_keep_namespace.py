"""Namespaces that are kept for inspection: which, what the run prints, and how they are removed."""

import re
import shlex
from pathlib import Path

import pytest

from pytest_podshare.cluster import ownership
from tests.support.clean_command import clean
from tests.support.pytest_runs import SHAREVOL, namespaces, run

NAMESPACES = "/api/v1/namespaces"
TESTS = f"""
import pytest

def test_passes(podshare):
    podshare.deploy({str(SHAREVOL)!r})

def test_fails(podshare):
    pod = podshare.deploy({str(SHAREVOL)!r})
    assert pod.name == "another"

def test_never_deploys(podshare):
    podshare.deploy("apiVersion: v1\\nkind: Pod\\nmetadata: {{name: p}}\\nspec: {{containers: 7}}")

@pytest.fixture(scope="module")
def shared(podshare_factory):
    with podshare_factory.make() as podshare:
        yield podshare

def test_of_a_factory_passes(shared):
    pass

def test_of_a_factory_fails(shared):
    assert shared.namespace == "another"
"""


@pytest.fixture
def run_tests(podshare_cluster, pytester, monkeypatch):
    """Return a function that runs the tests, and returns the result and the kept namespaces."""
    monkeypatch.setenv("PODSHARE_CLUSTER_NAME", podshare_cluster.name)
    pytester.makepyfile(TESTS)
    run_ids = []

    def run_tests(*options):
        result = run(pytester, "--podshare-provider=kind", *options)
        run_ids.append(re.search(r", run ([0-9a-f]{8})$", result.stdout.str(), re.M)[1])
        label = f"{ownership.RUN_LABEL}={run_ids[-1]}"
        listed = podshare_cluster.api.get(NAMESPACES, labelSelector=label)["items"]
        metadata = [live["metadata"] for live in listed]
        return result, {
            entry["name"]: entry["annotations"][ownership.KEPT_ANNOTATION].split("::")[1]
            for entry in metadata
            if "deletionTimestamp" not in entry
        }

    yield run_tests
    for run_id in run_ids:
        clean("--cluster-name", podshare_cluster.name, "--run", run_id)


def is_active(cluster, name):
    """Return whether a namespace exists and is not being deleted."""
    listed = cluster.api.get(NAMESPACES, fieldSelector=f"metadata.name={name}")["items"]
    return [live["status"]["phase"] for live in listed] == ["Active"]


def test_by_default_no_namespace_is_kept(run_tests):
    """The control of the other tests."""
    result, kept = run_tests("-k", "test_fails")

    result.assert_outcomes(failed=1)
    assert kept == {}
    assert "kept namespace" not in result.stdout.str()


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "workers"])
def test_the_namespaces_of_failed_tests_are_kept_and_reported(run_tests, podshare_cluster, options):
    """The run prints commands to inspect and remove them; the next run leaves them alone."""
    result, kept = run_tests("--podshare-keep-namespace=failed", *options)

    result.assert_outcomes(passed=2, failed=3)
    assert sorted(kept.values()) == [
        "test_fails",
        "test_never_deploys",
        "test_of_a_factory_fails",
    ]
    text = result.stdout.str()
    line = r"^podshare: kept namespace (\S+) of \S+::(\w+) until 20\S+Z$"
    assert dict(re.findall(line, text, re.M)) == kept
    (failed,) = [name for name, test in kept.items() if test == "test_fails"]
    commands = [line.removeprefix("  inspect it").strip() for line in text.splitlines()]
    commands = [
        shlex.split(command)
        for command in commands
        if command.startswith("kubectl ") and failed in command
    ]
    assert [command[5] for command in commands] == ["get", "describe", "logs", "exec"]
    # the run has a home of its own, and so a kubeconfig of its own
    file = Path.home() / ".cache/podshare/clusters" / podshare_cluster.name / "kubeconfig"
    assert commands[0][:5] == ["kubectl", "--kubeconfig", str(file), "--namespace", failed]

    _, kept_by_next = run_tests("-k", "test_passes")
    assert kept_by_next == {}
    assert [name for name in kept if not is_active(podshare_cluster, name)] == []
    (remove,) = {
        line.strip().removeprefix("delete all").strip()
        for line in text.splitlines()
        if "podshare clean" in line
    }
    # it waits for all leftovers, also those of other tests
    done = clean(*shlex.split(remove)[2:], "--timeout=300")
    assert done.returncode == 0, done.stdout
    assert [name for name in kept if is_active(podshare_cluster, name)] == []


def test_the_namespaces_of_all_tests_are_kept_on_request(run_tests):
    """The option is --podshare-keep-namespace=always."""
    result, kept = run_tests("--podshare-keep-namespace=always", "-k", "passes")

    result.assert_outcomes(passed=2, deselected=3)
    assert sorted(kept.values()) == ["test_of_a_factory_passes", "test_passes"]


@pytest.mark.engine
def test_a_cluster_with_a_kept_namespace_is_kept(pytester, own_cluster, clusters):
    """The run would otherwise delete it; the printed command removes both."""
    pytester.makepyfile("def test_it(podshare_namespace): assert podshare_namespace == 'other'")

    result = run(pytester, "--podshare-keep-namespace=failed", "-n", "1")

    result.assert_outcomes(failed=1)
    reason = f"podshare: kept cluster {own_cluster} (--podshare-keep-namespace=failed)"
    result.stdout.fnmatch_lines(["podshare: kept namespace *", reason])
    assert own_cluster in clusters()
    assert len(namespaces(own_cluster)) == 1
    (remove,) = re.findall(r"delete all +podshare clean (.*)", result.stdout.str())
    done = clean(*shlex.split(remove))
    assert f"kind cluster {own_cluster}: removed; " in done.stdout
    assert own_cluster not in clusters()
