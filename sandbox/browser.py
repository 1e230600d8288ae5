"""Chromium for the tests of the HTML report; without it they are skipped."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from sandbox import host, packages
from sandbox.console import say
from sandbox.errors import SandboxError

# A font, because recommended packages are not installed and a page without letters shows nothing.
PACKAGES = ("chromium", "fonts-dejavu-core")
ENVIRONMENTS = ("browser", "cluster")


def is_wanted(arguments: Sequence[str]) -> bool:
    """Return whether tox, given these arguments, runs tests in a browser."""
    selects = any(word in ("-e", "-m", "-f") or word.startswith("-e") for word in arguments)
    return not selects or any(name in word for word in arguments for name in ENVIRONMENTS)


def ensure(*, may_install: bool) -> None:
    """Install Chromium if possible; otherwise say so and go on, since nothing else needs it."""
    if shutil.which("chromium") or shutil.which("google-chrome"):
        return
    reason = packages.install_obstacle(
        PACKAGES, root=host.is_root(), debian=host.is_debian_like(), may_install=may_install
    )
    if not reason:
        try:
            packages.ensure(PACKAGES, "for the browser tests", may_install=may_install)
        except SandboxError as error:
            reason = error.what
    if reason:
        say(f"browser tests will be skipped: {reason}")
