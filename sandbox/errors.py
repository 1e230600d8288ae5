"""Errors that a user can meet: one line for the problem, one line for the remedy."""

from __future__ import annotations

from collections.abc import Sequence


class SandboxError(Exception):
    """A problem that the user has to fix.

    Args:
        what: the problem, in one line.
        remedy: what to do, in one line.
        lines: output that shows the problem.
    """

    def __init__(self, what: str, remedy: str, *, lines: Sequence[str] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.lines = tuple(lines)

    def text(self) -> str:
        """Return the message as it is printed."""
        return "\n".join(
            [f"dev: {self.what}", *(f"  | {line}" for line in self.lines), f"  -> {self.remedy}"]
        )


class StepError(SandboxError):
    """A build step failed."""


class StepCancelled(Exception):
    """A build step was ended by Ctrl-C or because a step in the other lane failed."""


class TerminationSignal(BaseException):
    """SIGTERM or SIGHUP; unwinds the stack like KeyboardInterrupt, so that cleanup runs."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum
