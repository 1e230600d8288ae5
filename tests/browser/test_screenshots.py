"""The pictures in docs/images, taken of real runs; PODSHARE_SCREENSHOTS names the folder."""

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
# as much as is seen at a glance, in pixels
TALLEST = 1200
# what a picture may weigh in the repository, in bytes
HEAVIEST = 200_000

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(
        not FOLDER, reason="PODSHARE_SCREENSHOTS=docs/images takes the pictures anew"
    ),
]


@pytest.fixture(scope="module")
def pages(podshare_cluster, tmp_path_factory):
    """The pages of a run that passes and of one that fails."""
    given = {"PODSHARE_CLUSTER_NAME": podshare_cluster.name, "PODSHARE_KEEP_CLUSTER": "never"}
    found = {}
    for name, tests in (("passing", PASSING_TESTS), ("failing", FAILING_TESTS)):
        found[name] = tmp_path_factory.mktemp(name) / "report.html"
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *tests]
        subprocess.run(
            [*command, f"--podshare-report={found[name]}"], env={**os.environ, **given}, check=False
        )
    return found


@pytest.mark.parametrize(
    ("run", "picture", "width", "scheme"),
    [
        ("passing", "report-passing.png", 960, "light"),
        ("failing", "report-failing.png", 960, "light"),
        ("failing", "report-phone.png", 390, "dark"),
    ],
)
def test_a_picture_of_the_page(show, pages, run, picture, width, scheme):
    """Of the whole page, or of as much as is seen at a glance."""
    tab = show([], width, scheme, html=pages[run].read_text(encoding="utf-8"))
    file = Path(FOLDER) / picture
    height = min(TALLEST, tab.page.evaluate("document.documentElement.scrollHeight"))
    tab.page.set_viewport_size({"width": width, "height": height})
    tab.page.screenshot(path=file)

    assert file.stat().st_size < HEAVIEST
