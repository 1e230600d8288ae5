"""The decorator of every assertion: record each call as a check, and explain its errors."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import inspect
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar, cast

from pytest_podshare import errors
from pytest_podshare.assertions import failure
from pytest_podshare.diagnosis import diagnose
from pytest_podshare.pods.evidence import BROKEN, HELD, UNKNOWN, Check, Evidence
from pytest_podshare.pods.pod import Pod

Assertion = TypeVar("Assertion", bound=Callable[..., Evidence])
Result = TypeVar("Result")


@dataclasses.dataclass(frozen=True)
class Outcome(Generic[Result]):
    """What came of a call.

    Args:
        result: what it returned, or the error, which is explained as far as possible.
        seconds: how long it took.
    """

    result: Result | errors.PodshareError | errors.PromiseBroken
    seconds: float

    @property
    def error(self) -> errors.PodshareError | errors.PromiseBroken | None:
        """Return the error; None if there was none."""
        is_error = isinstance(self.result, (errors.PodshareError, errors.PromiseBroken))
        return (
            cast("errors.PodshareError | errors.PromiseBroken", self.result) if is_error else None
        )


def recorded(assertion: Assertion) -> Assertion:
    """Add each call of an assertion to the checks of its Pod, whatever the verdict."""

    @functools.wraps(assertion)
    def call_and_record(pod: Pod, **arguments: Any) -> Evidence:
        outcome = attempt_assertion(assertion, pod, arguments)
        return record(pod, create_check(pod, assertion.__name__, arguments, outcome), outcome)

    return cast(Assertion, call_and_record)


def attempt_assertion(
    assertion: Callable[..., Evidence], pod: Pod, arguments: Mapping[str, Any]
) -> Outcome[Evidence]:
    """Return what comes of a call of a recorded assertion, without recording it."""
    return attempt(functools.partial(inspect.unwrap(assertion), pod, **arguments), pod, arguments)


def attempt(call: Callable[[], Result], pod: Pod, arguments: Mapping[str, Any]) -> Outcome[Result]:
    """Return what comes of a call; errors that are not podshare's own are raised.

    Args:
        call: what to call.
        pod: the Pod that it is about.
        arguments: the arguments of the assertion.
    """
    start = time.monotonic()
    result: Result | errors.PodshareError | errors.PromiseBroken
    try:
        result = call()
    except errors.PromiseBroken as broken:
        result = broken
    except errors.PodshareError as error:
        result = _explain(error, pod, arguments.get("to_pod"))
        if result is not error:
            result = result.with_traceback(error.__traceback__)
            result.__suppress_context__ = True
    return Outcome(result, time.monotonic() - start)


def record(pod: Pod, check: Check, outcome: Outcome[Evidence]) -> Evidence:
    """Add a check and its evidence to a Pod, and return the evidence or raise the error."""
    pod.checks.append(check)
    if isinstance(outcome.result, Evidence):
        pod.evidence.append(outcome.result)
        return outcome.result
    raise outcome.result


def create_check(
    pod: Pod, assertion: str, arguments: Mapping[str, Any], outcome: Outcome[Evidence]
) -> Check:
    """Return the check of a call; its Pod is the one that the handle refers to now."""
    result = outcome.result
    named = (str(arguments["volume"]),) if arguments.get("volume") else ()
    containers = [arguments.get(name) for name in ("from_c", "to_c", "container")]
    if (to_pod := arguments.get("to_pod")) is not None:
        containers[1] = f"{to_pod.name}/{containers[1]}"
    fields: dict[str, Any]
    if isinstance(result, Evidence):
        volumes = named or tuple(dict.fromkeys(step.volume for step in result.steps))
        fields = {"verdict": HELD, "headline": result.claim, "method": result.method}
        fields["lines"] = result.lines
    else:
        is_broken = isinstance(result, AssertionError)
        volumes = named
        if isinstance(result, errors.PromiseBroken) and result.volume:
            volumes = (result.volume,)
        fields = {"verdict": BROKEN if is_broken else UNKNOWN, **_describe(result)}
    return Check(
        assertion=assertion,
        manifest=pod.manifest.origin,
        pod=str(pod),
        containers=tuple(str(name) for name in containers if name),
        volumes=volumes,
        seconds=outcome.seconds,
        **fields,
    )


def _describe(error: errors.PromiseBroken | errors.PodshareError) -> dict[str, Any]:
    """Return what a check says about an error."""
    # ControlMissing becomes `control missing`
    words = " ".join(re.findall("[A-Z][a-z]+", type(error).__name__)).lower()
    cause = error.cause or words
    return {"headline": error.what, "facts": error.facts, "cause": cause, "at": error.at}


def _explain(error: errors.PodshareError, *pods: Pod | None) -> errors.PodshareError:
    """Return the error with its cause, as far as that can be found out."""
    if error.cause:
        return error
    for pod in pods:
        cause = None
        # whatever goes wrong here must not hide the error itself
        with contextlib.suppress(Exception):
            cause = diagnose.raised_error(pod, error) if pod else None
        if cause is not None:
            facts = {"why": cause, "to do": cause.remedy or error.remedy, "pod": pod}
            return error.with_explanation(cause.kind, failure.named(facts))
    return error
