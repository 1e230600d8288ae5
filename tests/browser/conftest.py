"""Chromium without a window, which sees the page as a reader does."""

import dataclasses
import os
import shutil

import pytest

from pytest_podshare.report import html_page

# as little as possible besides the page: no sandbox for root, none of Chromium's own calls home
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
)


def pytest_itemcollected(item):
    """Mark every test in this folder."""
    item.add_marker("browser")


@pytest.fixture(scope="session")
def chromium():
    """The browser of this run; where there is none, these tests are skipped."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no chromium on PATH (Debian: apt-get install chromium fonts-dejavu-core)")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="no playwright (pip install pytest-podshare[browser])"
    )
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=QUIET)
        yield browser
        browser.close()


@dataclasses.dataclass
class Tab:
    """A page that is open, and what it asked for and complained of meanwhile."""

    page: object
    requests: list[str]
    complaints: list[str]


@pytest.fixture
def show(chromium, tmp_path):
    """A function that opens the page of some runs, or a page of one's own, as on that screen."""
    contexts = []

    def opened(runs, width=1280, scheme="light", anchor="", html=None):
        file = tmp_path / f"{len(contexts)}.html"
        about = html_page.RunInfo("project", "1a2b3c4d", ("nginx:1.27",))
        file.write_text(
            html if html is not None else html_page.render(runs, about), encoding="utf-8"
        )
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            reduced_motion="reduce",
            offline=True,
        )
        contexts.append(context)
        tab = Tab(context.new_page(), [], [])
        tab.page.on("request", lambda request: tab.requests.append(request.url))
        tab.page.on("console", lambda message: tab.complaints.append(message.text))
        tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
        tab.page.on("dialog", lambda dialog: tab.complaints.append(dialog.message))
        tab.page.goto(file.as_uri() + (f"#{anchor}" if anchor else ""))
        return tab

    yield opened
    for context in contexts:
        context.close()
