"""One disruption for several promises: each has a verdict of its own."""

import pytest

from pytest_podshare import errors
from pytest_podshare.assertions.disruption import MarkedFiles, prove_together

BROKEN = errors.PromiseBroken("c1 lost it")
MISSING = errors.NoSharedVolume("no volume", "", cause="none")
IMPOSSIBLE = errors.RestartImpossible("not restarted", "", cause="none")


class Volumes:
    """Volumes that are marked before a disruption and judged after it, with what was called.

    Args:
        unmarkable: the volumes that cannot be marked.
        lost: the volumes that have lost their marks afterwards.
        disruption: the error of the disruption; None if it succeeds.
    """

    def __init__(self, *, unmarkable=(), lost=(), disruption=None):
        self.unmarkable = unmarkable
        self.lost = lost
        self.disruption = disruption
        self.calls = []

    def mark(self, _pod, *, volume):
        """Return the marks of a volume."""
        self.calls.append(f"mark {volume}")
        if volume in self.unmarkable:
            raise MISSING

        def judge(proof, _start):
            self.calls.append(f"judge {volume}")
            if volume in self.lost:
                raise BROKEN
            return f"{volume} after {proof}"

        return MarkedFiles([], self._disrupt, judge)

    def _disrupt(self):
        self.calls.append("disrupt")
        if self.disruption is not None:
            raise self.disruption
        return "a restart"

    def prove(self, *volumes):
        """Return the results for these volumes."""
        calls = [(self.mark, {"volume": volume}) for volume in volumes]
        return [outcome.result for outcome in prove_together(None, calls)]


def test_one_disruption_proves_all():
    """All volumes are marked before it."""
    volumes = Volumes()

    assert volumes.prove("a", "b") == ["a after a restart", "b after a restart"]
    assert volumes.calls == ["mark a", "mark b", "disrupt", "judge a", "judge b"]


@pytest.mark.parametrize("lost", ["a", "b", "c"])
def test_a_volume_that_lost_its_mark_fails_alone(lost):
    """Whichever it is, the others are judged as well."""
    results = Volumes(lost=lost).prove("a", "b", "c")

    assert [result is BROKEN for result in results] == [name == lost for name in "abc"]


@pytest.mark.parametrize("unmarkable", ["a", "b"])
def test_a_volume_that_cannot_be_marked_fails_alone(unmarkable):
    """It needs no disruption, but the others do."""
    volumes = Volumes(unmarkable=unmarkable)

    results = volumes.prove("a", "b")

    assert [result is MISSING for result in results] == [name == unmarkable for name in "ab"]
    assert volumes.calls.count("disrupt") == 1


def test_without_any_mark_nothing_is_disrupted():
    """Every call has its own error."""
    volumes = Volumes(unmarkable="ab")

    assert volumes.prove("a", "b") == [MISSING, MISSING]
    assert "disrupt" not in volumes.calls


def test_the_error_of_the_disruption_is_that_of_all():
    """Nothing is judged; what could not be marked keeps its own error."""
    volumes = Volumes(unmarkable="b", disruption=IMPOSSIBLE)

    assert volumes.prove("a", "b", "c") == [IMPOSSIBLE, MISSING, IMPOSSIBLE]
    assert volumes.calls == ["mark a", "mark b", "mark c", "disrupt"]
