"""What an assertion did and saw, as records; they become text where they are shown."""

from __future__ import annotations

import dataclasses
import hashlib

from pytest_podshare.containers.proof import Note, Proof
from pytest_podshare.errors import Fact
from pytest_podshare.escaping import printable
from pytest_podshare.kube.pod_status import Identity

# hex digits of a digest: enough to compare by eye, and too few to try guesses on
_SHOWN = 8


@dataclasses.dataclass(frozen=True)
class Step:
    """One thing that was done in one container.

    Args:
        container: where.
        action: `wrote`, `has` or `saw`.
        volume: the volume's name.
        path: the file, as this container names it.
        size: of its content, in bytes.
        sha256: of its content, in hex.
        seconds: how long it took; for `saw`, since it was written.
    """

    container: str
    action: str
    volume: str
    path: str
    size: int
    sha256: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.summary}  {1000 * self.seconds:.1f} ms"

    @property
    def summary(self) -> str:
        """What was done, without how long it took."""
        return (
            f"{self.container} {self.action:<5} {self.path}  {self.size} bytes"
            f"  sha256 {self.sha256[:_SHOWN]}…"
        )


@dataclasses.dataclass(frozen=True)
class Evidence:
    """Why an assertion holds.

    Args:
        claim: what was proved, in a sentence.
        method: how, in a few words.
        pod: the Pod's name.
        identity: which Pod and which instances of its containers it was proved on.
        events: what was done, seen and proved, in order: steps, and the proofs that what had to
            happen in between did (a restart, a replacement, a control).
        seconds: how long all of it took.
    """

    claim: str
    method: str
    pod: str
    identity: Identity
    events: tuple[object, ...]
    seconds: float

    @property
    def steps(self) -> tuple[Step, ...]:
        """What was written and seen."""
        return tuple(each for each in self.events if isinstance(each, Step))

    @property
    def proofs(self) -> tuple[object, ...]:
        """What proves that the rest of it happened."""
        return tuple(each for each in self.events if not isinstance(each, Step))

    @property
    def lines(self) -> tuple[Step | Note, ...]:
        """The events as a report shows them: plain data, digests no longer than they are shown."""
        return tuple(_line(each) for each in self.events)

    def __str__(self) -> str:
        first = f"{self.claim}  ({1000 * self.seconds:.1f} ms, {self.method})"
        return "\n".join([printable(first), *(f"  {printable(str(line))}" for line in self.lines)])


HELD, BROKEN, UNKNOWN = "held", "broken", "unknown"


@dataclasses.dataclass(frozen=True)
class Check:
    """One call of an assertion, whatever became of it; plain data, so that it can travel.

    Args:
        assertion: its name, for example `assert_file_visible`.
        manifest: where the Pod came from: a path, or `<YAML text>`.
        pod: namespace and name.
        containers: whom it was about: the writer and the reader, one, or nobody for all of them.
        volumes: the volumes it was about, as far as it got to know them.
        verdict: `held`, `broken`, or `unknown` where nothing could be learned.
        seconds: how long it took.
        headline: what was proved, or what is the matter.
        method: how it was proved; "" for one that did not hold.
        lines: of one that held: what was done and seen, in order.
        facts: of one that did not: what there is to say of it.
        cause: the word for why, for one that is broken or unknown.
        at: `file:line` of the mount that is to blame; "" where there is none.
    """

    assertion: str
    manifest: str
    pod: str
    containers: tuple[str, ...]
    volumes: tuple[str, ...]
    verdict: str
    seconds: float
    headline: str
    method: str = ""
    lines: tuple[Step | Note, ...] = ()
    facts: tuple[Fact, ...] = ()
    cause: str = ""
    at: str = ""


def _line(event: object) -> Step | Note:
    if isinstance(event, Step):
        return dataclasses.replace(event, sha256=event.sha256[:_SHOWN])
    if isinstance(event, Proof):
        return Note(event.summary, event.seconds)
    return Note(str(event))


def digest(content: bytes) -> str:
    """The sha256 by which contents are compared, in hex."""
    return hashlib.sha256(content).hexdigest()
