"""What an assertion did and saw, as a record."""

from __future__ import annotations

import dataclasses
import hashlib

from pytest_podshare.pods.state import Identity
from pytest_podshare.printable import printable


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
        return (
            f"{self.container} {self.action:<5} {self.path}  {self.size} bytes"
            f"  sha256 {self.sha256[:8]}…  {1000 * self.seconds:.1f} ms"
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

    def __str__(self) -> str:
        lines = [f"{self.claim}  ({1000 * self.seconds:.1f} ms, {self.method})"]
        return "\n".join(
            [*map(printable, lines), *(f"  {printable(str(each))}" for each in self.events)]
        )


HELD, BROKEN, UNKNOWN = "held", "broken", "unknown"


@dataclasses.dataclass(frozen=True)
class Check:
    """One call of an assertion, whatever became of it; plain data, so that it can travel.

    Args:
        assertion: its name, for example `assert_file_visible`.
        manifest: where the Pod came from: a path, or `the given YAML`.
        pod: namespace and name.
        containers: whom it was about: `c1→c2`, `c1`, or "" for all of them.
        volumes: the volumes it was about, as far as it got to know them.
        verdict: `held`, `broken`, or `unknown` where nothing could be learned.
        seconds: how long it took.
        text: the evidence, or the whole failure.
        cause: the word for why, for one that is broken or unknown.
        at: `file:line` of the mount that is to blame; "" where there is none.
    """

    assertion: str
    manifest: str
    pod: str
    containers: str
    volumes: tuple[str, ...]
    verdict: str
    seconds: float
    text: str
    cause: str = ""
    at: str = ""


def digest(content: bytes) -> str:
    """The sha256 by which contents are compared, in hex."""
    return hashlib.sha256(content).hexdigest()
