"""How often the findings of the static check are right, and how often one is missing.

This counts the verdicts on published charts, on the shapes of real manifests, and on reported cases
where they are. With `PODSHARE_GOLDEN=write`, it writes the figures into `docs/rules/`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import corpus, units
from benchmarks.corpus import Corpus
from benchmarks.scale import Scale
from benchmarks.tables import DataTable, Table
from pytest_podshare.check import rules
from pytest_podshare.check.rules import Rule

INDEX = Path("docs/rules/README.md")
_HEADING = "## Precision\n"
_TABLE = re.compile(r"^\|.*\|\n", re.M)
_LINE = "On [the corpus](README.md#precision): "
_COLUMNS = {
    "corpus": units.text,
    "manifests": units.count,
    "errors and warnings": units.count,
    "false": units.count,
    "missed": units.count,
    "precision": units.text,
    "recall": units.text,
}
_RULE_COLUMNS = {"rule": units.text, "charts": units.count, "shapes": units.count}
_RULE_COLUMNS |= {"right": units.count, "false": units.count}


def measure(scale: Scale) -> Iterator[Table]:
    """Count the verdicts; the scale changes nothing."""
    del scale
    corpora = corpus.read_all()
    yield DataTable("Errors and warnings with a verdict", _COLUMNS, list_rows(corpora))
    yield DataTable("Findings by rule", _RULE_COLUMNS, list_rule_rows(corpora))
    for entry in corpora:
        if entry.wrong:
            print(f"wrong among the {entry.name}: {', '.join(entry.wrong)}")
    if os.environ.get("PODSHARE_GOLDEN") == "write":
        write(corpora)


def list_rows(corpora: Sequence[Corpus]) -> list[dict[str, Any]]:
    """Return a row for each corpus."""
    rows = []
    for entry in corpora:
        right, false, missed = (
            len(entry.select(judgement)) for judgement in ("right", "false", "missed")
        )
        row: dict[str, Any] = {"corpus": entry.name, "manifests": entry.count}
        row |= {"errors and warnings": right + false, "false": false}
        row |= {"precision": _share(right, right + false)}
        if entry.is_complete:
            row |= {"missed": missed, "recall": _share(right, right + missed)}
        rows.append(row)
    return rows


def list_rule_rows(corpora: Sequence[Corpus]) -> list[dict[str, Any]]:
    """Return a row for each rule that found something in charts or shapes, infos included."""
    rows = (_count(rule, corpora) for rule in rules.ALL)
    return [row for row in rows if row["right"] or row["false"]]


def _count(rule: Rule, corpora: Sequence[Corpus]) -> dict[str, Any]:
    row: dict[str, Any] = {"rule": rule.id, "charts": 0, "shapes": 0, "right": 0, "false": 0}
    for entry in corpora:
        if entry.name in row:
            for judgement in ("right", "false"):
                count = len(entry.select(judgement, rule.id, infos=True))
                row[entry.name] += count
                row[judgement] += count
    return row


def describe(rule: Rule, corpora: Sequence[Corpus]) -> str:
    """Return the line of a rule's page that says how often it was right."""
    row = _count(rule, corpora)
    total = row["charts"] + row["shapes"]
    if not rule.by_default:
        return f"{_LINE}not counted, since it is off by default."
    if not total:
        return f"{_LINE}no finding."
    places = f"{row['charts']} in charts, {row['shapes']} in shapes"
    return f"{_LINE}{places}; right: {row['right']} of {total}."


def read_section() -> list[str]:
    """Return the rows of the table in the index of the rules."""
    return _TABLE.findall(_split_index()[1])


def write(corpora: Sequence[Corpus]) -> None:
    """Write the figures into the index, and a line into the section of each rule."""
    before, section, after = _split_index()
    rows = "".join(f"{line}\n" for line in DataTable("", _COLUMNS, list_rows(corpora)).lines())
    INDEX.write_text(f"{before}{_TABLE.sub('', section).rstrip()}\n\n{rows}{after}")
    for rule in rules.ALL:
        page = Path(rule.page.partition("#")[0])
        page.write_text(replace_line(page.read_text(), rule, describe(rule, corpora)))


def _split_index() -> tuple[str, str, str]:
    """Return the index before, in and after the section with the figures."""
    before, found, rest = INDEX.read_text().partition(_HEADING)
    assert found, f"{INDEX} has no section Precision"
    section, following, others = rest.partition("\n## ")
    return before + _HEADING, section, following + others


def replace_line(page: str, rule: Rule, line: str) -> str:
    """Return a page on which the section of a rule has this line, below its summary."""
    summary = f"**{rule.severity}** · {rule.summary}"
    start = page.index(f"## `{rule.id}`\n")
    head, rest = page[:start], page[start:]
    first, found, others = rest.partition(f"{summary}\n")
    assert found, f"{rule.page} has no line {summary!r}"
    others = re.sub(rf"\A\n?{re.escape(_LINE)}.*\n", "", others)
    return f"{head}{first}{summary}\n\n{line}\n{others}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""
