"""Records of what an assertion did and saw; they become text where they are shown."""

from __future__ import annotations

import dataclasses

from pytest_podshare.containers.evidence_entries import Note, Proof
from pytest_podshare.errors import Fact
from pytest_podshare.escaping import printable
from pytest_podshare.kube.pod_status import Identity

# hex digits of a digest: enough to compare by eye, too few to verify a guess of the content
_SHOWN_DIGITS = 8


@dataclasses.dataclass(frozen=True)
class Step:
    """A file that was written or seen in one container.

    Args:
        container: the container's name, or `node NAME` for a file reached through the node.
        action: `wrote`, `has` or `saw`.
        volume: the volume's name.
        path: the file, by the container's own path.
        size: bytes of its content.
        sha256: digest of its content, in hex.
        seconds: how long the step took; for `saw`, the time since the file was written.
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
        """Return the step as text, without its duration."""
        return (
            f"{self.container} {self.action:<5} {self.path}  {self.size} bytes"
            f"  sha256 {self.sha256[:_SHOWN_DIGITS]}…"
        )


@dataclasses.dataclass(frozen=True)
class Evidence:
    """Why an assertion holds.

    Args:
        claim: what was proved, in one sentence.
        method: how, in a few words.
        pod: the Pod's name.
        identity: the Pod and the instances of its containers that it was proved for.
        events: what happened, in order: steps, and the proofs of whatever happened between them
            (a restart, a replacement, a control).
        seconds: how long the assertion took.
    """

    claim: str
    method: str
    pod: str
    identity: Identity
    events: tuple[object, ...]
    seconds: float

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return the events that are files written or seen."""
        return tuple(event for event in self.events if isinstance(event, Step))

    @property
    def proofs(self) -> tuple[object, ...]:
        """Return the other events: restarts, replacements, controls."""
        return tuple(event for event in self.events if not isinstance(event, Step))

    @property
    def lines(self) -> tuple[Step | Note, ...]:
        """Return the events as plain data for a report, with digests cut to what is shown."""
        return tuple(_line(event) for event in self.events)

    def __str__(self) -> str:
        first = f"{self.claim}  ({1000 * self.seconds:.1f} ms, {self.method})"
        return "\n".join([printable(first), *(f"  {printable(str(line))}" for line in self.lines)])


HELD, BROKEN, UNKNOWN = "held", "broken", "unknown"


@dataclasses.dataclass(frozen=True)
class Check:
    """One call of an assertion and its verdict; plain data, which can cross process boundaries.

    Args:
        assertion: its name, for example `assert_file_visible`.
        manifest: the Pod's manifest: a path, or `<YAML text>`.
        pod: namespace and name.
        containers: the containers named in the call, the writer first; empty for all of them.
        volumes: the volumes concerned, as far as they are known.
        verdict: `held`, `broken`, or `unknown` if nothing could be learned.
        seconds: how long the call took.
        headline: what was proved, or what is wrong.
        method: how it was proved; "" unless it held.
        lines: if it held, what was done and seen, in order.
        facts: if it did not hold, the facts of the failure.
        cause: if it did not hold, the cause's name.
        at: `file:line` of the mount at fault; "" if none is.
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
        return dataclasses.replace(event, sha256=event.sha256[:_SHOWN_DIGITS])
    if isinstance(event, Proof):
        return Note(event.summary, event.seconds)
    return Note(str(event))
