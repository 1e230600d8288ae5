"""The whole failure of each broken manifest, compared with a golden text.

`PODSHARE_GOLDEN=write` writes the golden texts.
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

# text that differs from run to run, and its placeholder
VARIABLE_TEXT = {
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
    # the number of restarts depends on the moment
    r"\b\d+ restarts?\b": "N restarts",
}


@pytest.fixture(scope="session")
def failures(request, podshare_cluster, tmp_path_factory):
    """The failure of each case, from one parallel run of all selected cases."""
    items = [item for item in request.session.items if item.path == Path(__file__)]
    cases = [item.callspec.params["case"] for item in items if hasattr(item, "callspec")]
    xml = tmp_path_factory.mktemp("broken") / "junit.xml"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n", "4"]
    # two tests per worker first, then one by one, so that no worker gets all slow ones
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
    return {case.get("name").removeprefix("test_"): failure_text(case) for case in cases}


def failure_text(case):
    """Return the lines that pytest marks as the error, normalised; "" if the test passed."""
    # a chain of errors has a block for each
    blocks = re.findall(r"(?:^E(?: .*)?\n)+", case.findtext("failure", "") + "\n", re.M)
    text = "\n".join(textwrap.dedent(re.sub("^E", " ", block, flags=re.M)) for block in blocks)
    for pattern, name in VARIABLE_TEXT.items():
        text = re.sub(pattern, name, text)
    return text


@pytest.mark.parametrize("case", CASES)
def test_the_failure_is_explained(failures, case):
    """The text equals the golden text."""
    golden = HERE / "golden" / f"{case.replace('_', '-')}.txt"
    if os.environ.get("PODSHARE_GOLDEN") == "write":
        golden.write_text(failures[case])
        pytest.skip(f"{golden.name} is written: read it as someone who does not know the manifest")

    assert golden.read_text().splitlines() == failures[case].splitlines()
