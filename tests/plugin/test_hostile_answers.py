"""Control characters and CI commands in the responses of a cluster, in whole runs of pytest."""

import xml.etree.ElementTree as ET

import pytest

from tests.support.pytest_runs import WITH_SUPPORT

CONTROLS = "\\x1b[2Jred\\x07\\n::error file=x::not mine\\n##[error]no\\n\\x00\\ud800\\u202e"
CONFTEST = f"""
import pytest
from tests.support.fake_cluster import APP, POD, fake_cluster, podshare_namespace

HOSTILE = "{CONTROLS}"
EVENT = {{
    "metadata": {{}}, "type": HOSTILE, "reason": HOSTILE, "message": HOSTILE,
    "involvedObject": {{"kind": "Pod", "name": "web", "uid": "u", "fieldPath": HOSTILE}},
}}
HOSTILE_POD = {{
    **POD,
    "spec": {{"containers": [{{**APP, "image": HOSTILE}}]}},
    "status": {{"message": HOSTILE, "containerStatuses": [
        {{"name": "app", "lastState": {{"terminated": {{"message": HOSTILE}}}}}},
    ]}},
}}
LOG = "started\\x1b[2Jred\\n::error file=x::not mine\\n"

@pytest.fixture(scope="session")
def podshare_cluster(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cluster")
    with fake_cluster(folder, pod=HOSTILE_POD, events=[EVENT], log=LOG) as cluster:
        yield cluster
"""
TEST = f"""
from pytest_podshare import errors

HOSTILE = "{CONTROLS}"

def test_error(podshare):
    raise errors.PodGone(HOSTILE, HOSTILE)

def test_promise(podshare):
    raise errors.PromiseBroken(HOSTILE)
"""


@pytest.fixture
def run(pytester, monkeypatch):
    """Return a function that runs a test on such a cluster; it returns the output and the XML."""
    monkeypatch.setenv("PYTHONUTF8", "1")
    pytester.makeini(WITH_SUPPORT)
    pytester.makeconftest(CONFTEST)

    def run(test, *arguments):
        pytester.makepyfile(test_it=test)
        options = ["-p", "no:pytest-kind", "-rA", "--junitxml=junit.xml", *arguments]
        result = pytester.runpytest_subprocess(*options)
        return result.stdout.str(), pytester.path / "junit.xml"

    return run


@pytest.mark.parametrize("style", ["auto", "native", "line", "short"])
def test_failures_and_attachments_are_printed_without_control_characters(run, style):
    """In every traceback style, with the log, the events and the status of the Pod."""
    text, junit = run(TEST, f"--tb={style}")

    lines = text.split("\n")
    assert "2 failed" in lines[-1] or "2 failed" in lines[-2]
    assert [line for line in lines if not line.isprintable()] == []
    assert [line for line in lines if line.strip().startswith("::error")] == []
    assert "##[" not in text
    assert "\\x1b[2Jred" in text
    cases = {case.get("name") for case in ET.parse(junit).iter("testcase")}
    assert cases == {"test_error", "test_promise"}


def test_errors_of_other_code_are_printed_as_they_are(run):
    """The control: podshare escapes the same text only in its own errors."""
    test = f'HOSTILE = "{CONTROLS}"\ndef test_other():\n    raise LookupError(HOSTILE[:40])\n'

    text, _ = run(test, "--tb=native")

    assert any(line.startswith("::error") for line in text.split("\n"))
