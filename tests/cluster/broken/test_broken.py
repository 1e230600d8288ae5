"""The whole failure that pytest prints for each broken manifest, compared with a golden text.

`PODSHARE_GOLDEN=write` rewrites the golden texts.
"""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cluster.broken import broken_suite

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
FAILING = Path(broken_suite.__file__).relative_to(Path.cwd())
CASES = [name.removeprefix("test_") for name in vars(broken_suite) if name.startswith("test_")]

# what differs from run to run, and what replaces it
REPLACEMENTS = {
    r"podshare-[0-9a-f]{8}-[0-9a-f]{4}\b": "NAMESPACE",
    r"podshare-[0-9a-f]{16}\b": "NONCE",
    r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b": "UID",
    r"(?<=Pod )[0-9a-f]{8}\b": "UID",
    r"\b(?=\w*\d)[0-9a-f]{12,64}\b": "ID",
    r"(?<=sha256 )[0-9a-f]{8}": "DIGEST",
    r"\b\d{4}-\d\d-\d\dT[\d:]+Z": "TIME",
    r"\b[\w.-]+-(control-plane|worker\d*)\b": "NODE",
    r"(?<=replaced-)[0-9a-z]{5,10}-[0-9a-z]{5}\b": "POD",
    r"(?<= is )(ext4|xfs|btrfs|overlay)(?= \()": "FS",
    r"\b\d+(\.\d+)? ms\b": "N ms",
    r"\b\d+\.\d+ s\b": "N s",
    # a crashing container may have restarted again
    r"\b\d+ restarts?\b": "N restarts",
}


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
    cases = ET.parse(xml).iter("testcase")
    return {case.get("name").removeprefix("test_"): read_failure(case) for case in cases}


def read_failure(case):
    """Return the lines that pytest marks with E, normalized; "" for a test that did not fail."""
    # one block for each error of a chain
    blocks = re.findall(r"(?:^E(?: .*)?\n)+", case.findtext("failure", "") + "\n", re.M)
    text = "\n".join(textwrap.dedent(re.sub("^E", " ", block, flags=re.M)) for block in blocks)
    for pattern, name in REPLACEMENTS.items():
        text = re.sub(pattern, name, text)
    return text


@pytest.mark.parametrize("case", CASES)
def test_the_failure_is_the_golden_text(failures, case):
    """From its first line to its last."""
    golden = HERE / "golden" / f"{case.replace('_', '-')}.txt"
    if os.environ.get("PODSHARE_GOLDEN") == "write":
        golden.write_text(failures[case])
        pytest.skip(f"{golden.name} was rewritten: read it as if you did not know the manifest")

    assert golden.read_text().splitlines() == failures[case].splitlines()
