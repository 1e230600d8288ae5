"""Assertions about several Pods, which are restarted or replaced at the same time."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from typing import Concatenate, ParamSpec, Protocol, cast, overload

from pytest_podshare import errors
from pytest_podshare.messages import Fact
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.pod import Pod

_Params = ParamSpec("_Params")


class DisruptiveAssertion(Protocol[_Params]):
    """An assertion that takes one Pod, or several that it disrupts at the same time."""

    __name__: str

    @overload
    def __call__(self, pod: Pod, *args: _Params.args, **kwargs: _Params.kwargs) -> Evidence: ...

    @overload
    def __call__(
        self, pod: Iterable[Pod], *args: _Params.args, **kwargs: _Params.kwargs
    ) -> list[Evidence]: ...


def side_by_side(
    assertion: Callable[Concatenate[Pod, _Params], Evidence],
) -> DisruptiveAssertion[_Params]:
    """Let an assertion take several Pods as well; it is called for all of them at the same time.

    It returns the evidence of all, in the same order. If some fail, all are ended first, and the
    error of the first names the others.
    """

    @functools.wraps(assertion)
    def call(
        pod: Pod | Iterable[Pod], *args: _Params.args, **kwargs: _Params.kwargs
    ) -> Evidence | list[Evidence]:
        if isinstance(pod, Pod):
            return assertion(pod, *args, **kwargs)
        pods = list(pod)
        if not pods:
            raise ValueError("there is no Pod to check: pass at least one")
        futures = _run_all(pods, lambda one: assertion(one, *args, **kwargs))
        if failed := [error for future in futures if (error := future.exception()) is not None]:
            raise _name_others(failed[0], failed[1:])
        return [future.result() for future in futures]

    return cast("DisruptiveAssertion[_Params]", call)


def _run_all(pods: Sequence[Pod], call: Callable[[Pod], Evidence]) -> list[Future[Evidence]]:
    """Make a call for all Pods at once, for those of one workload one after another.

    Two handles could otherwise take the same new Pod of their controller for their replacement.
    """
    futures = [Future[Evidence]() for _ in pods]
    turns: dict[int, list[tuple[Pod, Future[Evidence]]]] = {}
    for pod, future in zip(pods, futures, strict=True):
        turns.setdefault(id(pod.manifest), []).append((pod, future))

    def run(in_turn: list[tuple[Pod, Future[Evidence]]]) -> None:
        for pod, future in in_turn:
            try:
                future.set_result(call(pod))
            except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
                future.set_exception(error)

    # as daemons, they do not keep an interrupted run from ending
    threads = [
        threading.Thread(target=run, args=(in_turn,), name="podshare-pod", daemon=True)
        for in_turn in turns.values()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return futures


def _name_others(first: BaseException, others: Sequence[BaseException]) -> BaseException:
    """Return the first error, with the headlines of the others among its facts."""
    known = [
        error.what
        for error in others
        if isinstance(error, (errors.PromiseBroken, errors.PodshareError))
    ]
    facts = [Fact("also", what) for what in known]
    if not facts:
        return first
    if isinstance(first, errors.PromiseBroken):
        named: BaseException = errors.PromiseBroken(
            first.what,
            (*first.facts, *facts),
            cause=first.cause,
            at=first.at,
            volume=first.volume,
        )
    elif isinstance(first, errors.PodshareError):
        named = first.with_explanation(first.cause, (*first.facts, *facts))
    else:
        return first
    return named.with_traceback(first.__traceback__)
