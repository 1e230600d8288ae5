"""The text of a failed assertion: what was expected, what was seen, where, and the mounts."""

from __future__ import annotations

from pytest_podshare.pods.evidence import Step, digest
from pytest_podshare.wiring.model import SharedMount, Wiring

# every container has its account's token there, which tells nothing about sharing
_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"


def not_visible(
    pod: str,
    meeting: SharedMount,
    wrote: Step,
    reader: str,
    path: str,
    seen: object,
    timeout: float,
) -> str:
    """What to say when the reader does not see what the writer has."""
    volume = meeting.volume.name
    return "\n".join(
        [
            f"{reader!r} does not see what {wrote.container!r} {wrote.action} in volume {volume!r}",
            f"  expected  {wrote.container}:{wrote.path}  {wrote.size} bytes"
            f"  sha256 {wrote.sha256[:8]}…",
            f"  got       {reader}:{path}  {_described(seen)}  (for {timeout:g} s)",
            f"  mounts    {wrote.container} has {meeting.from_mount}; {reader} has"
            f" {meeting.to_mount}",
            f"  pod       {pod}",
        ]
    )


def not_there(
    pod: str,
    meeting: SharedMount,
    writer: str,
    path: str,
    has: object,
    wanted: bytes | None,
    timeout: float,
) -> str:
    """What to say when the writer itself does not have the file, or another content."""
    expected = "a file" if wanted is None else _described(wanted)
    return "\n".join(
        [
            f"{writer!r} itself does not have it in volume {meeting.volume.name!r}",
            f"  expected  {writer}:{path}  {expected}",
            f"  got       {writer}:{path}  {_described(has)}  (for {timeout:g} s)",
            f"  mount     {writer} has {meeting.from_mount}",
            f"  pod       {pod}",
        ]
    )


def not_written(pod: str, meeting: SharedMount, writer: str, path: str, why: str) -> str:
    """What to say when the writer could not write, so that nothing could be seen."""
    return "\n".join(
        [
            f"{writer!r} cannot write to volume {meeting.volume.name!r}",
            f"  expected  {writer}:{path}  written",
            f"  got       {why}",
            f"  mount     {writer} has {meeting.from_mount}",
            f"  pod       {pod}",
        ]
    )


def nothing_shared(wiring: Wiring, pod: str, from_c: str, to_c: str, volume: str | None) -> str:
    """What to say when two containers do not meet in a volume, by their mounts alone."""
    if volume is None:
        first = (
            f"{to_c!r} does not see what {from_c!r} writes:"
            " they share no volume that containers write to"
        )
    else:
        first = f"{to_c!r} does not see what {from_c!r} writes to volume {volume!r}: " + _apart(
            wiring, from_c, to_c, volume
        )
    sides = [f"  {name}  {_mounts(wiring, name)}" for name in (from_c, to_c)]
    return "\n".join([first, *sides, f"  pod  {pod}"])


def _apart(wiring: Wiring, from_c: str, to_c: str, volume: str) -> str:
    if volume not in [each.name for each in wiring.volumes]:
        names = ", ".join(repr(each.name) for each in wiring.volumes) or "none"
        return f"the Pod has no such volume (it has {names})"
    for name in (from_c, to_c):
        if not wiring.container(name).mounts_of(volume):
            return f"{name!r} does not mount it"
    return "they mount different subPaths of it"


def _mounts(wiring: Wiring, container: str) -> str:
    mounts = [each for each in wiring.container(container).mounts if each.path != _TOKEN]
    return f"mounts {'; '.join(str(mount) for mount in mounts)}" if mounts else "mounts no volume"


def _described(seen: object) -> str:
    """A content by its size and digest; anything else in its own words."""
    if isinstance(seen, bytes):
        return f"{len(seen)} bytes  sha256 {digest(seen)[:8]}…"
    return str(seen)
