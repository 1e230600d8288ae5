"""The table, the notes and the page of runs that reach no cluster."""

import pytest


@pytest.fixture
def page(pytester, monkeypatch):
    """A pytest run with no kind to be found, and the page that it writes, if it does."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    monkeypatch.setenv("PATH", "/nowhere")
    file = pytester.path / "out" / "report.html"

    def run(*args):
        result = pytester.runpytest_subprocess(
            "-p", "no:pytest-kind", f"--podshare-report={file}", *args
        )
        return result, file.read_text() if file.exists() else None

    return run


def test_a_run_that_checks_nothing_has_a_page_and_no_table(pytester, page):
    """Whoever keeps the page finds one, which claims nothing."""
    pytester.makepyfile("def test_other(): pass")

    result, text = page()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["podshare: report in *out/report.html"])
    assert "<h1>No promise was checked</h1>" in text
    assert "held" not in result.stdout.str()


def test_collecting_writes_no_page(pytester, page):
    """The page of the run before stays what it is."""
    pytester.makepyfile("def test_it(podshare): pass")

    result, text = page("--collect-only")

    assert result.ret == 0
    assert text is None


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_what_fails_without_a_check_is_on_the_page(pytester, page, workers):
    """With no cluster there is no table, and a page that is not green; also from workers."""
    if workers:
        pytest.importorskip("xdist")
    pytester.makepyfile(
        """
        def test_one(podshare): pass
        def test_two(podshare): pass
        def test_other(): assert 1 == 2
        """
    )

    result, text = page(*workers)

    result.assert_outcomes(errors=2, failed=1)
    assert "<h1>2 tests failed</h1>" in text
    assert text.count("The kind program was not found on PATH.") == 1
    assert all(f"{name}</li>" in text for name in ("test_one", "test_two"))
    assert "test_other" not in text


def test_a_page_that_cannot_be_written_fails_no_run(pytester, page):
    """A line says so."""
    pytester.makepyfile("def test_other(): pass")
    (pytester.path / "out").write_text("in the way\n")

    result, _ = page()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["podshare: no report: *out/report.html cannot be written: *"])
