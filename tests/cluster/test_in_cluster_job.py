"""A suite that runs inside the cluster, by the commands of docs/how-to/inside-the-cluster.md."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pytest_podshare.cluster.kind import images, provider
from pytest_podshare.plugin import stash

pytestmark = pytest.mark.engine

PAGE = Path("docs/how-to/inside-the-cluster.md")
IMAGE = "podshare-suite:latest"
RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"
DOCKERFILE = "ARG PYTHON\nFROM $PYTHON\nCOPY site /usr/local/lib/python3.11/dist-packages\n"


@pytest.fixture
def image(tmp_path, podshare_cluster, pytestconfig):
    """Load the Job's image onto the nodes: the sandbox's Python with this checkout's plugin."""
    base = os.environ.get("PODSHARE_PYTHON_IMAGE")
    if base is None or podshare_cluster.provider != "kind":
        pytest.skip("no Python image to build on; ./dev test builds one")
    build = [sys.executable, "-m", "build", "--wheel", "--outdir", tmp_path, "."]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    command = ["docker", "build", "--build-arg", f"PYTHON={base}", "--tag", IMAGE, tmp_path]
    subprocess.run(
        command, check=True, capture_output=True, env={**os.environ, "DOCKER_BUILDKIT": "0"}
    )
    settings = pytestconfig.stash[stash.RUN].settings
    # other processes clean up the cluster's files, and add to them, while they hold its lock
    with provider.lock(settings):
        images.load(settings, [IMAGE])
    yield IMAGE
    subprocess.run(["docker", "image", "rm", "--force", IMAGE], check=True, capture_output=True)


@pytest.fixture
def shell(podshare_cluster, podshare_namespace):
    """Return a function that runs the page's commands in order, in a separate namespace."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not on PATH; the page uses it")

    def run(commands):
        output = ""
        for command in commands:
            words = shlex.split(command.replace("team-a", podshare_namespace))
            assert words[0] == "kubectl", command
            words[1:1] = ["--kubeconfig", str(podshare_cluster.kubeconfig)]
            done = subprocess.run(words, capture_output=True, text=True, timeout=300)
            output += f"$ {command}\n{done.stdout}{done.stderr}"
            assert done.returncode == 0, output
        return output

    return run


def commands(heading):
    """Return the commands below a heading of the page."""
    section = PAGE.read_text().partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    (block,) = re.findall(r"^```console\n(.*?)^```", section, re.M | re.S)
    return [line.removeprefix("$ ") for line in block.splitlines()]


@pytest.mark.usefixtures("image")
def test_a_suite_inside_the_cluster_leaves_its_results(shell, tmp_path, monkeypatch):
    """Only its service account is used, under the strictest policy; the results outlive the Job."""
    shell([f"kubectl label namespace team-a {RESTRICTED}"])
    run, fetch = commands("Run it"), commands("Fetch the results")

    printed = shell(run)
    (tmp_path / "manifests").symlink_to(Path("manifests").resolve())
    monkeypatch.chdir(tmp_path)
    shell(fetch)

    assert "2 passed" in printed, printed
    (suite,) = ElementTree.parse(tmp_path / "results" / "junit.xml").getroot()
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "2", "failures": "0", "errors": "0", "skipped": "0"}, printed
    names = [case.get("name") for case in suite.iter("testcase")]
    assert names == ["test_what_one_writes_the_other_sees", "test_it_goes_with_the_pod"]
    page = (tmp_path / "results" / "report.html").read_text()
    assert page.startswith("<!DOCTYPE html>"), page[:100]
    assert "exchange" in page
