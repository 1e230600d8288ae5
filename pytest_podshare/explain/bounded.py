"""Many questions at once, within one deadline: an answer each, or why there is none."""

from __future__ import annotations

import dataclasses
import queue
import threading
from collections.abc import Callable, Mapping
from typing import TypeVar

from pytest_podshare.deadline import Deadline
from pytest_podshare.errors import PodshareError

T = TypeVar("T")

# more at once would only wait for each other in the pool of connections
_THREADS = 16


@dataclasses.dataclass(frozen=True)
class Trouble:
    """Why there is no answer, in one line."""

    text: str

    def __str__(self) -> str:
        return self.text


def gather(jobs: Mapping[str, Callable[[], T]], deadline: Deadline) -> dict[str, T | Trouble]:
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
    ended = queue.SimpleQueue[tuple[str, T | Trouble]]()
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
    outcomes: dict[str, T | Trouble] = {}
    while len(outcomes) < len(jobs):
        try:
            # what has ended is taken even when the deadline is over
            name, outcome = ended.get(timeout=deadline.left)
        except queue.Empty:
            break
        outcomes[name] = outcome
    late = Trouble(f"no answer within {deadline.seconds:.3g} s")
    return {name: outcomes.get(name, late) for name in jobs}


def _start(work: Callable[[], None], threads: int) -> None:
    for _ in range(threads):
        try:
            threading.Thread(target=work, name="podshare-explain", daemon=True).start()
        except RuntimeError:
            # no more threads to be had: those that did start do it all
            return


def _outcome(job: Callable[[], T]) -> T | Trouble:
    try:
        return job()
    except PodshareError as error:
        return Trouble(error.what)
    except BaseException as error:  # noqa: BLE001 - also SystemExit: it is that job's matter alone
        said = " ".join(str(error).split())
        return Trouble(f"{type(error).__name__}: {said}" if said else type(error).__name__)
