"""What each call of an assertion records in its Pod, and the error it raises."""

import time

import pytest

from pytest_podshare import errors
from pytest_podshare.assertions.failure import promise_broken
from pytest_podshare.assertions.recording import recorded
from pytest_podshare.containers.evidence_entries import Note, Proof
from pytest_podshare.containers.restart import Restart
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.errors import Fact
from pytest_podshare.pods.evidence import BROKEN, HELD, UNKNOWN, Step
from tests.support import offline_pods

MANIFEST = """
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - {name: c1, image: busybox, volumeMounts: [{name: v, mountPath: /v}]}
  - {name: c2, image: busybox, volumeMounts: [{name: v, mountPath: /w}]}
  volumes: [{name: v, emptyDir: {}}]
"""
WROTE = Step("c1", "wrote", "v", "/v/f", 5, "2cf24dba5fb0a30e26e83b2ac5b9e29e", 0.0019)
RESTART = Restart("c1", "node", "containerd://1a2b3c4d", "containerd://5e6f7a8b", 137, 0.94)


@pytest.fixture
def pod():
    """Return a Pod without any checks."""
    return offline_pods.pod(MANIFEST)


def call(pod, outcome, **arguments):
    """Call an assertion with that outcome; return the check it records and the error it raises."""

    @recorded
    def assert_something(pod, **_):
        return outcome(pod)

    raised = None
    try:
        assert_something(pod, **arguments)
    except (errors.PodshareError, errors.PromiseBroken) as error:
        raised = error
    (check,) = pod.checks
    return check, raised


def raising(error):
    """Return an outcome that raises an error."""

    def outcome(_):
        raise error

    return outcome


def proving(pod):
    """Prove something: an outcome."""
    events = [WROTE, RESTART, "c2 found it"]
    return pod.create_evidence(
        "c2 sees it",
        method="sh",
        start=time.monotonic(),
        events=events,
        containers=[pod["c1"], pod["c2"]],
    )


def test_a_held_promise_is_recorded_as_data(pod):
    """Steps keep their fields and proofs their durations; digests are cut to what is shown."""
    check, raised = call(pod, proving, from_c="c1", to_c="c2")

    assert raised is None
    assert [evidence.claim for evidence in pod.evidence] == ["c2 sees it"]
    assert (check.verdict, check.headline, check.method) == (HELD, "c2 sees it", "sh")
    assert (check.containers, check.volumes) == (("c1", "c2"), ("v",))
    assert check.lines == (
        Step("c1", "wrote", "v", "/v/f", 5, "2cf24dba", 0.0019),
        Note("c1 restarted (node, exit code 137): 1a2b3c4d → 5e6f7a8b", 0.94),
        Note("c2 found it"),
    )
    assert check.facts == ()


def test_evidence_as_text_is_its_claim_and_its_lines(pod):
    """The text is created from the data when it is shown."""
    evidence = proving(pod)

    first, *lines = str(evidence).splitlines()
    assert first.startswith("c2 sees it  (")
    assert first.endswith(" ms, sh)")
    assert lines == [
        "  c1 wrote /v/f  5 bytes  sha256 2cf24dba…  1.9 ms",
        "  c1 restarted (node, exit code 137): 1a2b3c4d → 5e6f7a8b  0.9 s",
        "  c2 found it",
    ]
    assert lines == [f"  {line}" for line in evidence.lines]
    assert evidence.proofs == (RESTART, "c2 found it")
    assert isinstance(RESTART, Proof)


def test_a_broken_promise_is_recorded_as_data(pod):
    """Each fact is recorded under its name, as in the error."""
    (mount,) = pod["c2"].spec.mounts
    error = promise_broken(
        pod,
        "c2 does not see it",
        FileLocation(pod["c2"], "/w/f", mount),
        expected="c2:/w/f",
        got="missing",
        cause=Cause("removed", "it was there", "Find out what removes it.", (pod["c2"], mount)),
    )

    check, raised = call(pod, raising(error), container="c2")

    assert raised is error
    assert (check.verdict, check.headline, check.cause) == (BROKEN, "c2 does not see it", "removed")
    assert (check.containers, check.volumes) == (("c2",), ("v",))
    assert check.at == error.at == "<YAML text>:8"
    assert check.facts == error.facts
    assert [fact.name for fact in check.facts] == [
        "expected",
        "got",
        "where",
        "why",
        "to do",
        "pod",
    ]
    assert check.facts[2] == Fact("where", "c2 mounts v at /w")
    assert check.facts[4] == Fact("to do", "Find out what removes it. (<YAML text>:8)")
    assert str(error).splitlines()[:3] == [
        "c2 does not see it",
        "  expected  c2:/w/f",
        "  got       missing",
    ]


def test_an_error_without_an_explanation_is_recorded_unchanged(pod):
    """Its only fact is its remedy, and its cause is named after its class."""
    error = errors.ControlMissing("Nothing was\nfound.", "Look again.")

    check, raised = call(pod, raising(error))

    assert raised is error
    assert (check.verdict, check.cause) == (UNKNOWN, "control missing")
    assert (check.headline, check.facts) == ("Nothing was\nfound.", (Fact("", "Look again."),))
    assert (check.containers, check.volumes) == ((), ())


def test_an_explained_error_is_a_new_error_of_the_same_class(pod):
    """The original error stays as it was; the one that is raised has the cause as well."""
    error = errors.ToolMissing("c1 has no `cat`.", "Use an image with `cat`")

    check, raised = call(pod, raising(error), container="c1")

    assert (error.cause, error.facts) == ("", (Fact("", error.remedy),))
    assert type(raised) is errors.ToolMissing
    assert (raised.what, raised.remedy, raised.fix) == (error.what, error.remedy, error.fix)
    assert raised.cause == check.cause == "tool missing"
    assert raised.facts == check.facts
    assert str(raised).splitlines() == [
        "c1 has no `cat`.",
        "  why    tool missing: the check needs it in the container",
        "  to do  Use an image with `cat`. Nothing was learned about the volume.",
        "  pod    ns/web",
    ]
    # the frames of its origin are kept
    assert raised.__traceback__.tb_next.tb_next is not None


@pytest.mark.parametrize(
    "error",
    [
        errors.MissingRight("no", "give", right="get pods", cluster_wide=True, status=403),
        errors.ManifestInvalid("no", "fix", excerpt="a: b\n^"),
        errors.NotInVolume("no", "name another"),
        errors.ToolMissing("no", "use another"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_error_can_be_explained(error):
    """It keeps all its attributes, and shows its remedy only once."""
    explained = error.with_explanation("unknown", [Fact("why", "nobody knows")])

    assert type(explained) is type(error)
    assert explained.args == error.args
    assert str(explained) == "no\n  why  nobody knows"
    assert explained.cause == "unknown"
    kept = {name: value for name, value in vars(explained).items() if name in vars(error)}
    kept |= {"cause": "", "_facts": ()}
    assert kept == vars(error)


def test_an_error_shows_its_excerpt_before_its_remedy():
    """The excerpt is the line of the manifest and a caret below it."""
    error = errors.ManifestInvalid("m.yaml:1: no", "Fix it.", excerpt="a: b\n   ^")

    assert str(error) == "m.yaml:1: no\na: b\n   ^\nFix it."
    assert error.facts == (Fact("", "a: b\n   ^"), Fact("", "Fix it."))
