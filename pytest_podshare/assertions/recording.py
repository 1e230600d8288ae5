"""The decorator of every assertion: record each call as a check, and explain its errors."""

from __future__ import annotations

import contextlib
import functools
import re
import time
from collections.abc import Callable
from typing import Any, TypeVar, cast

from pytest_podshare import errors
from pytest_podshare.assertions import failure
from pytest_podshare.diagnosis import diagnose
from pytest_podshare.pods.evidence import BROKEN, HELD, UNKNOWN, Check, Evidence
from pytest_podshare.pods.pod import Pod

Assertion = TypeVar("Assertion", bound=Callable[..., Evidence])


def recorded(assertion: Assertion) -> Assertion:
    """Add each call of an assertion to the checks of its Pod, whatever the verdict."""

    @functools.wraps(assertion)
    def call_and_record(pod: Pod, **arguments: Any) -> Evidence:
        start = time.monotonic()
        to_pod: Pod | None = arguments.get("to_pod")
        named = (str(arguments["volume"]),) if arguments.get("volume") else ()

        def record(verdict: str, volumes: tuple[str, ...], **outcome: Any) -> None:
            containers = [arguments.get(name) for name in ("from_c", "to_c", "container")]
            if to_pod is not None:
                containers[1] = f"{to_pod.name}/{containers[1]}"
            pod.checks.append(
                Check(
                    assertion=assertion.__name__,
                    manifest=pod.manifest.origin,
                    pod=str(pod),
                    containers=tuple(str(name) for name in containers if name),
                    volumes=volumes,
                    verdict=verdict,
                    seconds=time.monotonic() - start,
                    **outcome,
                )
            )

        try:
            evidence = assertion(pod, **arguments)
        except errors.PromiseBroken as broken:
            record(BROKEN, (broken.volume,) if broken.volume else named, **_outcome(broken))
            raise
        except errors.PodshareError as error:
            explained = _explain(error, pod, to_pod)
            verdict = BROKEN if isinstance(error, AssertionError) else UNKNOWN
            record(verdict, named, **_outcome(explained))
            if explained is error:
                raise
            raise explained.with_traceback(error.__traceback__) from None
        volumes = named or tuple(dict.fromkeys(step.volume for step in evidence.steps))
        claim, method, lines = evidence.claim, evidence.method, evidence.lines
        record(HELD, volumes, headline=claim, method=method, lines=lines)
        return evidence

    return cast(Assertion, call_and_record)


def _outcome(error: errors.PromiseBroken | errors.PodshareError) -> dict[str, Any]:
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
