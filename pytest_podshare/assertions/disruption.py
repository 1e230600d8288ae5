"""Disruptions: a restart or a replacement, and what it proves about files from before.

An assertion marks volumes with files before a disruption, and judges them after it. So one
disruption can prove several promises: all files are written first, and each is judged alone.
"""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pytest_podshare.assertions.recording import Outcome, attempt
from pytest_podshare.assertions.sentinel import SentinelFile
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.pod import Pod


@dataclasses.dataclass(frozen=True)
class MarkedFiles:
    """The files of one assertion, written before a disruption.

    Args:
        files: the files.
        disrupt: restarts or replaces, and returns the proof of it.
        judge: returns the evidence, or raises; its arguments are the proof, and when the
            disruption began.
    """

    files: Sequence[SentinelFile]
    disrupt: Callable[[], Any]
    judge: Callable[[Any, float], Evidence]

    def prove(self) -> Evidence:
        """Disrupt, and return the evidence."""
        start = time.monotonic()
        return self.judge(self.disrupt(), start)


def prove_together(
    pod: Pod, calls: Sequence[tuple[Callable[..., MarkedFiles], Mapping[str, Any]]]
) -> list[Outcome[Evidence]]:
    """Return what comes of several calls of assertions, with one disruption for all of them.

    Args:
        pod: the Pod.
        calls: for each call, what writes the files of its assertion, and its arguments. The
            disruption must be the same for all; the time that it takes counts for the first.
    """
    marked = [
        attempt(functools.partial(mark, pod, **arguments), pod, arguments)
        for mark, arguments in calls
    ]
    disrupt = next(
        (one.result.disrupt for one in marked if isinstance(one.result, MarkedFiles)), None
    )
    start = time.monotonic()
    disruption = attempt(disrupt, pod, {}) if disrupt else None
    outcomes: list[Outcome[Evidence]] = []
    for (_, arguments), before in zip(calls, marked, strict=True):
        marks, seconds = before.result, before.seconds
        if not outcomes and disruption is not None:
            seconds += disruption.seconds
        if not isinstance(marks, MarkedFiles):
            outcomes.append(Outcome(marks, seconds))
        elif disruption is not None and disruption.error is not None:
            outcomes.append(Outcome(disruption.error, seconds))
        elif disruption is not None:
            judge = functools.partial(marks.judge, disruption.result, start)
            after = attempt(judge, pod, arguments)
            outcomes.append(Outcome(after.result, seconds + after.seconds))
    return outcomes
