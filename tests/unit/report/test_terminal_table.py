"""The table of verdicts in the terminal."""

from pytest_podshare.report import terminal_table
from tests.support.sample_reports import broken, held, many, pod_record, records


def lines(checks, width=80, colour=False):
    """Return the lines of the table."""
    return terminal_table.format_table(checks, width=width, colour=colour)


def test_a_manifest_is_a_heading_and_a_promise_is_a_row():
    """The columns of all manifests are aligned."""
    checks = [
        *records(held(), held("c2→c1", seconds=0.011)),
        *records(
            broken("generator→web", ("site",), 30.2, manifest="manifests/web.yaml"),
            held("", ("site",), 3.06, manifest="manifests/web.yaml", assertion="assert_survives_x"),
        ),
    ]

    assert lines(checks) == [
        "manifests/sharevol.yaml",
        "  file visible  c1→c2          xchange  held                       114 ms",
        "  file visible  c2→c1          xchange  held                        11 ms",
        "manifests/web.yaml",
        "  file visible  generator→web  site     broken: different subPath    30 s",
        "  survives x    all            site     held                        3.1 s",
        "1 broken, 3 held",
    ]


def test_equal_rows_are_merged_with_a_count_and_a_mean_time():
    """A repeated test takes one line."""
    checks = records(held(seconds=0.1), held(seconds=0.3), held("c2→c1"), held(seconds=0.2))

    assert lines(checks) == [
        "manifests/sharevol.yaml",
        "  file visible  c1→c2  xchange  held  3 x 200 ms",
        "  file visible  c2→c1  xchange  held      114 ms",
        "4 held",
    ]


def test_urgent_verdicts_come_first():
    """The order is broken, unknown, held, whatever ran first."""
    checks = [
        *records(held()),
        *records(broken(verdict="unknown", cause="tool missing"), broken(cause="read-only")),
    ]

    verdicts = [line.split()[4].rstrip(":") for line in lines(checks, 100)[1:-1]]
    assert verdicts == ["broken", "unknown", "held"]


def test_an_expected_failure_is_not_broken():
    """A test may expect a refusal; it passes then, and needs no attention."""
    checks = records(broken(), failed=False)

    (row,) = lines(checks, 100)[1:-1]
    assert "expected failure: different subPath" in row
    assert lines(checks)[-1] == "1 expected failure"
    assert "broken" in lines(records(broken(), failed=True))[1]


def test_a_long_run_shows_only_urgent_manifests_in_full():
    """A manifest whose promises all hold takes one line."""
    few = [check for report in many(9) for check in report.checks]
    lots = [check for report in many(300) for check in report.checks]
    bad = list(records(broken(manifest="manifests/web.yaml")))

    assert lines(few)[0] == "manifests/number-0.yaml"
    assert lines(lots + bad)[:2] == [
        "manifests/number-0.yaml  3 held  342 ms",
        "manifests/number-1.yaml  3 held  342 ms",
    ]
    assert "broken: different subPath" in lines(lots + bad)[-2]
    assert len(lines(lots + bad)) == 100 + 2 + 1


def test_the_table_fits_the_terminal_without_losing_text():
    """Long names are wrapped, not truncated."""
    pair = "the-container-that-writes→the-container-that-reads"
    volumes = ("a-volume-of-a-rather-long-name", "and-another-of-the-same-length")
    checks = records(
        broken(pair, volumes), held("", (), assertion="assert_survives_sandbox_restart")
    )

    for width in (60, 80):
        table = lines(checks, width)
        text = "".join("".join(table).split())

        assert max(map(len, table)) <= width
        assert "the-container-that-writes→" in lines(checks, 120)[1]
        assert all(letter in text for letter in ("subPath", "broken:"))
    assert max(map(len, lines(checks, 200))) > 80


def test_without_colours_the_table_is_plain_text():
    """Escape sequences are only for terminals with colours."""
    plain, coloured = lines(records(broken())), lines(records(broken()), colour=True)

    assert not any("\x1b" in line for line in plain)
    assert any("\x1b[1;31m" in line for line in coloured)


def test_names_from_a_manifest_cannot_control_the_terminal():
    """Rich's markup and escape sequences in names are plain text."""
    checks = records(broken("[red]a", ("\x1b[2Jb",), manifest="\x1b]0;title\x07[bold]m.yaml"))

    text = "\n".join(lines(checks))
    assert "\x1b" not in text
    assert "[bold]m.yaml" in text
    assert "[red]a" in text


def test_the_heading_says_if_the_applications_did_not_run():
    """A stand-in proves nothing about the application."""
    skeleton = records(held(), pod=pod_record(stand_in="busybox"))

    assert lines(skeleton)[0] == "manifests/sharevol.yaml  (the applications did not run)"
    assert lines(records(held()))[0] == "manifests/sharevol.yaml"


def test_durations_have_up_to_three_digits():
    """The unit depends on the size."""
    times = [0.0004, 0.0075, 0.114, 0.9994, 2.44, 74.6]

    assert [terminal_table.format_duration(time) for time in times] == [
        "0.4 ms",
        "7.5 ms",
        "114 ms",
        "999 ms",
        "2.4 s",
        "75 s",
    ]
