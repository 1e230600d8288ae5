"""The file of flaky tests, to which every run adds its own."""

import dataclasses
import json
import time

import pytest


@dataclasses.dataclass(frozen=True)
class FlakyTest:
    """A test that failed, then passed when run alone.

    Args:
        name: its node id, without the number of a repetition.
        nodeid: its node id.
        when: when it passed.
        seconds: how long it ran alone.
        failure: the text of its failure.
    """

    name: str
    nodeid: str
    when: str
    seconds: float
    failure: str


def now():
    """Return this moment, as the file has it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class FlakyFile:
    """A JSON list of flaky tests.

    Args:
        path: where it is, or will be; None to keep no file.

    Raises:
        UsageError: the file holds something else.
    """

    def __init__(self, path):
        self.path = path
        try:
            known = json.loads(path.read_text(encoding="utf-8")) if path and path.exists() else []
            self.known = [FlakyTest(**test) for test in known]
        except (ValueError, TypeError) as error:
            raise pytest.UsageError(
                f"{path} is not a file of flaky tests: {error}\n"
                "Delete it, or name another one with --flaky-file."
            ) from None

    def add(self, tests):
        """Write the file with these tests added; an empty list leaves it as it is."""
        if self.path and tests:
            entries = [dataclasses.asdict(test) for test in [*self.known, *tests]]
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.write_text(json.dumps(entries, indent=2) + "\n", encoding="utf-8")
