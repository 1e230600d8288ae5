"""A question of why, with what is known: what every cause is asked."""

from __future__ import annotations

import dataclasses
import difflib
import posixpath

from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops.posix_shell import Refused
from pytest_podshare.diagnosis.facts import ContainerView, Facts
from pytest_podshare.wiring.model import VolumeMount, Wiring

# from this on two names are taken for two spellings of one
_ALIKE = 0.75


@dataclasses.dataclass(frozen=True)
class Symptom:
    """What is to be explained.

    Args:
        wiring: who should mount what where.
        facts: what the live Pod says.
        seen: what the one who looked, or wrote, got: `Missing`, `Refused`, or another content.
        written: whether it was surely there once: we wrote it, or had it read.
        writing: whether it was a write that was refused.
    """

    wiring: Wiring
    facts: Facts
    seen: object
    written: bool = True
    writing: bool = False

    @property
    def writer(self) -> ContainerView:
        """Whose file it is."""
        return self.facts.views[0]

    @property
    def reader(self) -> ContainerView:
        """Who looked for it; the writer itself where nobody else did."""
        return self.facts.views[-1]

    def refused(self, words: str) -> bool:
        """Whether it was refused in these words of strerror(3)."""
        return isinstance(self.seen, Refused) and self.seen.message == words


def blame(view: ContainerView) -> tuple[Container, VolumeMount] | None:
    """A place's mount, as one to blame."""
    return (view.place.container, view.place.mount) if view.place.mount else None


def volume_of(view: ContainerView) -> str:
    """The name of the volume that a place should lie in."""
    return view.place.mount.volume if view.place.mount else "(none)"


def is_inside(path: str, folder: str) -> bool:
    """Whether a path lies below a folder, and is not the folder itself."""
    return path != folder and posixpath.commonpath([path, folder]) == folder


def is_alike(name: str, *others: str) -> bool:
    """Whether one of the other names looks like another spelling of this one."""
    return bool(difflib.get_close_matches(name, others, n=1, cutoff=_ALIKE))
