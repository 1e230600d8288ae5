"""What every assertion does besides its own: it is kept as a check, and its failure says why."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import re
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

from pytest_podshare import errors
from pytest_podshare.assertions import failure
from pytest_podshare.diagnosis import diagnose
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.pods.evidence import BROKEN, HELD, UNKNOWN, Check, Evidence
from pytest_podshare.pods.pod import Pod

Assertion = TypeVar("Assertion", bound=Callable[..., Evidence])


def recorded(check: Assertion) -> Assertion:
    """Keep each call of an assertion among the checks of its Pod, whatever its verdict."""

    @functools.wraps(check)
    def kept(pod: Pod, **asked: Any) -> Evidence:
        call = _Call(pod, check.__name__, asked, time.monotonic())
        try:
            evidence = check(pod, **asked)
        except errors.PromiseBroken as broken:
            call.keep_failure(BROKEN, broken, broken.volume)
            raise
        except errors.PodshareError as error:
            explained = _explained(pod, error)
            call.keep_failure(BROKEN if isinstance(error, AssertionError) else UNKNOWN, explained)
            if explained is error:
                raise
            raise explained.with_traceback(error.__traceback__) from None
        call.keep_evidence(evidence)
        return evidence

    return cast(Assertion, kept)


@dataclasses.dataclass(frozen=True)
class _Call:
    """One call of an assertion, which becomes a check of its Pod."""

    pod: Pod
    assertion: str
    asked: dict[str, Any]
    begun: float

    def keep_evidence(self, evidence: Evidence) -> None:
        """Keep that it held."""
        self._keep(
            HELD,
            self._volumes or tuple(dict.fromkeys(step.volume for step in evidence.steps)),
            headline=evidence.claim,
            method=evidence.method,
            lines=evidence.lines,
        )

    def keep_failure(
        self, verdict: str, error: errors.PromiseBroken | errors.PodshareError, volume: str = ""
    ) -> None:
        """Keep that it did not, and why not."""
        # `control missing` of ControlMissing
        words = " ".join(re.findall("[A-Z][a-z]+", type(error).__name__)).lower()
        self._keep(
            verdict,
            (volume,) if volume else self._volumes,
            headline=error.what,
            facts=error.facts,
            cause=error.cause or words,
            at=error.at,
        )

    def _keep(self, verdict: str, volumes: tuple[str, ...], **content: Any) -> None:
        self.pod.checks.append(
            Check(
                assertion=self.assertion,
                manifest=self.pod.manifest.origin,
                pod=str(self.pod),
                containers=self._containers,
                volumes=volumes,
                verdict=verdict,
                seconds=time.monotonic() - self.begun,
                **content,
            )
        )

    @property
    def _containers(self) -> tuple[str, ...]:
        names = (self.asked.get(name) for name in ("from_c", "to_c", "container"))
        return tuple(str(name) for name in names if name)

    @property
    def _volumes(self) -> tuple[str, ...]:
        """The volume that was named; nothing where none was."""
        return (str(self.asked["volume"]),) if self.asked.get("volume") else ()


def promise_broken(
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
    facts = failure.facts(expected=expected, got=got, cause=cause, at=at, pod=pod, **where)
    return errors.PromiseBroken(headline, facts, cause=cause.kind, at=at, volume=volume)


def apart(
    pod: Pod, headline: str, *, expected: str, got: str, cause: Cause
) -> errors.NoSharedVolume:
    """The error of a promise that the spec alone refutes; its arguments are those of `broken`."""
    at = _at(pod, cause)
    facts = failure.facts(expected=expected, got=got, cause=cause, at=at, pod=pod)
    return errors.NoSharedVolume(headline, cause.remedy, cause=cause.kind, at=at, facts=facts)


def _at(pod: Pod, cause: Cause) -> str:
    return pod.manifest_location(*cause.blame) if cause.blame else ""


def _explained(pod: Pod, error: errors.PodshareError) -> errors.PodshareError:
    """Return the error with why it happened, as far as that can be found out."""
    if error.cause:
        return error
    cause = None
    # the first failure is what the user must see, whatever becomes of its explanation
    with contextlib.suppress(Exception):
        cause = diagnose.raised_error(pod, error)
    if cause is None:
        return error
    facts = {"why": cause, "to do": cause.remedy or error.remedy, "pod": pod}
    return error.explained(cause.kind, failure.named(facts))
