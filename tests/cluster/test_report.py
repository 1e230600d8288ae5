"""A run on several workers: its table, its GitHub annotations, its page."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

FAILING = "tests/cluster/broken/broken_suite.py"
TESTS = (
    "tests/examples/test_sharevol.py",
    f"{FAILING}::test_different_subpath",
    f"{FAILING}::test_shadowed",
)


def run(cluster, *arguments, **environment):
    """Run these tests on an existing cluster, and return pytest's output."""
    cluster_environ = {"PODSHARE_CLUSTER_NAME": cluster.name, "PODSHARE_KEEP_CLUSTER": "never"}
    # the width without a terminal
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *TESTS, *arguments],
        env={**os.environ, **cluster_environ, "COLUMNS": "80", **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def summary(podshare_cluster, tmp_path_factory):
    """Return the summary that a run on two workers prints, and the page that it writes."""
    page = tmp_path_factory.mktemp("report") / "report.html"
    checkout = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(Path.cwd())}
    printed = run(podshare_cluster, "-n", "2", f"--podshare-report={page}", **checkout)
    section = re.split(r"^=+ podshare =+$", printed, flags=re.M)[1].split("\n=")[0]
    return section.splitlines(), page


def test_the_table_shows_every_check_of_every_worker(summary):
    """A broken check has its cause beside it."""
    lines, _ = summary
    plain = [re.sub(r"  +(\d x )?[\d.]+ m?s$", "  TIME", line) for line in lines]
    rows = [re.sub("  +", "  ", line) for line in plain]

    assert "manifests/sharevol.yaml" in rows
    assert "  file visible  c1→c2  xchange  held  TIME" in rows
    assert "  survives restart  c1  xchange  held  TIME" in rows
    assert "  lost on delete  all  xchange  held  TIME" in rows
    assert "manifests/broken/different-subpath.yaml" in rows
    assert any(re.search("generator→web.*broken: different subPath  TIME", row) for row in rows)
    assert any(re.search("broken: shadowed  TIME", row) for row in rows)
    assert "2 broken, 4 held" in rows
    assert max(map(len, lines[: lines.index("2 broken, 4 held")])) <= 80


def test_github_annotations_point_to_the_mount_at_fault(summary):
    """The line is that of a mount in the manifest."""
    lines, _ = summary
    annotations = [line for line in lines if line.startswith("::")]

    assert len(annotations) == 2
    for annotation in annotations:
        file, line = re.match(
            r"::error file=(manifests/broken/[\w-]+\.yaml),line=(\d+),", annotation
        ).groups()
        blamed = "\n".join(Path(file).read_text().splitlines()[int(line) - 1 :][:2])
        assert re.search("mountPath:", blamed), f"{file}:{line}: {blamed}"


def test_the_page_contains_the_whole_run(summary):
    """The checks of all workers are on it."""
    lines, page = summary
    text = page.read_text()

    assert f"podshare: report written to {page}" in lines
    assert "<h1>2 of 6 promises are broken</h1>" in text
    assert len(re.findall(r'<details class="check held"', text)) == 4
    assert len(re.findall(r'<details class="check broken"', text)) == 2
    assert "c1 mounts xchange rw /tmp/xchange (held)" in text
    assert "kube-api-access" not in text
    assert re.search(r"kind cluster [\w-]+, Kubernetes v1\.\d+", text)


def test_a_quiet_run_shows_no_table(podshare_cluster):
    """With -q, the failures are enough."""
    printed = run(podshare_cluster, "-q", "-k", "different_subpath")

    assert "different subPath" in printed
    assert "file visible" not in printed
    assert "1 broken" not in printed
