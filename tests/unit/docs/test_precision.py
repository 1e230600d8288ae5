"""The figures in the documents on how often the rules are right."""

import dataclasses
from pathlib import Path

import pytest
import yaml

from benchmarks import corpus, precision
from benchmarks.corpus import CASE_VERDICTS, CASES, Corpus, Verdict
from benchmarks.tables import DataTable
from pytest_podshare.check import rules

CORPORA = corpus.read_all()
COMMAND = "run `PODSHARE_GOLDEN=write ./dev bench precision`"
CASE_NAMES = yaml.safe_load(CASE_VERDICTS.read_text())

needs_cases = pytest.mark.skipif(not CASES.exists(), reason=f"there are no cases ({CASES})")


def cells(row):
    """Return the cells of a row in Markdown."""
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def test_the_index_of_the_rules_has_the_figures():
    """Where there are no cases, their row cannot be compared."""
    expected = DataTable("", precision._COLUMNS, precision.list_rows(CORPORA)).lines()
    written = [cells(row) for row in precision.read_section()]

    assert written[: len(expected)][2:] == [cells(row) for row in expected[2:]], COMMAND


@pytest.mark.parametrize("rule", rules.ALL, ids=lambda rule: rule.id)
def test_the_page_of_a_rule_has_its_figures(rule):
    """They stand below its summary."""
    text = Path(rule.page.partition("#")[0]).read_text()

    assert precision.replace_line(text, rule, precision.describe(rule, CORPORA)) == text, COMMAND


@pytest.mark.parametrize("entry", CORPORA, ids=lambda entry: entry.name)
def test_at_most_two_percent_of_errors_and_warnings_are_false(entry):
    """In each corpus."""
    false, right = len(entry.select("false")), len(entry.select("right"))

    assert right > 5
    assert false <= 0.02 * (false + right)


def test_no_shape_has_a_false_or_a_missing_finding():
    """Infos included."""
    (shapes,) = (entry for entry in CORPORA if entry.name == "shapes")

    assert shapes.wrong == []
    assert shapes.count > 100


@needs_cases
def test_every_reported_case_is_right():
    """Each of them has a verdict."""
    (cases,) = (entry for entry in CORPORA if entry.name == "reported cases")

    assert cases.wrong == []
    assert sorted(CASE_NAMES) == sorted(path.stem for path in CASES.glob("*.yaml"))


@needs_cases
def test_there_are_as_many_charts_as_the_figures_say():
    """The verdicts only name those with findings."""
    assert len(list(CASES.with_name("charts").glob("*.yaml"))) == corpus.CHARTS


def test_a_false_and_a_missing_finding_change_the_figures():
    """Infos do not count, except for the manifests that are wrong."""
    verdicts = [Verdict(f"m{n}", "no-writer", "warning", "right") for n in range(3)]
    false = Verdict("m3", "no-writer", "warning", "false")
    missed = Verdict("m4", "no-writer", "warning", "missed")
    info = Verdict("m5", "no-writer", "info", "false")
    good = Corpus("shapes", 9, tuple(verdicts))
    bad = Corpus("shapes", 9, (*verdicts, false, missed, info))

    (row,), (worse,) = precision.list_rows([good]), precision.list_rows([bad])
    assert (row["precision"], row["recall"], good.wrong) == ("100.0 %", "100.0 %", [])
    assert (worse["precision"], worse["recall"]) == ("75.0 %", "75.0 %")
    assert bad.wrong == ["m3", "m4", "m5"]
    line = precision.describe(rules.BY_ID["no-writer"], [bad])
    assert line.endswith("0 in charts, 5 in shapes; right: 3 of 5.")


@pytest.mark.parametrize(
    ("text", "judgements"),
    [
        ("# finds: mount-without-volume", {"right"}),
        ("# finds: nothing", {"false"}),
        ("# finds: mount-without-volume (info)", {"false", "missed"}),
        ("# finds: mount-without-volume, no-writer", {"right", "missed"}),
    ],
)
def test_a_shape_is_judged_by_its_first_line(tmp_path, monkeypatch, text, judgements):
    """The rule and the severity count."""
    pod = "kind: Pod\napiVersion: v1\nmetadata: {name: p}\nspec:\n  containers:\n"
    mount = "  - {name: c, volumeMounts: [{name: gone, mountPath: /gone}]}\n"
    (tmp_path / "shape.yaml").write_text(f"{text}\n{pod}{mount}")
    monkeypatch.setattr(corpus, "SHAPES", tmp_path)

    shapes = next(entry for entry in corpus.read_all() if entry.name == "shapes")
    assert {verdict.judgement for verdict in shapes.verdicts} == judgements


def test_a_line_replaces_the_one_before():
    """The other sections of the page stay as they are."""
    rule = dataclasses.replace(rules.BY_ID["no-writer"])
    other = "## `other`\n**error** · Other.\n\nText.\n\n"
    page = f"{other}## `no-writer`\n**{rule.severity}** · {rule.summary}\n\nText.\n"
    old, new = (f"{precision._LINE}{text}" for text in ("old.", "new."))

    first = precision.replace_line(page, rule, old)
    assert first.startswith(other)
    assert first.endswith(f"{rule.summary}\n\n{old}\n\nText.\n")
    assert precision.replace_line(first, rule, new) == first.replace(old, new)
