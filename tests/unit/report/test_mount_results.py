"""What was proved about each mount of a Pod, and why not."""

import dataclasses

import pytest

from pytest_podshare.report import mount_results
from tests.support.sample_reports import SHAREVOL, broken, held, pod_record, records, unchecked

XCHANGE = ("xchange",)
SKIP = unchecked(pod_record(), "c1→c2", "no node").checks[0]
(HELD,) = records(held("c1", XCHANGE, assertion="assert_writable"))
(BROKEN,) = records(broken("c1→c2", XCHANGE))
(UNKNOWN,) = records(broken("c1", XCHANGE, verdict="unknown"))
(EXPECTED,) = records(broken("c1", XCHANGE), failed=False)


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ((BROKEN, UNKNOWN, HELD), "broken"),
        ((UNKNOWN, SKIP, HELD), "unknown"),
        # something was proved
        ((SKIP, HELD), "held"),
        ((SKIP,), "skipped"),
        ((EXPECTED,), ""),
        ((), ""),
    ],
)
def test_a_mount_is_drawn_with_one_verdict(found, verdict):
    """The worst, but what was proved counts more than what was skipped."""
    first = mount_results.list_results(SHAREVOL, found)[0]

    assert first.verdict == verdict
    drawn = mount_results.drawn_verdicts([first])
    assert drawn == ({("c1", "/tmp/xchange"): verdict} if verdict else {})


def test_a_mount_lists_what_is_about_it():
    """Each promise that held once, each reason once, and each failure."""
    first, second = mount_results.list_results(SHAREVOL, (BROKEN, SKIP, SKIP, HELD, HELD))

    assert first.proved == ["assert_writable"]
    assert first.reasons == ["no node"]
    assert first.not_proved == [BROKEN]
    assert second.proved == []
    assert (first.title, first.mode, first.heading) == ("c1", "rw", "xchange  emptyDir")


def test_gaps_are_mounts_about_which_nothing_was_proved():
    """Mounts with the same reason are together; what a failure explains is no gap."""
    lone = dataclasses.replace(SHAREVOL, containers=SHAREVOL.containers[:1])

    def gaps(wiring, *found):
        return mount_results.list_gaps(mount_results.list_results(wiring, found))

    both = ["c1:/tmp/xchange", "c2:/tmp/data"]
    assert gaps(SHAREVOL, SKIP) == [("no node", both)]
    assert gaps(SHAREVOL, SKIP, HELD) == [("no node", both[1:])]
    assert gaps(SHAREVOL) == [("no check names the mount", both)]
    assert gaps(lone) == [("no other container mounts the volume", both[:1])]
    assert gaps(SHAREVOL, BROKEN) == []
