"""What the API server warns of is in the report, once, with its line in the manifest."""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cluster.dropped import warnings_suite

SUITE = Path(warnings_suite.__file__).relative_to(Path.cwd())
WARNED = SUITE.with_name("warned.yaml")
WARNINGS = [
    f"{WARNED}:20: volume 'data' of Pod warned has no source, so the API server makes it an"
    " emptyDir, which is deprecated: write emptyDir: {}",
    f'{WARNED}:14: Pod warned: spec.containers[0].env[1]: hides previous definition of "COLOR",'
    " which may be dropped when using apply",
]


@pytest.fixture(scope="module")
def run(podshare_cluster, tmp_path_factory):
    """Return what a run on two workers printed, its page, and the properties of each test."""
    folder = tmp_path_factory.mktemp("run")
    xml, page = folder / "junit.xml", folder / "report.html"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-n", "2", str(SUITE)]
    environ = {"PODSHARE_CLUSTER_NAME": podshare_cluster.name, "PODSHARE_KEEP_CLUSTER": "never"}
    done = subprocess.run(
        [*command, f"--junitxml={xml}", f"--podshare-report={page}"],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
    )
    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr
    properties = {
        test.get("name"): [
            entry.get("value")
            for entry in test.iter("property")
            if entry.get("name") == "podshare_warning"
        ]
        for test in ET.parse(xml).iter("testcase")
    }
    return done.stdout, page.read_text(), properties


def test_the_summary_has_each_warning_once(run):
    """Though two tests deploy the manifest; that of the corrected twin has none."""
    printed, _, _ = run

    lines = re.findall("^podshare: warning: (.*)$", printed, re.M)

    assert sorted(lines) == sorted(WARNINGS)


def test_the_page_has_each_warning_once(run):
    """In a section of its own."""
    _, page, _ = run

    section = page.split("Warnings about manifests</h2>")[1].split("</section>")[0]

    assert section.count("<li>") == len(WARNINGS)
    assert "hides previous definition of" in section


def test_each_test_has_the_warnings_of_its_manifest(run):
    """As properties for JUnit."""
    _, _, properties = run

    assert properties == {
        "test_deploys[warned]": WARNINGS,
        "test_deploys[also-warned]": WARNINGS,
        "test_deploys[fine]": [],
    }
