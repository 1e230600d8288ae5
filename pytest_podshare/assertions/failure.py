"""What a failed assertion says: what was expected, what was seen, where, and why."""

from __future__ import annotations

from pytest_podshare.containers.fileops.content import Content
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.errors import Fact
from pytest_podshare.wiring.account_token import without_account_token
from pytest_podshare.wiring.model import Wiring
from pytest_podshare.wiring.shared_mounts import SharedMount


def facts(
    *,
    expected: str,
    got: object,
    cause: Cause,
    pod: object,
    at: str = "",
    **where: object,
) -> tuple[Fact, ...]:
    """Return the facts of a failure, in the one order that all failures have.

    Args:
        expected: what the promise says.
        got: what was seen instead: a content, or anything that reads as it is.
        cause: why, and what to do about it.
        pod: the Pod, by its namespace and name.
        at: `file:line` of the mount that is to blame.
        where: further facts, under their names.
    """
    to_do = cause.remedy + (f" ({at})" if at else "") if cause.remedy else None
    before = {"expected": expected, "got": described(got), **where}
    return named({**before, "why": cause, "to do": to_do, "pod": pod})


def named(values: dict[str, object]) -> tuple[Fact, ...]:
    """Return each value as a fact under its name, without those that are None."""
    return tuple(Fact(name, str(value)) for name, value in values.items() if value is not None)


def described(seen: object) -> str:
    """A content by its size and digest, a short text as it is; else what was seen, in its words."""
    if not isinstance(seen, bytes):
        return str(seen)
    return str(Content.from_bytes(seen))


def mounts(meeting: SharedMount, writer: str, reader: str) -> str:
    """How the two sides of a meeting are mounted."""
    return f"{writer} has {meeting.from_mount}; {reader} has {meeting.to_mount}"


def mounted(wiring: Wiring, container: str) -> str:
    """What a container mounts, in a line."""
    entries = without_account_token(wiring).container(container).mounts
    return f"mounts {'; '.join(str(each) for each in entries)}" if entries else "mounts no volume"
