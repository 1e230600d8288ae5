"""The text of a check, taken apart."""

from pytest_podshare.report import reading
from pytest_podshare.report.reading import Line, Reading
from tests.support.sample_reports import EVIDENCE, FAILURE


def test_evidence_is_a_claim_a_method_and_steps_with_times():
    """As Evidence writes itself."""
    read = reading.evidence(EVIDENCE)

    assert read.headline == "c2 sees what c1 wrote to xchange"
    assert read.method == "sh in each container over one exec session"
    assert read.lines[1] == Line(
        "c2 saw   /tmp/data/podshare-34f65f6c219d1c6c  64 bytes  sha256 6584c2be…", seconds="1.7 ms"
    )


def test_a_failure_is_a_headline_and_facts_under_their_names():
    """As every failure is shaped."""
    read = reading.failure(FAILURE)

    assert read.headline == "'debian' does not see what 'app' wrote in volume 'shared-data'"
    assert [line.name for line in read.lines] == [
        "expected",
        "got",
        "mounts",
        "why",
        "to do",
        "pod",
    ]
    assert read.lines[1].said.endswith("missing  (for 30 s)")


def test_no_word_of_another_text_is_lost():
    """Errors of other shapes, and nothing at all."""
    text = "There is no cat in exporter.\nUse an image that has one.\n  exporter: last words"

    assert reading.failure(text) == Reading(
        "There is no cat in exporter.",
        "",
        (Line("Use an image that has one."), Line("exporter: last words")),
    )
    assert reading.evidence("claim\n  c1 restarted (node): a → b  0.9 s") == Reading(
        "claim", "", (Line("c1 restarted (node): a → b", seconds="0.9 s"),)
    )
    assert reading.evidence("") == reading.failure("") == Reading("", "", ())
