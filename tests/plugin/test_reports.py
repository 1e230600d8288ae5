"""Reports of runs without a cluster."""

import re

import pytest


@pytest.fixture
def page(pytester, monkeypatch):
    """Return a function that runs pytest without kind, and returns the result and the page."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "cache"))
    monkeypatch.setenv("PATH", "/nowhere")
    file = pytester.path / "out" / "report.html"

    def run(*args):
        result = pytester.runpytest_subprocess(
            "-p", "no:pytest-kind", f"--podshare-report={file}", *args
        )
        return result, file.read_text() if file.exists() else None

    return run


def test_a_run_without_checks_has_a_page_and_no_table(pytester, page):
    """The page claims nothing."""
    pytester.makepyfile("def test_other(): pass")

    result, text = page()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["podshare: report written to *out/report.html"])
    assert "<h1>No promises were checked</h1>" in text
    assert "held" not in result.stdout.str()


def test_collecting_writes_no_page(pytester, page):
    """The page of an earlier run stays."""
    pytester.makepyfile("def test_it(podshare): pass")

    result, text = page("--collect-only")

    assert result.ret == 0
    assert text is None


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_failures_outside_of_checks_are_on_the_page(pytester, page, workers):
    """Without a cluster there is no table, and the page is not green."""
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


MANIFEST = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: backup}
spec:
  schedule: "@daily"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
          - {name: c1, image: busybox, volumeMounts: [{name: xchange, mountPath: /a}]}
          - {name: c2, image: busybox, volumeMounts: [{name: xchange, mountPath: /b}]}
          volumes:
          - {name: xchange, emptyDir: {}}
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
@pytest.mark.parametrize("verdict", ["skipped", "unknown"])
def test_promises_that_were_not_checked_are_reported(pytester, page, verdict, workers):
    """Without a cluster, each is skipped or fails; the reason is said once, at the template."""
    if workers:
        pytest.importorskip("xdist")
    (pytester.path / "backup.yaml").write_text(MANIFEST)
    required = ["--podshare-require-cluster"] if verdict == "unknown" else []

    result, text = page("--podshare-manifests=backup.yaml", *required, *workers)

    (counts,) = (line for line in result.outlines if re.fullmatch(rf"\d+ {verdict}", line))
    number = int(counts.split()[0])
    assert number == 3
    reasons = [line for line in result.outlines if "kind" in line and str(number) in line]
    assert any(line.lstrip().startswith(f"{number} ") for line in reasons)
    headline = {
        "skipped": f"All {number} promises were skipped",
        "unknown": f"{number} of {number} promises could not be checked",
    }
    assert f"<h1>{headline[verdict]}</h1>" in text
    assert f'<details class="check {verdict}" open>' in text
    assert f"{number} not checked" in text
    assert "CronJob/</span>backup" in text
    assert "Other test failures" not in text


def test_a_page_that_cannot_be_written_does_not_fail_the_run(pytester, page):
    """A line in the terminal has the reason."""
    pytester.makepyfile("def test_other(): pass")
    (pytester.path / "out").write_text("in the way\n")

    result, _ = page()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["podshare: cannot write the report to *out/report.html: *"])
