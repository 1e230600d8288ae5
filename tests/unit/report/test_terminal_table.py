"""The table of verdicts in the terminal."""

from pytest_podshare.report import terminal_table
from tests.support.sample_reports import broken, held, many, pod_record, records, unchecked


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
        "manifests/number-0.yaml   3 held  342 ms",
        "manifests/number-1.yaml   3 held  342 ms",
    ]
    assert lines(lots + bad)[-4:] == [
        "manifests/web.yaml        1 broken  30 s",
        "  Pod/sharevol            1 broken  30 s",
        "    file visible  app→debian  shared-data  broken: different subPath  30 s",
        "1 broken, 300 held",
    ]
    assert len(lines(lots + bad)) == 100 + 3 + 1
    assert len(terminal_table.format_table(lots, width=80, colour=False, in_full=True)) == 201


def test_a_line_of_a_long_run_fits_the_terminal():
    """The counts and the time are not broken; a long path is."""
    path = f"charts/{'a-long-name-' * 8}chart.yaml"
    lots = [held(volumes=(f"volume-{number}",), manifest=path) for number in range(50)]

    for width in (60, 80, 160):
        table = lines(records(*lots), width)
        assert max(map(len, table)) <= width
        assert table[0].endswith("  50 held  5.7 s")
        assert "".join(line.partition("  ")[0] for line in table[:-1]) == path


WEB = [pod_record("web.yaml", template=f"Deployment/{name}") for name in ("api", "web")]


def test_the_templates_of_one_manifest_have_headings():
    """A manifest with one template needs none."""
    checks = [*records(held(), pod=WEB[0]), *records(held("c2→c1"), held(), pod=WEB[1])]

    assert lines(checks) == [
        "web.yaml",
        "  Deployment/api",
        "    file visible  c1→c2  xchange  held  114 ms",
        "  Deployment/web",
        "    file visible  c2→c1  xchange  held  114 ms",
        "    file visible  c1→c2  xchange  held  114 ms",
        "3 held",
    ]


def test_a_manifest_with_a_failure_in_a_long_run_has_a_line_for_each_template():
    """What holds is counted, what is broken is a row."""
    lots = [held(volumes=(f"volume-{number}",)) for number in range(50)]
    checks = [*records(*lots, pod=WEB[0]), *records(held(), broken(), pod=WEB[1])]

    assert lines(checks) == [
        "web.yaml          2 templates: 1 broken, 51 held  36 s",
        "  Deployment/api  50 held  5.7 s",
        "  Deployment/web  1 broken, 1 held  30 s",
        "    file visible  app→debian  shared-data  broken: different subPath  30 s",
        "1 broken, 51 held",
    ]


def test_a_reason_is_shown_once():
    """Why promises were skipped is said of all manifests, why they failed of each template."""
    job = pod_record("job.yaml", template="Job/once")
    others = [pod_record(f"{name}.yaml", template="Job/once") for name in "abcd"]
    reports = [
        *(unchecked(job, pair, "no Pod", failed=True) for pair in ("c1→c2", "c2→c1")),
        *(unchecked(one, "c1→c2", "it has ended") for one in (job, job, *others)),
        unchecked(job, "c1→c2", "no node"),
    ]

    assert lines([record for one in reports for record in one.checks]) == [
        "job.yaml",
        "  2 not checked: no Pod",
        "a.yaml",
        "b.yaml",
        "c.yaml",
        "d.yaml",
        "6 skipped: it has ended (job.yaml, a.yaml, b.yaml and 2 more)",
        "1 skipped: no node (job.yaml)",
        "2 unknown, 7 skipped",
    ]


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
