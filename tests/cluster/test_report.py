"""A whole run on several workers: its table, its notes for GitHub, its page."""

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
    """Run these tests on a cluster that is there, and give what pytest says."""
    given = {"PODSHARE_CLUSTER_NAME": cluster.name, "PODSHARE_KEEP_CLUSTER": "never"}
    # as wide as where there is no terminal
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *TESTS, *arguments],
        env={**os.environ, **given, "COLUMNS": "80", **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def told(podshare_cluster, tmp_path_factory):
    """What a run on two workers prints below its failures, and the page that it writes."""
    page = tmp_path_factory.mktemp("report") / "report.html"
    checkout = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(Path.cwd())}
    printed = run(podshare_cluster, "-n", "2", f"--podshare-report={page}", **checkout)
    summary = re.split(r"^=+ podshare =+$", printed, flags=re.M)[1].split("\n=")[0]
    return summary.splitlines(), page


def test_the_table_shows_every_check_of_every_worker(told):
    """By manifest, with the word of the cause at what is broken."""
    lines, _ = told
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


def test_github_shows_each_failure_at_the_mount_that_is_to_blame(told):
    """The line that is named is that of a mount in the manifest."""
    lines, _ = told
    notes = [line for line in lines if line.startswith("::")]

    assert len(notes) == 2
    for note in notes:
        file, line = re.match(
            r"::error file=(manifests/broken/[\w-]+\.yaml),line=(\d+),", note
        ).groups()
        blamed = "\n".join(Path(file).read_text().splitlines()[int(line) - 1 :][:2])
        assert re.search("mountPath:", blamed), f"{file}:{line}: {blamed}"


def test_the_page_holds_the_whole_run(told):
    """Each check with its Pod and its evidence, from all workers."""
    lines, page = told
    text = page.read_text()

    assert f"podshare: report in {page}" in lines
    assert "<h1>2 of 6 promises are broken</h1>" in text
    assert len(re.findall(r'<details class="check held"', text)) == 4
    assert len(re.findall(r'<details class="check broken"', text)) == 2
    assert "c1 mounts xchange rw /tmp/xchange (held)" in text
    assert "kube-api-access" not in text
    assert re.search(r"kind cluster [\w-]+, Kubernetes v1\.\d+", text)


def test_a_quiet_run_shows_no_table(podshare_cluster):
    """Under -q the failures are enough."""
    printed = run(podshare_cluster, "-q", "-k", "different_subpath")

    assert "different subPath" in printed
    assert "file visible" not in printed
    assert "1 broken" not in printed
