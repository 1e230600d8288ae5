"""When Chromium is installed, and that nothing fails where it cannot be."""

import shutil

import pytest

from sandbox import browser, host, packages
from sandbox.errors import SandboxError


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ([], True),
        (["--", "-k", "page"], True),
        (["-e", "cluster"], True),
        (["-e", "lint,browser"], True),
        (["-ecluster"], True),
        (["-e", "lint,types"], False),
        (["-eunit", "--", "-k", "table"], False),
    ],
)
def test_only_environments_with_a_browser_want_one(arguments: list[str], wanted: bool) -> None:
    """`./dev test -e lint` installs nothing."""
    assert browser.is_wanted(arguments) is wanted


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """A Debian without Chromium, whose root we are; what would be installed on it."""
    asked = list[tuple[str, ...]]()
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(host, "is_root", lambda: True)
    monkeypatch.setattr(host, "is_debian_like", lambda: True)
    monkeypatch.setattr(packages, "ensure", lambda names, *_, **__: asked.append(tuple(names)))
    return asked


def test_it_is_installed_with_a_font(installed: list[tuple[str, ...]]) -> None:
    """A page without letters tells nothing."""
    browser.ensure(may_install=True)

    assert installed == [("chromium", "fonts-dejavu-core")]


def test_what_is_there_is_used(
    installed: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has one keeps it."""
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    browser.ensure(may_install=True)

    assert installed == []


def test_where_it_cannot_be_installed_a_line_says_what_is_skipped(
    installed: list[tuple[str, ...]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On request, without the rights, or when apt fails; the other tests go on."""
    browser.ensure(may_install=False)
    monkeypatch.setattr(host, "is_root", lambda: False)
    browser.ensure(may_install=True)
    monkeypatch.setattr(host, "is_root", lambda: True)

    def fail(*_: object, **__: object) -> None:
        raise SandboxError("apt-get update failed (exit 100)", "mend it")

    monkeypatch.setattr(packages, "ensure", fail)
    browser.ensure(may_install=True)

    assert installed == []
    assert capsys.readouterr().err.splitlines() == [
        "dev: tests in a browser will be skipped: not installing chromium fonts-dejavu-core, "
        "as --no-install asks",
        "dev: tests in a browser will be skipped: only root can install chromium fonts-dejavu-core",
        "dev: tests in a browser will be skipped: apt-get update failed (exit 100)",
    ]
