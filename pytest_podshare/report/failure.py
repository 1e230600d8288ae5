"""The text of a failed assertion: what was expected, what was seen, where, and the mounts."""

from __future__ import annotations

from pytest_podshare.pods.evidence import digest
from pytest_podshare.wiring.model import SharedMount, Wiring

# every container has its account's token there, which tells nothing about sharing
_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"


def text(headline: str, *, expected: str, got: object, pod: str, **where: object) -> str:
    """The one shape of all failures.

    Args:
        headline: who does not do what, in one line.
        expected: what the promise says.
        got: what was seen instead: a content, or anything that reads as it is.
        pod: namespace and name.
        where: further facts, under their names.
    """
    rows = {"expected": expected, "got": described(got), **where, "pod": pod}
    width = max(len(name) for name in rows)
    return "\n".join([headline, *(f"  {name:<{width}}  {fact}" for name, fact in rows.items())])


def described(seen: object) -> str:
    """A content by its size and digest; anything else in its own words."""
    if isinstance(seen, bytes):
        return f"{len(seen)} bytes  sha256 {digest(seen)[:8]}…"
    return str(seen)


def mounts(meeting: SharedMount, writer: str, reader: str) -> str:
    """How the two sides of a meeting are mounted."""
    return f"{writer} has {meeting.from_mount}; {reader} has {meeting.to_mount}"


def nothing_shared(wiring: Wiring, pod: str, from_c: str, to_c: str, volume: str | None) -> str:
    """What to say when two containers do not meet in a volume, by their mounts alone."""
    if volume is None:
        common = _in_both(wiring, from_c, to_c)
        first = f"{to_c!r} does not see what {from_c!r} writes: " + (
            f"they mount different subPaths of {common}"
            if common
            else "they share no volume that containers write to"
        )
    else:
        first = f"{to_c!r} does not see what {from_c!r} writes to volume {volume!r}: " + _apart(
            wiring, from_c, to_c, volume
        )
    sides = [f"  {name}  {mounted(wiring, name)}" for name in (from_c, to_c)]
    return "\n".join([first, *sides, f"  pod  {pod}"])


def mounted(wiring: Wiring, container: str) -> str:
    """What a container mounts, in a line."""
    entries = [each for each in wiring.container(container).mounts if each.path != _TOKEN]
    return f"mounts {'; '.join(str(each) for each in entries)}" if entries else "mounts no volume"


def _in_both(wiring: Wiring, from_c: str, to_c: str) -> str:
    """The volumes that both mount, though they do not meet in them."""
    names = [
        repr(each.name)
        for each in wiring.volumes
        if each.is_written_by_containers
        and wiring.container(from_c).mounts_of(each.name)
        and wiring.container(to_c).mounts_of(each.name)
    ]
    return ", ".join(names)


def _apart(wiring: Wiring, from_c: str, to_c: str, volume: str) -> str:
    if volume not in [each.name for each in wiring.volumes]:
        names = ", ".join(repr(each.name) for each in wiring.volumes) or "none"
        return f"the Pod has no such volume (it has {names})"
    for name in (from_c, to_c):
        if not wiring.container(name).mounts_of(volume):
            return f"{name!r} does not mount it"
    return "they mount different subPaths of it"
