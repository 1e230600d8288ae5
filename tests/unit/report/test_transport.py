"""Checks on their way through a test's report: they arrive unchanged and without secrets."""

import json
from types import SimpleNamespace

import pytest

from pytest_podshare import errors
from pytest_podshare.containers.evidence_entries import Note
from pytest_podshare.errors import Fact
from pytest_podshare.pods.evidence import Step
from pytest_podshare.report import transport
from pytest_podshare.report.records import EXPECTED, SKIPPED, PodRecord, PromiseRecord
from tests.support import offline_pods
from tests.support.sample_reports import SHAREVOL, broken, held

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


@pytest.fixture
def pod():
    """Return a Pod as the API server returns it, without any checks."""
    return offline_pods.pod(MANIFEST, token="kube-api-access-x")


@pytest.fixture
def sender():
    """Return the sender that adds checks to reports."""
    return transport.Sender()


def report(outcome="passed", when="call"):
    """Return pytest's report of a phase of a test."""
    return pytest.TestReport("t.py::test", ("t.py", 0, "test"), {}, outcome, None, when, start=1.0)


def raised(error):
    """Return what pytest knows about an error."""
    with pytest.raises(type(error)) as excinfo:
        raise error
    return excinfo


def types(value):
    """Return the types of a value and of everything in it."""
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {type(value)}.union(*map(types, inside))


def received(*reports):
    """Return what arrives of these reports after they were sent by pytest-xdist and as JSON."""
    arrived = []
    for sent in reports:
        data = sent._to_json()
        # pytest-xdist can send these types, but no subclasses of them
        assert types(data.get("podshare", {})) <= {dict, list, str, int, float, bool, type(None)}
        text = json.dumps(data, ensure_ascii=False).encode()
        arrived.append(pytest.TestReport._from_json(json.loads(text)))
    return transport.receive(SimpleNamespace(stats={"": [], "passed": [*arrived, "no report"]}))


def test_a_file_name_that_is_not_utf_8_can_be_sent(pod, sender):
    """pytest-xdist sends only UTF-8; the name arrives as it is shown."""
    step = Step("c1", "wrote", "xchange", "/tmp/xchange/\udcff", 3, "0" * 64, 0.1)
    pod.checks.append(held(lines=(step,)))
    sent = report()

    sender.send(sent, [pod], None)
    (arrived,) = received(sent)

    assert arrived.checks[0].check.lines[0].path == "/tmp/xchange/\\udcff"


def test_a_check_arrives_unchanged(pod, sender):
    """Every field survives."""
    checks = [held(at="<YAML text>:17"), broken(), held("")]
    pod.checks += checks
    sent = report()
    sender.send(sent, [pod], None)

    (arrived,) = received(sent)
    assert [record.check for record in arrived.checks] == checks
    assert (arrived.test, arrived.phase) == ("t.py::test", "call")
    assert (arrived.failed, arrived.error) == (False, "")


def test_a_pod_arrives_with_its_wiring_but_without_the_account_token(pod, sender):
    """Volumes keep their medium and size; the token says nothing about sharing."""
    pod.checks.append(held())
    sent = report()
    sender.send(sent, [pod], None)

    (arrived,) = received(sent)
    record = arrived.checks[0].pod
    (container,) = record.wiring.containers
    assert [str(mount) for mount in container.mounts] == [
        "xchange at /tmp/xchange (subPath=out, ro)"
    ]
    assert record.wiring.volumes == pod.wiring.volumes[:2]
    assert len(pod.wiring.volumes) == 3
    assert (record.manifest, record.template, record.name) == (
        *("<YAML text>", "Pod/sharevol"),
        "ns/sharevol",
    )
    assert (record.node, record.cluster.version, record.stand_in) == ("worker", "v1.36.3", "")


QUOTED = "got swordfish-1, --password swordfish-2, TOKEN=swordfish-3"


@pytest.mark.parametrize(
    "quoting",
    [
        {"headline": QUOTED},
        {"facts": (Fact("got", QUOTED), Fact("", QUOTED))},
        {"method": QUOTED},
        {"lines": (Note(QUOTED), Step("c1", "saw", "v", f"/v/{QUOTED}", 1, "6584c2be", 0.1))},
    ],
    ids=lambda quoting: next(iter(quoting)),
)
def test_no_secret_is_sent(pod, sender, quoting):
    """Secrets of the spec are hidden in every field that may quote them."""
    pod.checks.append(broken(**quoting))
    sent = report("failed")
    sender.send(sent, [pod], raised(AssertionError("password=swordfish-4")))

    data = json.dumps(sent._to_json())
    assert "swordfish" not in data
    assert "(hidden)" in data
    assert "/tmp/xchange" in data


def test_each_check_is_sent_once(pod, sender):
    """A Pod may be checked in a fixture, in a test and in the next test."""
    first, second, third = report(when="setup"), report(), report(when="teardown")
    pod.checks.append(held("c1"))
    sender.send(first, [pod], None)
    pod.checks.append(held("c2"))
    sender.send(second, [pod], None)
    sender.send(third, [pod], None)

    found = [
        [record.check.containers for record in arrived.checks]
        for arrived in received(first, second)
    ]
    assert found == [[("c1",)], [("c2",)]]
    assert received(third) == []


def test_a_failure_that_the_test_survives_is_expected(pod, sender):
    """The test passes, or fails because of another check."""
    passed, failed, other = report(), report("failed"), report("failed")
    refused, unseen = broken(headline="refused"), broken(headline="not seen")
    pod.checks.append(refused)
    sender.send(passed, [pod], None)
    pod.checks += [refused, unseen]
    sender.send(failed, [pod], raised(errors.PromiseBroken("not seen", unseen.facts)))
    pod.checks.append(refused)
    sender.send(other, [pod], raised(AssertionError("assert 1 == 2")))

    found = [
        [record.verdict for record in arrived.checks] for arrived in received(passed, failed, other)
    ]
    assert found == [[EXPECTED], [EXPECTED, "broken"], ["broken"]]


def test_a_failure_outside_of_checks_is_sent_as_text(pod, sender):
    """It is an error before any check, or the test's own assert after checks that held."""
    before, after, explained = report("failed", "setup"), report("failed"), report("failed")
    sender.send(before, [], raised(errors.KindMissing("There is no kind.", "Install it.")))
    pod.checks.append(held())
    sender.send(after, [pod], raised(AssertionError("assert 1 == 2")))
    pod.checks.append(broken(headline="no cat", facts=(Fact("", "Use another image."),)))
    sender.send(explained, [pod], raised(errors.ApiError("no cat", "Use another image.")))

    found = [arrived.error for arrived in received(before, after, explained)]
    assert found == ["There is no kind.\nInstall it.", "AssertionError: assert 1 == 2", ""]


def test_a_long_failure_is_truncated(sender):
    """A page has the failures of all tests; pytest prints each in full."""
    long, short = report("failed"), report("failed")
    sender.send(long, [], raised(errors.KindMissing("no", "kind\n" * 10_000)))
    sender.send(short, [], raised(errors.KindMissing("no", "kind\n" * 10)))

    assert [len(arrived.error) for arrived in received(long, short)] == [4000, 53]


def test_a_test_without_checks_sends_nothing(pod, sender):
    """Its report is unchanged."""
    sent = report()
    before = sent._to_json()
    sender.send(sent, [pod], None)

    assert sent._to_json() == before
    assert received(sent) == []


WEB = PodRecord("web.yaml", "CronJob/web", SHAREVOL, stand_in="busybox")
PROMISE = PromiseRecord("assert_file_visible", ("c1", "c2"), ("xchange",), WEB)


def skipped(reason, when="setup"):
    """Return pytest's report of a phase in which a test was skipped."""
    sent = report("skipped", when)
    sent.longrepr = ("t.py", 7, f"Skipped: {reason}")
    return sent


def test_a_skipped_promise_arrives_with_its_reason(sender):
    """No Pod is there, but what the promise is about."""
    sent = skipped("the cluster lacks image-volumes, password=swordfish-1")
    sender.send(sent, [], None, promise=PROMISE)

    (arrived,) = received(sent)
    (record,) = arrived.checks
    assert (record.verdict, record.is_checked) == (SKIPPED, False)
    assert record.reason == "the cluster lacks image-volumes, password=(hidden)"
    assert record.check.containers == ("c1", "c2")
    assert record.check.volumes == ("xchange",)
    assert record.pod == WEB
    assert arrived.error == ""


def test_a_promise_whose_pod_cannot_be_deployed_arrives_with_the_error(sender):
    """The error belongs to the promise, and is not another failure of the test."""
    sent = report("failed", "setup")
    error = errors.KindMissing("There is no kind.", "Install it.")
    sender.send(sent, [], raised(error), promise=PROMISE)

    (arrived,) = received(sent)
    (record,) = arrived.checks
    assert (record.verdict, record.is_checked, record.reason) == ("unknown", False, "")
    assert record.check.headline == "There is no kind."
    assert record.check.facts == (Fact("", "Install it."),)
    assert arrived.error == ""


def test_a_promise_that_was_checked_is_its_check(pod, sender):
    """A skip because of the check keeps the reason; a teardown that fails checks nothing."""
    pod.checks.append(broken())
    skip, teardown, passed = skipped("it has ended", "call"), report("failed", "teardown"), report()
    sender.send(skip, [pod], None, promise=PROMISE)
    sender.send(teardown, [], raised(AssertionError("no")), promise=PROMISE)
    sender.send(passed, [], None, promise=PROMISE)

    first, second = received(skip, teardown, passed)
    (record,) = first.checks
    assert (record.verdict, record.reason, record.is_checked) == (SKIPPED, "it has ended", True)
    assert (second.checks, second.error) == ((), "AssertionError: no")


def test_a_failure_that_xfail_expects_is_no_skip(pod, sender):
    """pytest reports it as skipped."""
    pod.checks.append(broken())
    sent = skipped("", "call")
    sent.wasxfail = "reason: known"
    sender.send(sent, [pod], None, promise=PROMISE)

    (arrived,) = received(sent)
    assert [record.verdict for record in arrived.checks] == [EXPECTED]


def test_warnings_arrive_without_checks_and_without_secrets(sender):
    """The API server may quote a value."""
    sent = report(when="setup")

    sender.send(sent, [], None, warnings=["p.yaml:3: Pod p: is deprecated", "password=swordfish-1"])
    (arrived,) = received(sent)

    assert (arrived.phase, arrived.warnings[0]) == ("setup", "p.yaml:3: Pod p: is deprecated")
    assert "swordfish" not in arrived.warnings[1]


def test_reports_are_in_order_of_time(pod, sender):
    """Workers report in any order."""
    late, early = report(), report()
    late.start, early.start = 9.0, 3.0
    for sent in (late, early):
        pod.checks.append(held())
        sender.send(sent, [pod], None)

    assert [arrived.start for arrived in received(late, early)] == [3.0, 9.0]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (errors.PromiseBroken("not seen", [Fact("why", "x")]), "not seen\n  why  x"),
        (errors.KindMissing("No kind.", "Install it."), "No kind.\nInstall it."),
        (pytest.fail.Exception("No kind."), "No kind."),
        (ValueError("bad value"), "ValueError: bad value"),
    ],
)
def test_only_foreign_errors_name_their_type(sender, error, text):
    """The text of the plugin's own errors is enough."""
    sent = report("failed")
    sender.send(sent, [], raised(error))

    assert [arrived.error for arrived in received(sent)] == [text]
