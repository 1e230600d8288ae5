"""What is attached to failures, in whole runs against an API server of the test's own."""

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
    """A function that runs these tests, and gives its result."""
    pytester.makeini(WITH_SUPPORT)
    pytester.makeconftest(CONFTEST)

    def run(content, *args):
        pytester.makepyfile(test_it=content)
        return pytester.runpytest_subprocess("-p", "no:pytest-kind", *args)

    return run


def shown(result, title):
    """The lines under a title of pytest's sections, of the first test that has it."""
    lines = result.outlines
    begin = next(at for at, line in enumerate(lines) if line.strip("-") == f" {title} ")
    rest = lines[begin + 1 :]
    return rest[
        : next(at for at, line in enumerate(rest) if line.startswith(("---", "___", "===")))
    ]


def test_a_failure_shows_what_helps(run):
    """Wiring, logs and YAML, and how to have them in files; no secret is in it."""
    result = run(FAILING)

    result.assert_outcomes(failed=1, errors=1)
    assert shown(result, "podshare web/logs/app.txt") == ["started with (hidden)"]
    assert shown(result, "podshare web/wiring.txt")[0].split() == ["volume", "app"]
    assert "apiVersion: v1" in shown(result, "podshare web/pod.yaml")
    assert shown(result, "podshare") == ["--podshare-artifacts-dir=DIR keeps all of this in files."]
    assert shown(result, "Captured stdout call") == ["said (hidden)"]
    assert "E       AssertionError: assert '(hidden)' == 'open'" in result.outlines
    # not even in the lines of the test itself
    assert "s3same-open" not in result.stdout.str()


def test_a_fixture_that_fails_has_it_as_well(run):
    """A Pod that does not become ready fails in a fixture most often."""
    result = run(FAILING, "-k", "test_error")

    result.assert_outcomes(errors=1)
    assert "E       LookupError: no such thing" in result.outlines
    assert shown(result, "podshare web/logs/app.txt") == ["started with (hidden)"]


def test_nothing_is_attached_where_nothing_failed(run, pytester):
    """Passed, skipped and expected ones; nor to a test that has no Pods."""
    result = run(CONTENT, "-rA", "--podshare-artifacts-dir=artifacts")

    result.assert_outcomes(passed=1, xfailed=1, skipped=1, failed=1)
    assert "web/logs" not in result.stdout.str()
    assert "s3same-open" in result.stdout.str()
    assert shown(result, "Captured stdout call") == ["password=(hidden)"]
    assert not (pytester.path / "artifacts").exists()


@pytest.mark.parametrize("workers", ["0", "2"])
def test_files_and_xml_hold_all_of_it(run, pytester, workers):
    """Also from the workers of pytest-xdist, and wherever a test goes meanwhile."""
    moving = FAILING.replace("    print(", "    __import__('os').chdir('/')\n    print(")

    files = ("--podshare-artifacts-dir=artifacts", "--junitxml=junit.xml")
    result = run(moving, "-n", workers, *files, "--podshare-report=page.html")

    result.assert_outcomes(failed=1, errors=1)
    homes = sorted((pytester.path / "artifacts").iterdir())
    assert [home.name.rpartition("-")[0] for home in homes] == [
        "test_it.py-test_error",
        "test_it.py-test_fails",
    ]
    for home in homes:
        assert sorted(os.listdir(home / "web")) == ["logs", "pod.yaml", "wiring.txt"]
        assert (home / "web" / "logs" / "app.txt").read_text() == "started with (hidden)"
        assert f"All of this is kept in {home}" in result.outlines
    for case in ET.parse(pytester.path / "junit.xml").iter("testcase"):
        properties = {each.get("name"): each.get("value") for each in case.iter("property")}
        assert properties["podshare web/logs/app.txt"] == "started with (hidden)"
        assert "podshare web/pod.yaml" in properties
    assert "no such thing" in (pytester.path / "page.html").read_text()
    written = [path for path in pytester.path.rglob("*") if path.is_file()]
    holding = [path.name for path in written if b"s3same-open" in path.read_bytes()]
    # what the test was made of, and nothing that came of it
    assert [name for name in holding if not name.endswith((".py", ".pyc"))] == []


def test_files_that_cannot_be_written_are_said(run, pytester):
    """The failure stays what it is."""
    (pytester.path / "artifacts").write_text("a file")

    result = run(FAILING, "-k", "test_fails", "--podshare-artifacts-dir=artifacts")

    result.assert_outcomes(failed=1)
    (said,) = shown(result, "podshare")
    assert said.startswith("--podshare-artifacts-dir: nothing could be kept: [Errno ")
    assert "E       AssertionError: assert '(hidden)' == 'open'" in result.outlines
