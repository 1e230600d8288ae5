"""The whole failure that pytest prints for each broken manifest, compared with a golden text.

`PODSHARE_GOLDEN=write` rewrites the golden texts.
"""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cluster.broken import broken_suite
from tests.support import golden_texts

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
FAILING = Path(broken_suite.__file__).relative_to(Path.cwd())
CASES = [name.removeprefix("test_") for name in vars(broken_suite) if name.startswith("test_")]


@pytest.fixture(scope="session")
def failures(request, podshare_cluster, tmp_path_factory):
    """Return the failure of each selected case, from one run of pytest with several workers."""
    items = [item for item in request.session.items if item.path == Path(__file__)]
    cases = [item.callspec.params["case"] for item in items if hasattr(item, "callspec")]
    xml = tmp_path_factory.mktemp("broken") / "junit.xml"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n", "4"]
    # two tests for each worker at first, then one by one, to spread the slow ones
    command += ["--dist=load", "--maxschedchunk=1", f"--junitxml={xml}"]
    cluster = {"PODSHARE_CLUSTER_NAME": podshare_cluster.name, "PODSHARE_KEEP_CLUSTER": "never"}
    run = subprocess.run(
        [*command, *(f"{FAILING}::test_{case}" for case in cases)],
        env={**os.environ, **cluster},
        capture_output=True,
        text=True,
    )
    assert run.returncode == pytest.ExitCode.TESTS_FAILED, run.stdout + run.stderr
    printed = {
        case.get("name").removeprefix("test_"): case.findtext("failure", "")
        for case in ET.parse(xml).iter("testcase")
    }
    return {case: golden_texts.read_marked_lines(text) for case, text in printed.items()}


@pytest.mark.parametrize("case", CASES)
def test_the_failure_is_the_golden_text(failures, case):
    """From its first line to its last."""
    golden_texts.assert_golden(HERE / "golden" / f"{case.replace('_', '-')}.txt", failures[case])
