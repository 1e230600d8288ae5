"""Headless Chromium, which renders the page as a reader sees it."""

import dataclasses
import os
import shutil

import pytest

from pytest_podshare.report import html_page

# no requests of Chromium's own; root cannot use its sandbox
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
    """Yield the browser of this run; skip these tests without one."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("chromium is not on PATH (Debian: apt-get install chromium fonts-dejavu-core)")
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="no playwright (pip install pytest-podshare[browser])"
    )
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=QUIET)
        yield browser
        browser.close()


@dataclasses.dataclass
class Tab:
    """An open page, with its requests and its messages."""

    page: object
    requests: list[str]
    messages: list[str]


@pytest.fixture
def show(chromium, tmp_path):
    """Return a function that opens the page of some reports, or other HTML, in a browser tab."""
    contexts = []

    def open_tab(runs, width=1280, scheme="light", anchor="", html=None, script=True):
        file = tmp_path / f"{len(contexts)}.html"
        info = html_page.RunInfo("project", "1a2b3c4d", ("nginx:1.27",))
        content = html_page.render(runs, info) if html is None else html
        file.write_text(content, encoding="utf-8")
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            reduced_motion="reduce",
            offline=True,
            java_script_enabled=script,
        )
        contexts.append(context)
        tab = Tab(context.new_page(), [], [])
        tab.page.on("request", lambda request: tab.requests.append(request.url))
        tab.page.on("console", lambda message: tab.messages.append(message.text))
        tab.page.on("pageerror", lambda error: tab.messages.append(str(error)))
        tab.page.on("dialog", lambda dialog: tab.messages.append(dialog.message))
        tab.page.goto(file.as_uri() + (f"#{anchor}" if anchor else ""))
        return tab

    yield open_tab
    for context in contexts:
        context.close()
