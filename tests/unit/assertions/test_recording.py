"""What a call of an assertion leaves with its Pod, whatever became of it, and what it raises."""

import time

import pytest

from pytest_podshare import errors
from pytest_podshare.assertions import recording as recording
from pytest_podshare.containers.proof import Note, Proof
from pytest_podshare.containers.restart import Restart
from pytest_podshare.diagnosis.cause import Cause
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
    """A Pod on which nothing was checked yet."""
    return offline_pods.pod(MANIFEST)


def checked(pod, outcome, **asked):
    """The check that an assertion with that outcome leaves, and what it raised."""

    @recording.recorded
    def assert_it(pod, **_):
        return outcome(pod)

    raised = None
    try:
        assert_it(pod, **asked)
    except (errors.PodshareError, errors.PromiseBroken) as error:
        raised = error
    (check,) = pod.checks
    return check, raised


def raising(error):
    """An outcome: that error."""

    def outcome(_):
        raise error

    return outcome


def held(pod):
    """An outcome: what it was to prove is proved."""
    events = [WROTE, RESTART, "c2 found it"]
    begun, containers = time.monotonic(), ["c1", "c2"]
    return pod.record("c2 sees it", method="sh", begun=begun, events=events, containers=containers)


def test_what_held_is_kept_as_data(pod):
    """Claim, method, steps with their parts, proofs with their times; digests as they are shown."""
    check, raised = checked(pod, held, from_c="c1", to_c="c2")

    assert raised is None
    assert (check.verdict, check.headline, check.method) == (HELD, "c2 sees it", "sh")
    assert (check.containers, check.volumes) == (("c1", "c2"), ("v",))
    assert check.lines == (
        Step("c1", "wrote", "v", "/v/f", 5, "2cf24dba", 0.0019),
        Note("c1 restarted (node, exit code 137): 1a2b3c4d → 5e6f7a8b", 0.94),
        Note("c2 found it"),
    )
    assert check.facts == ()


def test_the_record_becomes_text_at_the_end(pod):
    """Evidence, line by line, is what its lines are."""
    held(pod)
    (evidence,) = pod.evidence

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


def test_what_is_broken_is_kept_as_data(pod):
    """Each fact under its name, as the error has it."""
    cause = Cause(
        "removed", "it was there", "See who removes it.", ("c2", pod.wiring.containers[1].mounts[0])
    )
    error = recording.promise_broken(
        pod,
        "c2 does not see it",
        expected="c2:/w/f",
        got="missing",
        cause=cause,
        containers=["c2"],
        volume="v",
    )

    check, raised = checked(pod, raising(error), container="c2")

    assert raised is error
    assert (check.verdict, check.headline, check.cause) == (BROKEN, "c2 does not see it", "removed")
    assert (check.containers, check.volumes) == (("c2",), ("v",))
    assert check.at == error.at == "<YAML text>:8"
    assert check.facts == error.facts
    assert [fact.name for fact in check.facts] == ["expected", "got", "why", "to do", "pod"]
    assert check.facts[3] == Fact("to do", "See who removes it. (<YAML text>:8)")
    assert str(error).splitlines()[:3] == [
        "c2 does not see it",
        "  expected  c2:/w/f",
        "  got       missing",
    ]


def test_an_error_that_nobody_explains_is_kept_as_it_is(pod):
    """What to do is its one fact, and the word is that of its class."""
    error = errors.ControlMissing("Nothing was\nfound.", "Look again.")

    check, raised = checked(pod, raising(error))

    assert raised is error
    assert (check.verdict, check.cause) == (UNKNOWN, "control missing")
    assert (check.headline, check.facts) == ("Nothing was\nfound.", (Fact("", "Look again."),))
    assert (check.containers, check.volumes) == ((), ())


def test_an_error_that_is_explained_is_another_of_its_kind(pod):
    """What was raised at first stays as it was; what is raised in the end is complete."""
    error = errors.ToolMissing("c1 has no `cat`.", "Use an image with `cat`")

    check, raised = checked(pod, raising(error), container="c1")

    assert (error.cause, error.facts) == ("", (Fact("", error.remedy),))
    assert type(raised) is errors.ToolMissing
    assert (raised.what, raised.remedy, raised.fix) == (error.what, error.remedy, error.fix)
    assert raised.cause == check.cause == "tool missing"
    assert raised.facts == check.facts
    assert str(raised).splitlines() == [
        "c1 has no `cat`.",
        "  why    tool missing: the check needs it in the container",
        "  to do  Use an image with `cat`; nothing was learned about the volume.",
        "  pod    ns/web",
    ]
    # the frames of where it came from are still there
    assert raised.__traceback__.tb_next.tb_next is not None


@pytest.mark.parametrize(
    "error",
    [
        errors.MissingRight("no", "give", right="get pods", cluster_wide=True, status=403),
        errors.ManifestInvalid("no", "mend", excerpt="a: b\n^"),
        errors.NotInVolume("no", "name another"),
        errors.ToolMissing("no", "use another"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_error_can_be_explained(error):
    """With all that it holds beside, and no line of what to do twice."""
    explained = error.explained("unknown", [Fact("why", "nobody knows")])

    assert type(explained) is type(error)
    assert explained.args == error.args
    assert str(explained) == "no\n  why  nobody knows"
    assert explained.cause == "unknown"
    mine = {name: value for name, value in vars(explained).items() if name in vars(error)}
    mine |= {"cause": "", "_explained": ()}
    assert mine == vars(error)


def test_an_error_shows_its_place_before_what_to_do():
    """As it always did: the line of the manifest, and a caret below it."""
    error = errors.ManifestInvalid("m.yaml:1: no", "Mend it.", excerpt="a: b\n   ^")

    assert str(error) == "m.yaml:1: no\na: b\n   ^\nMend it."
    assert error.facts == (Fact("", "a: b\n   ^"), Fact("", "Mend it."))
