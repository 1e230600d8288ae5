"""Attachments of failed tests, in whole runs against an API server of the test's own."""

import itertools
import os
import xml.etree.ElementTree as ET

import pytest

from tests.support.pytest_runs import WITH_SUPPORT

CONFTEST = "from tests.support.fake_cluster import podshare_cluster, podshare_namespace"
FAILING = """
import pytest

def test_fails(podshare):
    print("said s3same-open")
    seen = "s3same-open"
    assert seen == "open"

@pytest.fixture
def broken(podshare):
    raise LookupError("no such thing")

def test_error(broken):
    pass
"""
CONTENT = """
import pytest

def test_passes(podshare):
    print("password=open-sesame")

@pytest.mark.xfail(strict=True)
def test_expected(podshare):
    assert False

def test_skipped(podshare):
    pytest.skip("not now")

def test_other():
    assert "s3same-open" == "open"
"""


@pytest.fixture
def run(pytester):
    """Return a function that runs these tests and returns the result."""
    pytester.makeini(WITH_SUPPORT)
    pytester.makeconftest(CONFTEST)

    def run(content, *args):
        pytester.makepyfile(test_it=content)
        return pytester.runpytest_subprocess("-p", "no:pytest-kind", *args)

    return run


def section(result, title):
    """Return the lines of the first section with that title."""
    lines = itertools.dropwhile(lambda line: line.strip("-") != f" {title} ", result.outlines)
    next(lines)
    return list(itertools.takewhile(lambda line: not line.startswith(("---", "___", "===")), lines))


def test_a_failure_shows_the_attachments(run):
    """They are wiring, logs and YAML without secrets, and the option to save them."""
    result = run(FAILING)

    result.assert_outcomes(failed=1, errors=1)
    assert section(result, "podshare web/logs/app.txt") == ["started with (hidden)"]
    assert section(result, "podshare web/wiring.txt")[0].split() == ["volume", "app"]
    assert "apiVersion: v1" in section(result, "podshare web/pod.yaml")
    assert section(result, "podshare") == [
        "Set --podshare-artifacts-dir=DIR to save all attachments as files."
    ]
    assert section(result, "Captured stdout call") == ["said (hidden)"]
    assert "E       AssertionError: assert '(hidden)' == 'open'" in result.outlines
    # not even in the source lines of the test
    assert "s3same-open" not in result.stdout.str()


def test_a_failing_fixture_shows_the_attachments(run):
    """Pods that do not become ready usually fail in a fixture."""
    result = run(FAILING, "-k", "test_error")

    result.assert_outcomes(errors=1)
    assert "E       LookupError: no such thing" in result.outlines
    assert section(result, "podshare web/logs/app.txt") == ["started with (hidden)"]


def test_nothing_is_attached_without_a_failure(run, pytester):
    """The same holds for a failing test without Pods."""
    result = run(CONTENT, "-rA", "--podshare-artifacts-dir=artifacts")

    result.assert_outcomes(passed=1, xfailed=1, skipped=1, failed=1)
    assert "web/logs" not in result.stdout.str()
    assert "s3same-open" in result.stdout.str()
    assert section(result, "Captured stdout call") == ["password=(hidden)"]
    assert not (pytester.path / "artifacts").exists()


@pytest.mark.parametrize("workers", ["0", "2"])
def test_files_and_junit_xml_contain_the_attachments(run, pytester, workers):
    """A test may run in a worker of pytest-xdist, and may change its working directory."""
    moving = FAILING.replace("    print(", "    __import__('os').chdir('/')\n    print(")

    files = ("--podshare-artifacts-dir=artifacts", "--junitxml=junit.xml")
    result = run(moving, "-n", workers, *files, "--podshare-report=page.html")

    result.assert_outcomes(failed=1, errors=1)
    folders = sorted((pytester.path / "artifacts").iterdir())
    assert [folder.name.rpartition("-")[0] for folder in folders] == [
        "test_it.py-test_error",
        "test_it.py-test_fails",
    ]
    for folder in folders:
        assert sorted(os.listdir(folder / "web")) == ["logs", "pod.yaml", "wiring.txt"]
        assert (folder / "web" / "logs" / "app.txt").read_text() == "started with (hidden)"
        assert f"All attachments are in {folder}" in result.outlines
    for case in ET.parse(pytester.path / "junit.xml").iter("testcase"):
        properties = {item.get("name"): item.get("value") for item in case.iter("property")}
        assert properties["podshare web/logs/app.txt"] == "started with (hidden)"
        assert "podshare web/pod.yaml" in properties
    assert "no such thing" in (pytester.path / "page.html").read_text()
    written = [path for path in pytester.path.rglob("*") if path.is_file()]
    holding = [path.name for path in written if b"s3same-open" in path.read_bytes()]
    # only the test itself and its bytecode contain the secret
    assert [name for name in holding if not name.endswith((".py", ".pyc"))] == []


def test_files_that_cannot_be_written_are_reported(run, pytester):
    """The failure stays the same."""
    (pytester.path / "artifacts").write_text("a file")

    result = run(FAILING, "-k", "test_fails", "--podshare-artifacts-dir=artifacts")

    result.assert_outcomes(failed=1)
    (line,) = section(result, "podshare")
    assert line.startswith("--podshare-artifacts-dir: cannot write the attachments: [Errno ")
    assert "E       AssertionError: assert '(hidden)' == 'open'" in result.outlines
