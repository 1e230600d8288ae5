"""Screenshots of real runs for docs/images; PODSHARE_SCREENSHOTS names the folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = os.environ.get("PODSHARE_SCREENSHOTS")
FAILING = "tests/cluster/broken/broken_suite.py"
PASSING_TESTS = ("tests/examples",)
FAILING_TESTS = (
    "tests/examples",
    f"{FAILING}::test_different_subpath",
    f"{FAILING}::test_permission_denied_to_read",
)
# a run of so many Pod templates that the page has a search
LARGE_RUN = (
    *("--podshare-manifests=manifests/[dms]*.yaml", "--podshare-manifests=manifests/init/w*.yaml"),
    f"{FAILING}::test_different_subpath",
    f"{FAILING}::test_permission_denied_to_read",
)
# the height of a screenshot, in pixels
MAX_HEIGHT = 1200
# the size of a screenshot in the repository, in bytes
MAX_SIZE = 200_000

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(
        not FOLDER, reason="set PODSHARE_SCREENSHOTS=docs/images to take the screenshots"
    ),
]


@pytest.fixture(scope="module")
def pages(podshare_cluster, tmp_path_factory):
    """Return the pages of a passing, a failing and a large run."""
    environment = {"PODSHARE_CLUSTER_NAME": podshare_cluster.name, "PODSHARE_KEEP_CLUSTER": "never"}
    files = {}
    runs = {"passing": PASSING_TESTS, "failing": FAILING_TESTS, "large": LARGE_RUN}
    for name, arguments in runs.items():
        files[name] = tmp_path_factory.mktemp(name) / "report.html"
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
        subprocess.run(
            [*command, f"--podshare-report={files[name]}"],
            env={**os.environ, **environment},
            check=False,
        )
    return files


@pytest.mark.parametrize(
    ("run", "picture", "width", "scheme"),
    [
        ("passing", "report-passing.png", 960, "light"),
        ("failing", "report-failing.png", 960, "light"),
        ("large", "report-large.png", 1100, "light"),
    ],
)
def test_take_a_screenshot(show, pages, run, picture, width, scheme):
    """It shows the top of the page."""
    tab = show([], width, scheme, html=pages[run].read_text(encoding="utf-8"))
    file = Path(FOLDER) / picture
    height = min(MAX_HEIGHT, tab.page.evaluate("document.documentElement.scrollHeight"))
    tab.page.set_viewport_size({"width": width, "height": height})
    tab.page.screenshot(path=file)

    assert file.stat().st_size < MAX_SIZE


def test_take_a_screenshot_of_a_broken_pod(show, pages):
    """It shows the Pod alone, for the README."""
    tab = show([], 960, "light", html=pages["failing"].read_text(encoding="utf-8"))
    file = Path(FOLDER) / "report-pod.png"
    tab.page.locator("details.pod.broken").first.screenshot(path=file)

    assert file.stat().st_size < MAX_SIZE
