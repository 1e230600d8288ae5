"""What a failed check observed: the input of every search for a cause."""

from __future__ import annotations

import dataclasses
import difflib

from pytest_podshare.containers.fileops.posix_shell import Refused
from pytest_podshare.diagnosis.facts import ContainerView, Facts
from pytest_podshare.wiring.model import Wiring

# similarity from which two names count as spellings of one name
_SIMILARITY = 0.75


@dataclasses.dataclass(frozen=True)
class Symptom:
    """A read, a write or a connection that failed.

    Args:
        wiring: the mounts that the manifest declares.
        facts: what the live Pod reports.
        seen: what the reader or writer got: `Missing`, `Refused`, or the wrong content.
        existed: whether the file is known to have existed.
        is_write: whether a write was refused.
        is_connection: whether a connection to a socket was refused.
    """

    wiring: Wiring
    facts: Facts
    seen: object
    existed: bool = True
    is_write: bool = False
    is_connection: bool = False

    @property
    def writer(self) -> ContainerView:
        """Return the view of the container that has, or should have, the file."""
        return self.facts.views[0]

    @property
    def reader(self) -> ContainerView:
        """Return the view of the container that looked for the file, which may be the writer."""
        return self.facts.views[-1]

    @property
    def is_on_two_nodes(self) -> bool:
        """Return whether the containers are on two nodes, whose devices cannot be compared."""
        return self.writer.location.container.pod.node != self.reader.location.container.pod.node

    def is_refused(self, message: str) -> bool:
        """Return whether access was refused with this strerror(3) message."""
        return isinstance(self.seen, Refused) and self.seen.message == message


def is_alike(name: str, *others: str) -> bool:
    """Return whether another name looks like a different spelling of this one."""
    return bool(difflib.get_close_matches(name, others, n=1, cutoff=_SIMILARITY))
