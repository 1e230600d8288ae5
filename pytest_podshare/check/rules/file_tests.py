"""Tests of files in a script that keep it from writing to a read-only mount."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from pytest_podshare.check.rules.program_calls import Call
from pytest_podshare.wiring.folders import is_within

_PROGRAMS = ("test", "[", "[[")
_EXISTS = ("-e", "-f", "-s", "-r", "-L", "-h")


@dataclasses.dataclass(frozen=True)
class FileTest:
    """A test after which a script writes to a file only if that may work.

    Args:
        path: the file or folder.
        is_writable: whether it is tested for being writable, rather than for being absent.
    """

    path: str
    is_writable: bool

    def prevents(self, path: str) -> bool:
        """Return whether a script probably does not write to a path that is read-only."""
        return path == self.path or (self.is_writable and is_within(path, self.path))


def read_tests(call: Call) -> Iterator[FileTest]:
    """Yield the tests in a call of `test`: for a writable file, or for one that is absent.

    A file that is only written if it is absent is usually in the volume: `[ -f x ] || cp y x`.
    """
    if call.words[:1] and call.words[0] in _PROGRAMS:
        is_negated = "!" in call.words or call.operator == "||"
        for option, operand in zip(call.words, call.words[1:], strict=False):
            path = call.locate(operand)
            if path and (option == "-w" or (option in _EXISTS and is_negated)):
                yield FileTest(path, option == "-w")
