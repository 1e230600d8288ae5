"""The verdicts of checks during a fault, and the table of all faults in docs/reliability.md."""

import dataclasses
import time

from pytest_podshare import errors

TRUE, NAMED, WRONG = "true verdict", "error that names the fault", "wrong verdict"


@dataclasses.dataclass
class Fault:
    """A fault, and the verdicts in it.

    Args:
        name: what it is.
        named_by: errors that may be its outcome.
        words: causes that may be its outcome, where a promise is broken by the fault itself.
        within: seconds that a check may take.

    Attributes:
        outcomes: of the checks.
        seconds: that each of them took.
        said: what the errors among them say.
    """

    name: str
    named_by: tuple[type[errors.PodshareError], ...]
    words: tuple[str, ...] = ()
    within: float = 60.0
    outcomes: list[str] = dataclasses.field(default_factory=list)
    seconds: list[float] = dataclasses.field(default_factory=list)
    said: list[str] = dataclasses.field(default_factory=list)

    def check(self, ask, *, holds, denied_by=errors.PromiseBroken):
        """Run a check, count its verdict, and return it.

        Args:
            ask: makes it.
            holds: whether the truth is that it holds.
            denied_by: the error of one that says it does not.

        Raises:
            Exception: what is neither a verdict nor an error that names the fault.
        """
        begun = time.monotonic()
        try:
            ask()
        except denied_by as error:
            outcome = WRONG if holds else TRUE
            if getattr(error, "cause", "") in self.words:
                outcome = NAMED
        except self.named_by as error:
            outcome = NAMED
            self.said.append(f"{type(error).__name__}: {error}")
        else:
            outcome = TRUE if holds else WRONG
        self.outcomes.append(outcome)
        self.seconds.append(time.monotonic() - begun)
        return outcome

    def count(self, outcome):
        """Return how many checks ended this way."""
        return self.outcomes.count(outcome)

    def row(self):
        """Return its line of the table."""
        counts = (len(self.outcomes), *map(self.count, (TRUE, NAMED, WRONG)))
        figures = " | ".join(f"{count:,}" for count in counts)
        return f"| {self.name} | {figures} | {max(self.seconds):.1f} s |\n"


def render(faults):
    """Return the page with the table."""
    return HEAD + "".join(fault.row() for fault in faults)


HEAD = """\
# Reliability
Checks on a real cluster during a deliberate fault. One Pod keeps its promises; its mutated twin breaks them. A
check must give the true verdict or raise an error that names the fault. It must never pass on the twin, and
never report a broken promise on the sound Pod.

tests/faults writes this table. Related tests are tests/faults/test_sigkill_storm.py (runs that are killed,
and what they leave behind) and tests/cluster/test_parallel.py (concurrent runs that create and delete a
cluster of the same name).

| fault | checks | true verdicts | errors that name the fault | wrong verdicts | longest |
|---|---|---|---|---|---|
"""
