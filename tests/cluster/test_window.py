"""Runs that deploy and check the next Pods of manifests while the items of one are reported."""

import json
import os
import re
import signal
import xml.etree.ElementTree as ET

import pytest

from pytest_podshare.cluster.ownership import RUN_LABEL
from tests.support import pytest_runs
from tests.support.ended_job import JOB

NAMESPACES = "/api/v1/namespaces"
POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  annotations: {{podshare.dev/expect: "{expect}"}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: c1
      image: {image}
      command: [sh, -c, "while :; do sleep 1; done"]
      volumeMounts: [{{name: v, mountPath: /a}}]
    - name: c2
      image: busybox
      command: [sh, -c, "while :; do sleep 1; done"]
      volumeMounts: [{{name: v, mountPath: /b}}]
  volumes:
    - name: v
      emptyDir: {{}}
"""
BROKEN = "medium@v: Memory"
# each report of a call leaves a line with the Pods of the run that nobody has deleted
SEEN = f"""
import json, pathlib
import pytest
from pytest_podshare.plugin import stash

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    run = item.config.stash[stash.RUN]
    if report.when == "call" and run.cluster is not None:
        pods = run.cluster.api.get("/api/v1/pods", labelSelector="{RUN_LABEL}=" + run.id)["items"]
        there = [pod["metadata"] for pod in pods if "deletionTimestamp" not in pod["metadata"]]
        line = [item.nodeid, sorted(one["name"] for one in there)]
        with pathlib.Path(__file__).with_name("seen").open("a") as lines:
            lines.write(json.dumps(line) + "\\n")
    return report
"""
# the mutation: a run that deletes nothing
LEAKY = """
from pytest_podshare.cluster.namespaces import Namespaces

Namespaces.delete = lambda *_: None
"""


def pod(name, expect="", image="busybox"):
    """Return a Pod of two containers that share a volume."""
    return POD.format(name=name, expect=expect, image=image)


@pytest.fixture
def manifests(pytester, podshare_cluster, monkeypatch):
    """Return a function that writes manifests and returns the options of a run on them."""
    monkeypatch.setenv("PODSHARE_CLUSTER_NAME", podshare_cluster.name)
    monkeypatch.setenv("PODSHARE_KEEP_CLUSTER", "never")
    pytester.makepyfile(seen_pods=SEEN, leaky=LEAKY)

    def write(**texts):
        (pytester.path / "m").mkdir(exist_ok=True)
        for name, text in texts.items():
            (pytester.path / f"m/{name}.yaml").write_text(text)
        return "--podshare-manifests=m", "-p", "seen_pods", "--junit-xml=out.xml", "-k=not wiring"

    return write


def read_outcomes(pytester):
    """Return the outcome of each item, with the first line of its text."""
    outcomes = {}
    for case in ET.parse(pytester.path / "out.xml").findall(".//testcase"):
        found = next((one for one in case if one.tag in ("failure", "error", "skipped")), None)
        # a registry's answer may differ at its end
        text = "" if found is None else found.get("message").splitlines()[0][:90]
        outcome = "passed" if found is None else found.tag
        outcomes[case.get("classname") + case.get("name")] = (outcome, text)
    return outcomes


def read_seen(pytester):
    """Return the Pods that were there at the report of each item, by its node id, in order."""
    lines = (pytester.path / "seen").read_text().splitlines()
    (pytester.path / "seen").unlink()
    return dict(map(json.loads, lines))


def find_run(printed):
    """Return the id of a run."""
    return re.search("run ([0-9a-f]{8})", printed)[1]


def list_namespaces(cluster, run):
    """Return the names of a run's namespaces: those that stay, and those being deleted."""
    listed = cluster.api.get(NAMESPACES, labelSelector=f"{RUN_LABEL}={run}")["items"]
    names = {False: [], True: []}
    for namespace in listed:
        metadata = namespace["metadata"]
        names["deletionTimestamp" in metadata].append(metadata["name"])
    return names[False], names[True]


def test_the_results_are_those_of_one_pod_after_another(pytester, manifests, podshare_cluster):
    """Those of promises that hold and that are broken, of a Pod that cannot start, and of a Job."""
    node = podshare_cluster.api.get("/api/v1/nodes")["items"][0]["metadata"]["name"]
    on_node = f"spec:\n  nodeSelector: {{kubernetes.io/hostname: {node}}}\n"
    options = manifests(
        a=pod("a"),
        b=pod("b", BROKEN),
        c=pod("c", image="no.test/no/such:1"),
        d=JOB,
        e=pod("e"),
        # others could have this folder of the node as well; its replacement stays there
        f=pod("f")
        .replace("emptyDir: {}", "hostPath: {path: /tmp/window, type: DirectoryOrCreate}")
        .replace("spec:\n", on_node),
        g=pod("g"),
    )
    outcomes, seen = {}, {}
    for parallel in (4, 1):
        pytest_runs.run(pytester, *options, f"--podshare-parallel={parallel}")
        outcomes[parallel] = read_outcomes(pytester)
        seen[parallel] = read_seen(pytester)

    assert outcomes[4] == outcomes[1]
    assert list(outcomes[4]) == list(outcomes[1])
    assert {kind for kind, _ in outcomes[4].values()} == {"passed", "failure", "error", "skipped"}
    # when the last item of the first Pod is reported, the next Pod is there, and no other is with 1
    assert "b" in seen[4]["m/a.yaml::deleted@v"]
    assert seen[1]["m/a.yaml::deleted@v"] == ["a"]
    with_f = [names for names in seen[4].values() if "f" in names]
    assert with_f == [["f"]] * len(with_f) != []
    # what is done is deleted while the others go on
    assert "a" not in seen[4]["m/e.yaml::deleted@v"]


@pytest.mark.parametrize("plugin", ["seen_pods", "leaky"])
def test_a_run_that_stops_at_a_failure_deletes_what_was_deployed_ahead(
    pytester, manifests, podshare_cluster, plugin
):
    """With the mutation, it is still there."""
    options = manifests(a=pod("a", BROKEN), b=pod("b"), c=pod("c"))

    result = pytest_runs.run(pytester, *options, "-x", "-v", "--podshare-parallel=3", "-p", plugin)

    run = find_run(result.stdout.str())
    result.assert_outcomes(passed=2, failed=1, deselected=3)
    assert "b" in read_seen(pytester)["m/a.yaml::medium@v"]
    left, _ = list_namespaces(podshare_cluster, run)
    for name in left:
        podshare_cluster.api.delete(f"{NAMESPACES}/{name}")
    assert bool(left) is (plugin == "leaky")


def test_ctrl_c_deletes_what_was_deployed_ahead(pytester, manifests, podshare_cluster):
    """Also what is created at that very moment."""
    options = manifests(**{name: pod(name) for name in "abcd"})
    process = pytest_runs.started(pytester, *options, "-v", "--podshare-parallel=4")
    header = ""
    while "run " not in header:
        header = process.stdout.readline()
    run = find_run(header)
    pytest_runs.wait_for(process, lambda: len(list_namespaces(podshare_cluster, run)[0]) >= 3)

    os.killpg(process.pid, signal.SIGINT)
    printed = pytest_runs.ended(process)

    assert process.returncode == pytest.ExitCode.INTERRUPTED, printed
    assert list_namespaces(podshare_cluster, run)[0] == [], printed


def test_the_attachments_of_a_failure_show_the_pod_as_it_was(pytester, manifests):
    """The thread goes on only with the next item, so the container is not restarted yet."""
    options = manifests(a=pod("a", BROKEN), b=pod("b"))

    pytest_runs.run(
        pytester, *options, "--podshare-parallel=2", "--podshare-artifacts-dir=attached"
    )

    (dump,) = pytester.path.glob("attached/*medium*/**/pod*.yaml")
    assert dump.read_text().count("restartCount: 0") == 2
