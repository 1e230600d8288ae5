"""Namespaces that stay for a look: which, what is told of them, and how they go."""

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
def kept(podshare_cluster, pytester, monkeypatch):
    """A function that runs the tests on this very cluster: the result, and what it has kept."""
    monkeypatch.setenv("PODSHARE_CLUSTER_NAME", podshare_cluster.name)
    pytester.makepyfile(TESTS)
    runs = []

    def run_them(*words):
        result = run(pytester, "--podshare-provider=kind", *words)
        text = result.stdout.str()
        runs.append(re.search(r", run ([0-9a-f]{8})$", text, re.M)[1])
        listed = podshare_cluster.api.get(
            NAMESPACES, labelSelector=f"{ownership.RUN_LABEL}={runs[-1]}"
        )["items"]
        return result, {
            each["metadata"]["name"]: each["metadata"]["annotations"][ownership.KEPT].split("::")[1]
            for each in listed
            if "deletionTimestamp" not in each["metadata"]
        }

    yield run_them
    for each in runs:
        clean("--cluster-name", podshare_cluster.name, "--run", each)


def test_by_default_nothing_is_kept(kept):
    """The control of the others."""
    result, names = kept("-k", "test_fails")

    result.assert_outcomes(failed=1)
    assert names == {}
    assert "kept namespace" not in result.stdout.str()


@pytest.mark.parametrize("words", [(), ("-n", "2")], ids=["alone", "workers"])
def test_those_of_failed_tests_are_kept_and_told_of(kept, podshare_cluster, words):
    """With the commands to look at them, and to remove them; the next run leaves them alone."""
    result, names = kept("--podshare-keep-namespace=failed", *words)

    result.assert_outcomes(passed=2, failed=3)
    assert sorted(names.values()) == [
        "test_fails",
        "test_never_deploys",
        "test_of_a_factory_fails",
    ]
    text = result.stdout.str()
    told = re.findall(r"^podshare: kept namespace (\S+) of \S+::(\w+) until 20\S+Z$", text, re.M)
    assert dict(told) == names
    ((failed, _),) = [each for each in names.items() if each[1] == "test_fails"]
    looks = [line.removeprefix("  inspect it").strip() for line in text.splitlines()]
    looks = [shlex.split(line) for line in looks if line.startswith("kubectl ") and failed in line]
    assert [each[5] for each in looks] == ["get", "describe", "logs", "exec"]
    # the run has a home of its own, and so a kubeconfig of its own
    file = Path.home() / ".cache/podshare/clusters" / podshare_cluster.name / "kubeconfig"
    assert looks[0][:5] == ["kubectl", "--kubeconfig", str(file), "--namespace", failed]

    _, more = kept("-k", "test_passes")
    assert more == {}
    assert [each for each in names if not active(podshare_cluster, each)] == []
    (remove,) = {
        line.strip().removeprefix("delete all").strip()
        for line in text.splitlines()
        if "podshare clean" in line
    }
    # all that goes is waited for, also what other tests' runs have just left
    done = clean(*shlex.split(remove)[2:], "--timeout=300")
    assert done.returncode == 0, done.stdout
    assert [each for each in names if active(podshare_cluster, each)] == []


def test_all_are_kept_if_that_is_asked_for(kept):
    """Also those of tests that pass."""
    result, names = kept("--podshare-keep-namespace=always", "-k", "passes")

    result.assert_outcomes(passed=2, deselected=3)
    assert sorted(names.values()) == ["test_of_a_factory_passes", "test_passes"]


def active(cluster, name):
    """Whether the namespace is there, and nobody is deleting it."""
    listed = cluster.api.get(NAMESPACES, fieldSelector=f"metadata.name={name}")["items"]
    return [each["status"]["phase"] for each in listed] == ["Active"]


@pytest.mark.engine
def test_a_cluster_stays_as_long_as_a_namespace_on_it_is_kept(pytester, own, clusters):
    """Though the run made it, and would have deleted it; who names the run removes both."""
    pytester.makepyfile("def test_it(podshare_namespace): assert podshare_namespace == 'other'")

    result = run(pytester, "--podshare-keep-namespace=failed", "-n", "1")

    result.assert_outcomes(failed=1)
    why = f"podshare: kept cluster {own} (--podshare-keep-namespace=failed)"
    result.stdout.fnmatch_lines(["podshare: kept namespace *", why])
    assert own in clusters()
    assert len(namespaces(own)) == 1
    (remove,) = re.findall(r"delete all +podshare clean (.*)", result.stdout.str())
    done = clean(*shlex.split(remove))
    assert f"kind cluster {own}: removed; " in done.stdout
    assert own not in clusters()
