"""Time limits: deadlines with an injectable clock, polling, and jobs that run side by side."""

from __future__ import annotations

import dataclasses
import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from pytest_podshare.errors import PodshareError

_T = TypeVar("_T")

# more threads would only wait for each other in the pool of connections
_THREADS = 16


class Clock(Protocol):
    """The part of `time` that a deadline needs; tests use one that never sleeps."""

    def monotonic(self) -> float:
        """Return the seconds since some fixed moment."""

    def sleep(self, seconds: float) -> None:
        """Block for that many seconds."""


@dataclasses.dataclass(frozen=True)
class Deadline:
    """The moment at which waiting ends.

    Args:
        seconds: how far away it is when it is created.
        clock: the source of time.
    """

    seconds: float
    clock: Clock = time
    ends: float = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "ends", self.clock.monotonic() + self.seconds)

    @property
    def left(self) -> float:
        """Return the seconds left, never a negative number."""
        return max(0.0, self.ends - self.clock.monotonic())

    @property
    def over(self) -> bool:
        """Return whether the moment has passed."""
        return self.left <= 0.0


@dataclasses.dataclass(frozen=True)
class Timeouts:
    """How long each kind of step may take, in seconds; generous, for busy CI machines."""

    create: float = 300.0
    ready: float = 120.0
    visible: float = 30.0
    exec: float = 30.0
    delete: float = 60.0
    # the kubelet checks every 10 s, with sizes that are up to a minute old
    evict: float = 120.0
    # a changed ConfigMap waits for the kubelet's next sync, and for its cache
    update: float = 150.0
    # by which the timeouts were multiplied, and other limits are, for example of a diagnosis
    factor: float = 1.0

    def resolve(self, name: str, seconds: float | None) -> float:
        """Return `seconds` if they are given, else the timeout of that name."""
        return float(getattr(self, name)) if seconds is None else seconds

    def scale(self, factor: float) -> Timeouts:
        """Return all timeouts multiplied by a factor, for slower machines."""
        return Timeouts(*(factor * seconds for seconds in dataclasses.astuple(self)))


def poll(
    attempt: Callable[[], _T],
    *,
    until: Callable[[_T], bool],
    deadline: Deadline,
    first: float = 0.005,
    most: float = 0.5,
) -> _T:
    """Call `attempt` until its result satisfies `until`, or the deadline is over.

    Args:
        attempt: called at least once.
        until: whether a result is good enough to stop.
        deadline: when to stop at the latest.
        first: seconds before the second attempt; doubled each time.
        most: the longest pause between two attempts, in seconds.

    Returns:
        The last result, good or not, so that the caller can report it.
    """
    # imported here: loading it takes longer than most pytest runs that need no cluster
    import tenacity

    return tenacity.Retrying(
        retry=tenacity.retry_if_not_result(until),
        stop=lambda _: deadline.over,
        wait=tenacity.wait_exponential(multiplier=first, max=most),
        sleep=lambda pause: deadline.clock.sleep(min(pause, deadline.left)),
        retry_error_callback=lambda last: last.outcome.result(),  # type: ignore[union-attr]
    )(attempt)


@dataclasses.dataclass(frozen=True)
class JobFailure:
    """Why a job has no result, in one line."""

    text: str


def gather(jobs: Mapping[str, Callable[[], _T]], deadline: Deadline) -> dict[str, _T | JobFailure]:
    """Run all jobs at the same time, and wait until they end or the deadline is over.

    A job that has not ended by then is abandoned in its daemon thread: its result or error is
    dropped, and the thread starts no other job.

    Args:
        jobs: the functions to call, by name.
        deadline: when to stop waiting.

    Returns:
        For every name, in the same order, what the job returned or why it failed.
    """
    waiting = queue.SimpleQueue[tuple[str, Callable[[], _T]]]()
    ended = queue.SimpleQueue[tuple[str, _T | JobFailure]]()
    for item in jobs.items():
        waiting.put(item)

    def work() -> None:
        while not deadline.over:
            try:
                name, job = waiting.get_nowait()
            except queue.Empty:
                return
            ended.put((name, _run_job(job)))

    _start_threads(work, min(len(jobs), _THREADS))
    outcomes: dict[str, _T | JobFailure] = {}
    while len(outcomes) < len(jobs):
        try:
            # results that are already there count even when the deadline is over
            name, outcome = ended.get(timeout=deadline.left)
        except queue.Empty:
            break
        outcomes[name] = outcome
    late = JobFailure(f"no answer within {deadline.seconds:.3g} s")
    return {name: outcomes.get(name, late) for name in jobs}


def _start_threads(work: Callable[[], None], count: int) -> None:
    for _ in range(count):
        try:
            threading.Thread(target=work, name="podshare-gather", daemon=True).start()
        except RuntimeError:
            # the system gives no more threads: those that have started do all the work
            return


def _run_job(job: Callable[[], _T]) -> _T | JobFailure:
    try:
        return job()
    except PodshareError as error:
        return JobFailure(error.what)
    except BaseException as error:  # noqa: BLE001 - even SystemExit is the failure of one job only
        message = " ".join(str(error).split())
        name = type(error).__name__
        return JobFailure(f"{name}: {message}" if message else name)
