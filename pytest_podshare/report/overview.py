"""The overview of a run: a grid with a row for each Pod template, a column for each promise."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from pytest_podshare.report.grouping import CheckGroup, ManifestGroup, TemplateGroup
from pytest_podshare.report.records import CheckRecord

# what must happen to a Pod before the promise can be checked, in the order of a run
_DISRUPTIONS = ("restart", "drain", "delete")


@dataclasses.dataclass(frozen=True)
class Cell(CheckGroup):
    """The checks of one promise of a template.

    Args:
        records: the checks, the most urgent first; at least one.
    """

    records: tuple[CheckRecord, ...]

    @property
    def matching(self) -> int:
        """Return how many of the checks have the most urgent verdict."""
        return self.counts[self.verdict]

    @property
    def is_checked(self) -> bool:
        """Return whether anything was checked."""
        return any(record.is_checked for record in self.records)


def list_promises(manifests: Iterable[ManifestGroup]) -> list[str]:
    """Return the assertions of a run: first those of a Pod that stays, at last those of the next.

    Each kind is in alphabetical order, so that two runs have the same columns.
    """
    assertions = {record.check.assertion for group in manifests for record in group.records}
    return sorted(assertions, key=lambda assertion: (_disruption(assertion), assertion))


def list_cells(template: TemplateGroup, promises: Iterable[str]) -> list[Cell | None]:
    """Return the cell of each promise; None for a promise that the template was not checked for."""
    cells: list[Cell | None] = []
    for promise in promises:
        found = [record for record in template.records if record.check.assertion == promise]
        cells.append(Cell(tuple(found)) if found else None)
    return cells


def _disruption(assertion: str) -> int:
    """Return 0 for no disruption, else its place among them."""
    found = [place for place, word in enumerate(_DISRUPTIONS, start=1) if word in assertion]
    return max(found, default=0)
