"""Time as a parameter: deadlines, the clock they are read from, and the one way to poll.

Nothing else in the package reads a clock or sleeps.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    import tenacity


import queue
import threading
from collections.abc import Mapping

from pytest_podshare.errors import PodshareError

T = TypeVar("T")


class Clock(Protocol):
    """What a deadline needs of time; tests give one that never sleeps."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let that many seconds pass."""
        ...


@dataclasses.dataclass(frozen=True)
class Deadline:
    """A moment after which nobody waits any more.

    Args:
        seconds: how long from now.
        clock: where the time comes from.
    """

    seconds: float
    clock: Clock = time
    ends: float = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ends", self.clock.monotonic() + self.seconds)

    @property
    def left(self) -> float:
        """The seconds left, never below zero."""
        return max(0.0, self.ends - self.clock.monotonic())

    @property
    def over(self) -> bool:
        """Whether the moment has passed."""
        return self.left <= 0.0


def poll(
    attempt: Callable[[], T],
    *,
    until: Callable[[T], bool],
    deadline: Deadline,
    first: float = 0.005,
    most: float = 0.5,
) -> T:
    """Call `attempt` until its result satisfies, or the deadline is over.

    Args:
        attempt: called at least once.
        until: whether a result is good enough to stop.
        deadline: when to stop at the latest.
        first: seconds before the second attempt; doubled each time.
        most: the longest pause between two attempts, in seconds.

    Returns:
        The last result, good or not: the caller reports what was seen last.
    """
    # here, because it takes longer to load than most runs of pytest take to need no cluster
    import tenacity

    def last(state: tenacity.RetryCallState) -> T:
        result: T = state.outcome.result()  # type: ignore[union-attr]
        return result

    return tenacity.Retrying(
        retry=tenacity.retry_if_not_result(until),
        stop=lambda _: deadline.over,
        wait=tenacity.wait_exponential(multiplier=first, max=most),
        sleep=lambda pause: deadline.clock.sleep(min(pause, deadline.left)),
        retry_error_callback=last,
    )(attempt)


@dataclasses.dataclass(frozen=True)
class Timeouts:
    """How long each kind of step may take, in seconds; generous, for busy CI machines."""

    create: float = 300.0
    ready: float = 120.0
    visible: float = 30.0
    exec: float = 30.0
    delete: float = 60.0
    # the kubelet looks every 10 s, at sizes that are up to a minute old
    evict: float = 120.0
    # a changed ConfigMap waits for the kubelet's next look, and for its cache
    update: float = 150.0

    def or_given(self, name: str, given: float | None) -> float:
        """The seconds that a caller gave, or else the ones of that name."""
        return float(getattr(self, name)) if given is None else given

    def scaled(self, factor: float) -> Timeouts:
        """All of them multiplied, for slower machines."""
        return Timeouts(*(factor * seconds for seconds in dataclasses.astuple(self)))


# more at once would only wait for each other in the pool of connections
_THREADS = 16


@dataclasses.dataclass(frozen=True)
class JobFailure:
    """Why there is no answer, in one line."""

    text: str

    def __str__(self) -> str:
        return self.text


def gather(jobs: Mapping[str, Callable[[], T]], deadline: Deadline) -> dict[str, T | JobFailure]:
    """Run all jobs at once, and wait until they have ended or the deadline is over.

    A job that has not ended by then is left behind in a daemon thread: its answer is dropped, its
    error as well, and its thread begins no other job.

    Args:
        jobs: what to call, by name.
        deadline: when to wait no longer.

    Returns:
        For every name, in the order given, what the job returned or what was the matter.
    """
    waiting = queue.SimpleQueue[tuple[str, Callable[[], T]]]()
    ended = queue.SimpleQueue[tuple[str, T | JobFailure]]()
    for job in jobs.items():
        waiting.put(job)

    def work() -> None:
        while not deadline.over:
            try:
                name, job = waiting.get_nowait()
            except queue.Empty:
                return
            ended.put((name, _outcome(job)))

    _start(work, min(len(jobs), _THREADS))
    outcomes: dict[str, T | JobFailure] = {}
    while len(outcomes) < len(jobs):
        try:
            # what has ended is taken even when the deadline is over
            name, outcome = ended.get(timeout=deadline.left)
        except queue.Empty:
            break
        outcomes[name] = outcome
    late = JobFailure(f"no answer within {deadline.seconds:.3g} s")
    return {name: outcomes.get(name, late) for name in jobs}


def _start(work: Callable[[], None], threads: int) -> None:
    for _ in range(threads):
        try:
            threading.Thread(target=work, name="podshare-explain", daemon=True).start()
        except RuntimeError:
            # no more threads to be had: those that did start do it all
            return


def _outcome(job: Callable[[], T]) -> T | JobFailure:
    try:
        return job()
    except PodshareError as error:
        return JobFailure(error.what)
    except BaseException as error:  # noqa: BLE001 - also SystemExit: it is that job's matter alone
        said = " ".join(str(error).split())
        return JobFailure(f"{type(error).__name__}: {said}" if said else type(error).__name__)
