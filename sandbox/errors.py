"""What can go wrong, each in one line, with the line that says what to do about it."""

from __future__ import annotations

from collections.abc import Sequence


class SandboxError(Exception):
    """Something a person has to mend: what is wrong, what to do, and lines that show it."""

    def __init__(self, what: str, remedy: str, *, shown: Sequence[str] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.remedy = remedy
        self.shown = tuple(shown)

    def text(self) -> str:
        """The message as it is printed."""
        return "\n".join(
            [f"dev: {self.what}", *(f"  | {line}" for line in self.shown), f"  -> {self.remedy}"]
        )


class StepError(SandboxError):
    """A step of the plan ended with an error."""


class StoppedError(Exception):
    """A step was ended from outside: by Ctrl-C, or because a step in the other lane failed."""


class Terminated(BaseException):
    """SIGTERM or SIGHUP arrived; unwinds like KeyboardInterrupt does, so everything is cleaned."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum
