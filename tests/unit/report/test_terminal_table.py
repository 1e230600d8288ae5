"""The verdicts of a run, as the terminal shows them."""

from pytest_podshare.report import terminal_table
from tests.support.sample_reports import broken, held, many, pod, shown


def lines(checks, width=80, colour=False):
    """The table as lines."""
    return terminal_table.lines(checks, width=width, colour=colour)


def test_each_manifest_is_a_heading_and_each_promise_a_row():
    """Promise, containers, volume, verdict and time, in columns that are one below the other."""
    checks = [
        *shown(held(), held("c2→c1", seconds=0.011)),
        *shown(
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


def test_equal_rows_are_one_with_a_count_and_their_average_time():
    """So that a test that is repeated takes one line."""
    checks = shown(held(seconds=0.1), held(seconds=0.3), held("c2→c1"), held(seconds=0.2))

    assert lines(checks) == [
        "manifests/sharevol.yaml",
        "  file visible  c1→c2  xchange  held  3 x 200 ms",
        "  file visible  c2→c1  xchange  held      114 ms",
        "4 held",
    ]


def test_what_needs_a_person_stands_first():
    """Broken before unknown before what held, whatever came first."""
    checks = [
        *shown(held()),
        *shown(broken(verdict="unknown", cause="tool missing"), broken(cause="read-only")),
    ]

    verdicts = [line.split()[4].rstrip(":") for line in lines(checks, 100)[1:-1]]
    assert verdicts == ["broken", "unknown", "held"]


def test_a_failure_that_its_test_expects_is_no_broken_promise():
    """A test may hold that something is refused; then it passes, and nobody has to look."""
    checks = shown(broken(), failed=False)

    (row,) = lines(checks, 100)[1:-1]
    assert "expected failure: different subPath" in row
    assert lines(checks)[-1] == "1 expected failure"
    assert "broken" in lines(shown(broken(), failed=True))[1]


def test_of_a_long_run_only_what_needs_a_person_is_shown_in_full():
    """A manifest that keeps all its promises is a line."""
    few = [check for each in many(9) for check in each.checks]
    lots = [check for each in many(300) for check in each.checks]
    bad = list(shown(broken(manifest="manifests/web.yaml")))

    assert lines(few)[0] == "manifests/number-0.yaml"
    assert lines(lots + bad)[:2] == [
        "manifests/number-0.yaml  3 held  342 ms",
        "manifests/number-1.yaml  3 held  342 ms",
    ]
    assert "broken: different subPath" in lines(lots + bad)[-2]
    assert len(lines(lots + bad)) == 100 + 2 + 1


def test_it_fits_the_terminal_and_loses_no_word():
    """Long names are folded, never cut."""
    pair = "the-container-that-writes→the-container-that-reads"
    volumes = ("a-volume-of-a-rather-long-name", "and-another-of-the-same-length")
    checks = shown(broken(pair, volumes), held("", (), assertion="assert_survives_sandbox_restart"))

    for width in (60, 80):
        shown_lines = lines(checks, width)
        text = "".join("".join(shown_lines).split())

        assert max(map(len, shown_lines)) <= width
        assert "the-container-that-writes→" in lines(checks, 120)[1]
        assert all(letter in text for letter in ("subPath", "broken:"))
    assert max(map(len, lines(checks, 200))) > 80


def test_without_colours_it_is_plain_text():
    """The same words, with nothing that only a terminal understands."""
    plain, coloured = lines(shown(broken())), lines(shown(broken()), colour=True)

    assert not any("\x1b" in line for line in plain)
    assert any("\x1b[1;31m" in line for line in coloured)


def test_what_a_manifest_holds_cannot_steer_the_terminal():
    """Names come from elsewhere; rich's markup and escape sequences in them are text."""
    checks = shown(broken("[red]a", ("\x1b[2Jb",), manifest="\x1b]0;title\x07[bold]m.yaml"))

    text = "\n".join(lines(checks))
    assert "\x1b" not in text
    assert "[bold]m.yaml" in text
    assert "[red]a" in text


def test_where_the_applications_did_not_run_the_heading_says_so():
    """A promise that a stand-in kept says nothing of the application."""
    apart = shown(held(), on=pod(stand_in="busybox"))

    assert lines(apart)[0] == "manifests/sharevol.yaml  (the applications did not run)"
    assert lines(shown(held()))[0] == "manifests/sharevol.yaml"


def test_times_are_given_to_what_matters_of_them():
    """Two or three digits, whatever the size."""
    times = [0.0004, 0.0075, 0.114, 0.9994, 2.44, 74.6]

    assert [terminal_table.duration(each) for each in times] == [
        "0.4 ms",
        "7.5 ms",
        "114 ms",
        "999 ms",
        "2.4 s",
        "75 s",
    ]
