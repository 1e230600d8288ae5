"""The text of a failed assertion: what was expected, what was seen, where, and why."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_podshare import errors
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops.content import Content
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.errors import Fact
from pytest_podshare.pods.pod import Pod, describe_access
from pytest_podshare.wiring.account_token import MOUNT_PATH


def promise_broken(
    pod: Pod,
    headline: str,
    *locations: FileLocation,
    expected: str,
    got: object,
    cause: Cause,
    inspected: Iterable[Container] | None = None,
    to_pod: Pod | None = None,
    **more: object,
) -> errors.PromiseBroken:
    """Return the error of a promise that does not hold.

    Args:
        pod: the Pod.
        headline: what does not hold, in one line.
        locations: the files that it is about; the volume of the first is the broken one.
        expected: what the promise says.
        got: what was seen instead.
        cause: why.
        inspected: the containers that were inspected; None for those of the locations.
        to_pod: the reader's Pod, if it is another one.
        more: more facts by name; `where` replaces the mounts of the locations.
    """
    containers = [location.container for location in locations] if inspected is None else inspected
    if access := describe_access(containers):
        more["method"] = "; ".join(access)
    mounts = [f"{place.container} mounts {place.mount}" for place in locations if place.mount]
    where = {"where": "; ".join(dict.fromkeys(mounts)) or None, **more}
    at = _manifest_location(pod, cause, to_pod)
    return errors.PromiseBroken(
        headline,
        facts(expected=expected, got=got, cause=cause, at=at, pod=_names(pod, to_pod), **where),
        cause=cause.kind,
        at=at,
        volume=locations[0].volume if locations else "",
    )


def refuted_by_spec(
    pod: Pod,
    headline: str,
    *,
    expected: str,
    got: str,
    cause: Cause,
    to_pod: Pod | None = None,
) -> errors.NoSharedVolume:
    """Return the error of a promise that the Pod's spec alone refutes; see `promise_broken`."""
    at = _manifest_location(pod, cause, to_pod)
    pods = _names(pod, to_pod)
    explained = facts(expected=expected, got=got, cause=cause, at=at, pod=pods)
    return errors.NoSharedVolume(headline, cause.remedy, cause=cause.kind, at=at, facts=explained)


def facts(
    *, expected: str, got: object, cause: Cause, pod: object, at: str = "", **where: object
) -> tuple[Fact, ...]:
    """Return the facts of a failure, in the order that all failures have; see `promise_broken`."""
    to_do = cause.remedy + (f" ({at})" if at else "") if cause.remedy else None
    seen = {"expected": expected, "got": describe(got), **where}
    return named({**seen, "why": cause, "to do": to_do, "pod": pod})


def named(values: dict[str, object]) -> tuple[Fact, ...]:
    """Return each value as a fact under its name, without those that are None."""
    return tuple(Fact(name, str(value)) for name, value in values.items() if value is not None)


def describe(seen: object) -> str:
    """Return a content as its size and digest, with the text if short; anything else as text."""
    return str(Content.from_bytes(seen) if isinstance(seen, bytes) else seen)


def describe_mounts(container: Container) -> str:
    """Return what a container mounts, as one line."""
    mounts = [str(mount) for mount in container.spec.mounts if mount.path != MOUNT_PATH]
    return f"mounts {'; '.join(mounts)}" if mounts else "mounts no volume"


def _manifest_location(pod: Pod, cause: Cause, to_pod: Pod | None) -> str:
    if cause.blame is None:
        return ""
    is_in_other = to_pod is not None and cause.blame[0].pod is to_pod.live
    blamed = to_pod if to_pod is not None and is_in_other else pod
    return blamed.manifest_location(*cause.blame)


def _names(pod: Pod, to_pod: Pod | None) -> str:
    return " and ".join(dict.fromkeys(str(one) for one in (pod, to_pod) if one is not None))
