"""What a cluster answers, in whole runs: it steers no terminal, no CI runner, and breaks no XML."""

import xml.etree.ElementTree as ET

import pytest

from tests.support.pytest_runs import WITH_SUPPORT

STEERING = "\\x1b[2Jred\\x07\\n::error file=x::not mine\\n##[error]no\\n\\x00\\ud800\\u202e"
CONFTEST = f"""
import pytest
from tests.support.fake_cluster import APP, POD, fake_cluster, podshare_namespace

HOSTILE = "{STEERING}"
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

HOSTILE = "{STEERING}"

def test_error(podshare):
    raise errors.PodGone(HOSTILE, HOSTILE)

def test_promise(podshare):
    raise errors.PromiseBroken(HOSTILE)
"""


@pytest.fixture
def printed(pytester, monkeypatch):
    """What a run prints whose cluster answers like that, and the XML that it leaves."""
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
def test_neither_failures_nor_what_is_attached_steer_whoever_reads_them(printed, style):
    """In every style of pytest's, and with the log, the events and the status of the Pod below."""
    text, junit = printed(TEST, f"--tb={style}")

    lines = text.split("\n")
    assert "2 failed" in lines[-1] or "2 failed" in lines[-2]
    assert [line for line in lines if not line.isprintable()] == []
    assert [line for line in lines if line.strip().startswith("::error")] == []
    assert "##[" not in text
    assert "\\x1b[2Jred" in text
    cases = {case.get("name") for case in ET.parse(junit).iter("testcase")}
    assert cases == {"test_error", "test_promise"}


def test_the_control_an_error_of_somebody_elses_does_steer(printed):
    """The mutated twin: the same text in an error that is not of ours comes through as it is."""
    theirs = f'HOSTILE = "{STEERING}"\ndef test_theirs():\n    raise LookupError(HOSTILE[:40])\n'

    text, _ = printed(theirs, "--tb=native")

    assert any(line.startswith("::error") for line in text.split("\n"))
