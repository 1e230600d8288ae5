"""Chromium for the tests of the HTML report; without it they are skipped."""

from __future__ import annotations

import shutil

from sandbox import host, packages
from sandbox.console import say
from sandbox.errors import SandboxError

# A font, because recommended packages are not installed and a page without letters shows nothing.
PACKAGES = ("chromium", "fonts-dejavu-core")


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
