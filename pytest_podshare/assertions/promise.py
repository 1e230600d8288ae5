"""What every assertion does besides its own: it is kept as a check, and its failure says why."""

from __future__ import annotations

import contextlib
import functools
import re
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from pytest_podshare import errors
from pytest_podshare.explain import why
from pytest_podshare.explain.cause import Cause
from pytest_podshare.pods.evidence import BROKEN, HELD, UNKNOWN, Check, Evidence
from pytest_podshare.pods.pod import Pod
from pytest_podshare.report import failure

Assertion = TypeVar("Assertion", bound=Callable[..., Evidence])


def promise(check: Assertion) -> Assertion:
    """Keep each call of an assertion among the checks of its Pod, whatever its verdict."""

    @functools.wraps(check)
    def kept(pod: Pod, **asked: Any) -> Evidence:
        begun = time.monotonic()

        def keep(verdict: str, text: str, cause: str = "", at: str = "", volume: str = "") -> None:
            pod.checks.append(
                Check(
                    assertion=check.__name__,
                    manifest=pod.manifest.origin,
                    pod=str(pod),
                    containers=_containers(asked),
                    volumes=(volume,) if volume else _volumes(pod, asked, verdict),
                    verdict=verdict,
                    seconds=time.monotonic() - begun,
                    text=text,
                    cause=cause,
                    at=at,
                )
            )

        try:
            evidence = check(pod, **asked)
        except errors.PromiseBroken as broken:
            keep(BROKEN, str(broken), broken.cause, broken.at, broken.volume)
            raise
        except errors.PodshareError as error:
            cause, at = _explained(pod, error)
            keep(BROKEN if isinstance(error, AssertionError) else UNKNOWN, str(error), cause, at)
            raise
        keep(HELD, str(evidence))
        return evidence

    return cast(Assertion, kept)


def broken(
    pod: Pod,
    headline: str,
    *,
    expected: str,
    got: object,
    cause: Cause,
    containers: Iterable[str],
    volume: str = "",
    **where: object,
) -> errors.PromiseBroken:
    """The error of a promise that does not hold.

    Args:
        pod: the Pod.
        headline: who does not do what, in one line.
        expected: what the promise says.
        got: what was seen instead.
        cause: why.
        containers: those that were looked into for it.
        volume: the volume that it is about.
        where: further facts, under their names.
    """
    at = _at(pod, cause)
    if accesses := pod.other_access(containers):
        where["method"] = "; ".join(accesses)
    text = failure.text(
        headline, expected=expected, got=got, cause=cause, at=at, pod=str(pod), **where
    )
    return errors.PromiseBroken(text, cause=cause.word, at=at, volume=volume)


def apart(
    pod: Pod, headline: str, *, expected: str, got: str, cause: Cause
) -> errors.NoSharedVolume:
    """The error of a promise that the spec alone refutes; its arguments are those of `broken`."""
    at = _at(pod, cause)
    error = errors.NoSharedVolume(headline, cause.remedy)
    error.text = failure.text(
        headline, expected=expected, got=got, cause=cause, at=at, pod=str(pod)
    )
    error.cause, error.at = cause.word, at
    return error


def _at(pod: Pod, cause: Cause) -> str:
    return pod.manifest_location(*cause.blame) if cause.blame else ""


def _explained(pod: Pod, error: errors.PodshareError) -> tuple[str, str]:
    """The word for why, and where in the manifest; the error's text tells both."""
    if error.cause:
        return error.cause, error.at
    cause = None
    # the first failure is what the user must see, whatever becomes of its explanation
    with contextlib.suppress(Exception):
        cause = why.of_error(pod, error)
    if cause is None:
        return " ".join(re.findall("[A-Z][a-z]+", type(error).__name__)).lower(), ""
    error.cause = cause.word
    error.text = failure.rows(
        error.what, **{"why": cause, "to do": cause.remedy or error.remedy, "pod": pod}
    )
    return cause.word, ""


def _containers(asked: dict[str, object]) -> str:
    if "from_c" in asked:
        return f"{asked['from_c']}→{asked['to_c']}"
    return str(asked.get("container") or "")


def _volumes(pod: Pod, asked: dict[str, object], verdict: str) -> tuple[str, ...]:
    """The volumes that were named, or else those that the evidence is about."""
    if asked.get("volume"):
        return (str(asked["volume"]),)
    if verdict != HELD or not pod.evidence:
        return ()
    return tuple(dict.fromkeys(step.volume for step in pod.evidence[-1].steps))
