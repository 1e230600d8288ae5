"""The text of a failed assertion: what was expected, what was seen, where, and why."""

from __future__ import annotations

from pytest_podshare.explain.cause import Cause
from pytest_podshare.printable import printable, printable_lines
from pytest_podshare.probe import content
from pytest_podshare.wiring.model import SharedMount, Wiring

# every container has its account's token there, which tells nothing about sharing
_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"


def text(
    headline: str,
    *,
    expected: str,
    got: object,
    cause: Cause,
    pod: str,
    at: str = "",
    **where: object,
) -> str:
    """The one shape of all failures.

    Args:
        headline: who does not do what, in one line.
        expected: what the promise says.
        got: what was seen instead: a content, or anything that reads as it is.
        cause: why, and what to do about it.
        pod: namespace and name.
        at: `file:line` of the mount that is to blame.
        where: further facts, under their names.
    """
    to_do = cause.remedy + (f" ({at})" if at else "") if cause.remedy else None
    facts = {"expected": expected, "got": described(got), **where, "why": cause}
    return rows(headline, **facts, **{"to do": to_do, "pod": pod})


def rows(headline: str, **facts: object) -> str:
    """A headline, and below it each fact under its name; those that are None are left out."""
    told = {name: fact for name, fact in facts.items() if fact is not None}
    width = max(len(name) for name in told)
    # what is to do may be of several lines; nothing else can be, whatever a name or a message holds
    shown = {name: fact if name == "to do" else printable(str(fact)) for name, fact in told.items()}
    lines = (f"  {name:<{width}}  {fact}" for name, fact in shown.items())
    return printable_lines("\n".join([printable(headline), *lines]))


def described(seen: object) -> str:
    """A content by its size and digest, a short text as it is; else what was seen, in its words."""
    if not isinstance(seen, bytes):
        return str(seen)
    return str(content.of(seen))


def mounts(meeting: SharedMount, writer: str, reader: str) -> str:
    """How the two sides of a meeting are mounted."""
    return f"{writer} has {meeting.from_mount}; {reader} has {meeting.to_mount}"


def mounted(wiring: Wiring, container: str) -> str:
    """What a container mounts, in a line."""
    entries = [each for each in wiring.container(container).mounts if each.path != _TOKEN]
    return f"mounts {'; '.join(str(each) for each in entries)}" if entries else "mounts no volume"
