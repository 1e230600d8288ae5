"""The verdicts of checks, and the table of all faults in docs/reliability.md."""

import dataclasses
import time

from pytest_podshare import errors
from tests.support.reliability_page import table, write_section

TRUE, NAMED, WRONG = "true verdict", "error that names the fault", "wrong verdict"
PLURALS = ("true verdicts", "errors that name the fault", "wrong verdicts")


@dataclasses.dataclass
class Fault:
    """A fault, and the verdicts of checks during it.

    Args:
        name: its name in the table.
        named_by: the errors that name it.
        causes: the causes of a broken promise that name it, if the fault itself breaks promises.
        within: the seconds that a check may take.

    Attributes:
        outcomes: the outcome of each check.
        seconds: the duration of each check.
        messages: the messages of the errors that name the fault.
    """

    name: str
    named_by: tuple[type[errors.PodshareError], ...]
    causes: tuple[str, ...] = ()
    within: float = 60.0
    outcomes: list[str] = dataclasses.field(default_factory=list)
    seconds: list[float] = dataclasses.field(default_factory=list)
    messages: list[str] = dataclasses.field(default_factory=list)

    def check(self, run, *, holds, denied_by=errors.PromiseBroken):
        """Run a check, record its outcome, and return it.

        Args:
            run: runs the check.
            holds: whether the check should hold.
            denied_by: the error that a check raises if it does not hold.

        Raises:
            Exception: the check raised neither that error nor one that names the fault.
        """
        start = time.monotonic()
        try:
            run()
        except denied_by as error:
            outcome = WRONG if holds else TRUE
            if getattr(error, "cause", "") in self.causes:
                outcome = NAMED
        except self.named_by as error:
            outcome = NAMED
            self.messages.append(f"{type(error).__name__}: {error}")
        else:
            outcome = TRUE if holds else WRONG
        self.outcomes.append(outcome)
        self.seconds.append(time.monotonic() - start)
        return outcome

    def count(self, outcome):
        """Return how many checks have this outcome."""
        return self.outcomes.count(outcome)

    @property
    def cells(self):
        """Return the fault's row of the table."""
        counts = (len(self.outcomes), *map(self.count, (TRUE, NAMED, WRONG)))
        return [self.name, *counts, f"{max(self.seconds):.1f} s"]


def write_table(faults):
    """Write the section about faults in docs/reliability.md."""
    columns = ["fault", "checks", *PLURALS, "longest"]
    write_section("Faults", TEXT + table(columns, [fault.cells for fault in faults]))


TEXT = """
One Pod keeps its promises; its mutated twin breaks them. During a deliberate fault, a check must
give the true verdict or raise an error that names the fault. It must never pass on the twin, and
never report a broken promise on the sound Pod.

tests/faults writes this table. Two other faults have separate tests: killed runs, whose leftovers
are removed (tests/faults/test_sigkill_storm.py), and concurrent runs that create and delete a
cluster of the same name (tests/cluster/test_parallel.py).

"""
