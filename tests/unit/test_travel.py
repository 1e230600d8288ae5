"""From a test's report to records: whatever carries the report, and nothing that is secret."""

import json
from types import SimpleNamespace

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster.record import Cluster
from pytest_podshare.deadline import Timeouts
from pytest_podshare.kube.watching import Watch
from pytest_podshare.pods.pod import Pod
from pytest_podshare.report import travel
from pytest_podshare.report.shown import EXPECTED
from pytest_podshare.wiring.load import load
from tests.support.sample_reports import broken, held

MANIFEST = """
apiVersion: v1
kind: Secret
metadata: {name: keys}
stringData: {password: swordfish-1}
---
apiVersion: v1
kind: Pod
metadata: {name: sharevol}
spec:
  containers:
  - name: c1
    image: busybox
    command: ["sh", "-c", "run --password swordfish-2"]
    env: [{name: TOKEN, value: swordfish-3}]
    volumeMounts:
    - {name: xchange, mountPath: /tmp/xchange, subPath: out, readOnly: true}
  volumes:
  - name: xchange
    emptyDir: {medium: Memory, sizeLimit: 10Mi}
  - name: unused
    csi: {driver: smb.csi.k8s.io, volumeAttributes: {password: swordfish-5}}
"""
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"


@pytest.fixture
def pod():
    """A Pod as the API server gives it, on which nothing was checked yet."""
    manifest = load(MANIFEST)
    spec = json.loads(json.dumps(manifest.pod["spec"]))
    spec["nodeName"] = "worker"
    spec["volumes"].append({"name": "kube-api-access-x", "projected": {"sources": []}})
    spec["containers"][0]["volumeMounts"].append(
        {"name": "kube-api-access-x", "mountPath": TOKEN, "readOnly": True}
    )
    live = {"metadata": {"name": "sharevol", "namespace": "ns", "uid": "u1"}, "spec": spec}
    api = SimpleNamespace(server="https://127.0.0.1:1", close=lambda: None)
    cluster = Cluster("kind", "podshare", None, None, True, True, "v1.36.3", api)
    return Pod(
        cluster,
        {**live, "status": {}},
        manifest=manifest,
        timeouts=Timeouts(),
        watch=Watch(api, "/api/v1/namespaces/ns/pods"),
        again=lambda: live,
    )


@pytest.fixture
def sender():
    """What puts checks on reports."""
    return travel.Sender()


def report(outcome="passed", when="call"):
    """What pytest makes of a phase of a test."""
    return pytest.TestReport("t.py::test", ("t.py", 0, "test"), {}, outcome, None, when, start=1.0)


def types(value):
    """The types of all values in it, itself included."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {type(value)}.union(*map(types, inside))


def received(*reports):
    """What becomes of them in the process that shows them, after all ways they may take."""
    arrived = []
    for each in reports:
        data = each._to_json()
        # what pytest-xdist can send: these very types, and none made of them
        assert types(data.get("podshare", {})) <= {dict, list, str, int, float, bool, type(None)}
        arrived.append(pytest.TestReport._from_json(json.loads(json.dumps(data))))
    return travel.received(SimpleNamespace(stats={"": [], "passed": [*arrived, "no report"]}))


def test_a_check_arrives_as_it_was_sent(pod, sender):
    """By pytest-xdist, and as JSON."""
    check = held(text="c1 wrote it  1.9 ms", at="the given YAML:17")
    pod.checks.append(check)
    sent = report()
    sender.send(sent, [pod], "")

    (told,) = received(sent)
    assert [each.check for each in told.checks] == [check]
    assert (told.test, told.phase, told.failed, told.error) == ("t.py::test", "call", False, "")


def test_a_pod_arrives_with_its_wiring_and_without_what_every_container_has(pod, sender):
    """Mounts, volumes with medium and size; no token."""
    pod.checks.append(held())
    sent = report()
    sender.send(sent, [pod], "")

    (told,) = received(sent)
    shown = told.checks[0].pod
    (container,) = shown.wiring.containers
    assert [str(mount) for mount in container.mounts] == [
        "xchange at /tmp/xchange (subPath=out, ro)"
    ]
    assert shown.wiring.volumes == pod.wiring.volumes[:2]
    assert len(pod.wiring.volumes) == 3
    assert (shown.manifest, shown.kind, shown.name) == ("the given YAML", "Pod", "ns/sharevol")
    assert (shown.node, shown.cluster.version, shown.stand_in) == ("worker", "v1.36.3", "")


def test_no_secret_travels(pod, sender):
    """Neither of the spec, nor in what a failure quotes."""
    pod.checks.append(broken(text="got swordfish-1, --password swordfish-2, TOKEN=swordfish-3"))
    sent = report("failed")
    sender.send(sent, [pod], "AssertionError: password=swordfish-4")

    data = json.dumps(sent._to_json())
    assert "swordfish" not in data
    assert "(hidden)" in data
    assert "/tmp/xchange" in data


def test_each_check_is_sent_once(pod, sender):
    """A Pod may be checked in a fixture, in a test and in the test after it."""
    first, second, third = report(when="setup"), report(), report(when="teardown")
    pod.checks.append(held("c1"))
    sender.send(first, [pod], "")
    pod.checks.append(held("c2"))
    sender.send(second, [pod], "")
    sender.send(third, [pod], "")

    found = [[each.check.containers for each in told.checks] for told in received(first, second)]
    assert found == [["c1"], ["c2"]]
    assert received(third) == []


def test_what_a_test_expects_to_break_is_expected(pod, sender):
    """The test that passes, and the one that fails for another of its checks."""
    passed, failed, other = report(), report("failed"), report("failed")
    pod.checks.append(broken(text="refused"))
    sender.send(passed, [pod], "")
    pod.checks += [broken(text="refused"), broken(text="not seen")]
    sender.send(failed, [pod], "not seen")
    pod.checks.append(broken(text="refused"))
    sender.send(other, [pod], "assert 1 == 2")

    found = [[each.verdict for each in told.checks] for told in received(passed, failed, other)]
    assert found == [[EXPECTED], [EXPECTED, "broken"], ["broken"]]


def test_a_failure_that_no_check_tells_is_told_by_itself(pod, sender):
    """An error before any check, and a test's own assert after checks that held."""
    before, after, told_by_check = report("failed", "setup"), report("failed"), report("failed")
    sender.send(before, [], "There is no kind program on PATH.")
    pod.checks.append(held())
    sender.send(after, [pod], "assert 1 == 2")
    pod.checks.append(broken(text="not seen"))
    sender.send(told_by_check, [pod], "not seen")

    found = [told.error for told in received(before, after, told_by_check)]
    assert found == ["There is no kind program on PATH.", "assert 1 == 2", ""]


def test_a_failure_of_any_length_is_told_in_short(sender):
    """What pytest prints of it is whole; a page holds those of all tests."""
    long, short = report("failed"), report("failed")
    sender.send(long, [], "assert 1 == 2\n" * 10_000)
    sender.send(short, [], "assert 1 == 2\n" * 10)

    assert [len(told.error) for told in received(long, short)] == [4000, 140]


def test_a_test_that_checks_nothing_tells_nothing(pod, sender):
    """Its report is as pytest made it."""
    sent = report()
    before = sent._to_json()
    sender.send(sent, [pod], "")

    assert sent._to_json() == before
    assert received(sent) == []


def test_what_was_told_is_in_the_order_of_time(pod, sender):
    """Workers report when they can."""
    late, early = report(), report()
    late.start, early.start = 9.0, 3.0
    for each in (late, early):
        pod.checks.append(held())
        sender.send(each, [pod], "")

    assert [told.start for told in received(late, early)] == [3.0, 9.0]


@pytest.mark.parametrize(
    ("raised", "text"),
    [
        (errors.PromiseBroken("not seen\n  why  x", cause="unknown"), "not seen\n  why  x"),
        (errors.KindMissing("No kind.", "Install it."), "No kind.\nInstall it."),
        (pytest.fail.Exception("No kind."), "No kind."),
        (ValueError("their own"), "ValueError: their own"),
    ],
)
def test_errors_of_ours_are_their_text(raised, text):
    """So that the check that made one is found by it."""
    with pytest.raises(type(raised)) as excinfo:
        raise raised

    assert travel.error(excinfo) == text
