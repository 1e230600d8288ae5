"""Chromium is installed only for tests that need it, and nothing fails if it cannot be."""

import shutil

import pytest

from sandbox import browser, host, packages
from sandbox.errors import SandboxError


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Return the packages that would be installed, for root on a Debian without Chromium."""
    packages_installed = list[tuple[str, ...]]()

    def ensure(names: tuple[str, ...], *_: object, **__: object) -> None:
        packages_installed.append(tuple(names))

    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(host, "is_root", lambda: True)
    monkeypatch.setattr(host, "is_debian_like", lambda: True)
    monkeypatch.setattr(packages, "ensure", ensure)
    return packages_installed


def test_chromium_is_installed_with_a_font(installed: list[tuple[str, ...]]) -> None:
    """Without a font the page would have no letters."""
    browser.ensure(may_install=True)

    assert installed == [("chromium", "fonts-dejavu-core")]


def test_an_installed_browser_is_used(
    installed: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is installed if there is a browser already."""
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    browser.ensure(may_install=True)

    assert installed == []


def test_a_browser_that_cannot_be_installed_is_reported(
    installed: list[tuple[str, ...]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By --no-install, for lack of rights, or because apt fails; other tests run anyway."""
    browser.ensure(may_install=False)
    monkeypatch.setattr(host, "is_root", lambda: False)
    browser.ensure(may_install=True)
    monkeypatch.setattr(host, "is_root", lambda: True)

    def fail(*_: object, **__: object) -> None:
        raise SandboxError("apt-get update failed (exit 100)", "fix it")

    monkeypatch.setattr(packages, "ensure", fail)
    browser.ensure(may_install=True)

    names = "chromium fonts-dejavu-core"
    assert installed == []
    assert capsys.readouterr().err.splitlines() == [
        f"dev: browser tests will be skipped: --no-install rules out installing {names}",
        f"dev: browser tests will be skipped: {names} can only be installed by root",
        "dev: browser tests will be skipped: apt-get update failed (exit 100)",
    ]
