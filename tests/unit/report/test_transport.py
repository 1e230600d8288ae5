"""From a test's report to records: whatever carries the report, and nothing that is secret."""

import json
from types import SimpleNamespace

import pytest

from pytest_podshare import errors
from pytest_podshare.containers.proof import Note
from pytest_podshare.errors import Fact
from pytest_podshare.pods.evidence import Step
from pytest_podshare.report import transport
from pytest_podshare.report.records import EXPECTED
from tests.support import offline_pods
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


@pytest.fixture
def pod():
    """A Pod as the API server gives it, on which nothing was checked yet."""
    return offline_pods.pod(MANIFEST, token="kube-api-access-x")


@pytest.fixture
def sender():
    """What puts checks on reports."""
    return transport.Sender()


def report(outcome="passed", when="call"):
    """What pytest makes of a phase of a test."""
    return pytest.TestReport("t.py::test", ("t.py", 0, "test"), {}, outcome, None, when, start=1.0)


def raised(error):
    """What pytest knows of an error."""
    with pytest.raises(type(error)) as excinfo:
        raise error
    return excinfo


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
        sent = json.dumps(data, ensure_ascii=False).encode()
        arrived.append(pytest.TestReport._from_json(json.loads(sent)))
    return transport.received(SimpleNamespace(stats={"": [], "passed": [*arrived, "no report"]}))


def test_a_file_name_that_is_no_text_can_be_sent(pod, sender):
    """pytest-xdist sends UTF-8, which a byte of no character is not; it arrives as it is shown."""
    step = Step("c1", "wrote", "xchange", "/tmp/xchange/\udcff", 3, "0" * 64, 0.1)
    pod.checks.append(held(lines=(step,)))
    given = report()

    sender.send(given, [pod], None)
    (told,) = received(given)

    assert told.checks[0].check.lines[0].path == "/tmp/xchange/\\udcff"


def test_a_check_arrives_as_it_was_sent(pod, sender):
    """By pytest-xdist, and as JSON."""
    checks = [held(at="<YAML text>:17"), broken(), held("")]
    pod.checks += checks
    sent = report()
    sender.send(sent, [pod], None)

    (told,) = received(sent)
    assert [each.check for each in told.checks] == checks
    assert (told.test, told.phase, told.failed, told.error) == ("t.py::test", "call", False, "")


def test_a_pod_arrives_with_its_wiring_and_without_what_every_container_has(pod, sender):
    """Mounts, volumes with medium and size; no token."""
    pod.checks.append(held())
    sent = report()
    sender.send(sent, [pod], None)

    (told,) = received(sent)
    shown = told.checks[0].pod
    (container,) = shown.wiring.containers
    assert [str(mount) for mount in container.mounts] == [
        "xchange at /tmp/xchange (subPath=out, ro)"
    ]
    assert shown.wiring.volumes == pod.wiring.volumes[:2]
    assert len(pod.wiring.volumes) == 3
    assert (shown.manifest, shown.kind, shown.name) == ("<YAML text>", "Pod", "ns/sharevol")
    assert (shown.node, shown.cluster.version, shown.stand_in) == ("worker", "v1.36.3", "")


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
def test_no_secret_travels(pod, sender, quoting):
    """Neither of the spec, nor in what a check quotes, wherever that stands."""
    pod.checks.append(broken(**quoting))
    sent = report("failed")
    sender.send(sent, [pod], raised(AssertionError("password=swordfish-4")))

    data = json.dumps(sent._to_json())
    assert "swordfish" not in data
    assert "(hidden)" in data
    assert "/tmp/xchange" in data


def test_each_check_is_sent_once(pod, sender):
    """A Pod may be checked in a fixture, in a test and in the test after it."""
    first, second, third = report(when="setup"), report(), report(when="teardown")
    pod.checks.append(held("c1"))
    sender.send(first, [pod], None)
    pod.checks.append(held("c2"))
    sender.send(second, [pod], None)
    sender.send(third, [pod], None)

    found = [[each.check.containers for each in told.checks] for told in received(first, second)]
    assert found == [[("c1",)], [("c2",)]]
    assert received(third) == []


def test_what_a_test_expects_to_break_is_expected(pod, sender):
    """The test that passes, and the one that fails for another of its checks."""
    passed, failed, other = report(), report("failed"), report("failed")
    refused, unseen = broken(headline="refused"), broken(headline="not seen")
    pod.checks.append(refused)
    sender.send(passed, [pod], None)
    pod.checks += [refused, unseen]
    sender.send(failed, [pod], raised(errors.PromiseBroken("not seen", unseen.facts)))
    pod.checks.append(refused)
    sender.send(other, [pod], raised(AssertionError("assert 1 == 2")))

    found = [[each.verdict for each in told.checks] for told in received(passed, failed, other)]
    assert found == [[EXPECTED], [EXPECTED, "broken"], ["broken"]]


def test_a_failure_that_no_check_tells_is_told_by_itself(pod, sender):
    """An error before any check, and a test's own assert after checks that held."""
    before, after, told_by_check = report("failed", "setup"), report("failed"), report("failed")
    sender.send(before, [], raised(errors.KindMissing("There is no kind.", "Install it.")))
    pod.checks.append(held())
    sender.send(after, [pod], raised(AssertionError("assert 1 == 2")))
    pod.checks.append(broken(headline="no cat", facts=(Fact("", "Use another image."),)))
    sender.send(told_by_check, [pod], raised(errors.ApiError("no cat", "Use another image.")))

    found = [told.error for told in received(before, after, told_by_check)]
    assert found == ["There is no kind.\nInstall it.", "AssertionError: assert 1 == 2", ""]


def test_a_failure_of_any_length_is_told_in_short(sender):
    """What pytest prints of it is whole; a page holds those of all tests."""
    long, short = report("failed"), report("failed")
    sender.send(long, [], raised(errors.KindMissing("no", "kind\n" * 10_000)))
    sender.send(short, [], raised(errors.KindMissing("no", "kind\n" * 10)))

    assert [len(told.error) for told in received(long, short)] == [4000, 53]


def test_a_test_that_checks_nothing_tells_nothing(pod, sender):
    """Its report is as pytest made it."""
    sent = report()
    before = sent._to_json()
    sender.send(sent, [pod], None)

    assert sent._to_json() == before
    assert received(sent) == []


def test_what_was_told_is_in_the_order_of_time(pod, sender):
    """Workers report when they can."""
    late, early = report(), report()
    late.start, early.start = 9.0, 3.0
    for each in (late, early):
        pod.checks.append(held())
        sender.send(each, [pod], None)

    assert [told.start for told in received(late, early)] == [3.0, 9.0]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (errors.PromiseBroken("not seen", [Fact("why", "x")]), "not seen\n  why  x"),
        (errors.KindMissing("No kind.", "Install it."), "No kind.\nInstall it."),
        (pytest.fail.Exception("No kind."), "No kind."),
        (ValueError("their own"), "ValueError: their own"),
    ],
)
def test_errors_of_ours_are_their_text(sender, error, text):
    """Others say of what type they are."""
    sent = report("failed")
    sender.send(sent, [], raised(error))

    assert [told.error for told in received(sent)] == [text]
