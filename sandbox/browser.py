"""Chromium, for the tests that look at the page of a run; without one they are skipped."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from sandbox import host, packages
from sandbox.errors import SandboxError
from sandbox.talk import say

# Debian's recommends bring a font along, which is not much of a page without one
PACKAGES = ("chromium", "fonts-dejavu-core")
ENVIRONMENTS = ("browser", "cluster")


def is_wanted(arguments: Sequence[str]) -> bool:
    """Whether tox, given these arguments, runs an environment with tests in a browser."""
    chosen = any(word in ("-e", "-m", "-f") or word.startswith("-e") for word in arguments)
    return not chosen or any(name in word for word in arguments for name in ENVIRONMENTS)


def ensure(*, may_install: bool) -> None:
    """Install it where that is possible; never an error, for nothing else depends on it."""
    if shutil.which("chromium") or shutil.which("google-chrome"):
        return
    refused = packages.refusal(
        PACKAGES, root=host.is_root(), debian=host.is_debian_like(), may_install=may_install
    )
    if not refused:
        try:
            packages.ensure(PACKAGES, "for tests in a browser", may_install=may_install)
        except SandboxError as error:
            refused = error.what
    if refused:
        say(f"tests in a browser will be skipped: {refused}")
