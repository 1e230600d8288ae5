"""One container restarts and its volume's content is there: what the proof adds to the kubelet.

- `assert_survives_restart`: a mark is written, the container killed, its restart proved, and the
  mark seen.
- the kubelet: from the container's process being killed until the kubelet says that another one is
  ready.

The kubelet looks at its containers once a second, so each kill comes at a moment of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.asked import Asked
from benchmarks.bare import Bare, sharevol
from benchmarks.figures import Comparison, Table, Timing
from benchmarks.interleaving import at_any_moment, timed
from benchmarks.stage import Stage
from pytest_podshare import assert_survives_restart
from pytest_podshare.pods.deployer import Podshare

_ROUNDS = 30
_BOTH = ("c1", "c2")


def measure(asked: Asked) -> Iterator[Table]:
    """A Pod for each round: one container for either, since a second restart would be held back."""
    ours: list[float] = []
    kubelets: list[float] = []
    with Stage() as stage, stage.podshare() as podshare:
        for number in range(asked.rounds(_ROUNDS)):
            mine, theirs = _BOTH if number % 2 else reversed(_BOTH)
            pair = _restarted(podshare, number, mine, theirs, ours_first=number % 4 < 2)
            ours.append(pair[0])
            kubelets.append(pair[1])
    timings = (
        Timing("assert_survives_restart", tuple(ours)),
        Timing("the kubelet alone", tuple(kubelets)),
    )
    yield Comparison("A restart of one container", timings)


def _restarted(
    podshare: Podshare, number: int, mine: str, theirs: str, *, ours_first: bool
) -> tuple[float, float]:
    pod = podshare.deploy(sharevol(number))
    with Bare(podshare.cluster.api, podshare.namespace) as bare:

        def ours() -> float:
            at_any_moment()
            return timed(lambda: assert_survives_restart(pod, container=mine))

        def kubelet() -> float:
            bare.adopt()
            at_any_moment()
            return bare.restart(theirs)

        first = ours() if ours_first else kubelet()
        second = kubelet() if ours_first else ours()
        pod.close()
        bare.delete()
    return (first, second) if ours_first else (second, first)
