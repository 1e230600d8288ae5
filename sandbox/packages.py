"""Debian packages on this machine: which are missing, and one apt-get call to install them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Sequence

from sandbox import host
from sandbox.console import say
from sandbox.errors import SandboxError


def missing(packages: Iterable[str]) -> list[str]:
    """Return the packages that are not installed, sorted."""
    wanted = sorted(set(packages))
    if not wanted or not host.is_debian_like():
        return wanted
    query = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n", *wanted],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    installed = {
        line.split()[1] for line in query.stdout.splitlines() if line.startswith("installed ")
    }
    return [package for package in wanted if package not in installed]


def install_obstacle(
    packages: Sequence[str], *, root: bool, debian: bool, may_install: bool
) -> str:
    """Return why the packages cannot be installed, or "" if they can."""
    names = " ".join(packages)
    if not debian:
        return f"{names} cannot be installed: this machine has no apt"
    if not root:
        return f"{names} can only be installed by root"
    if not may_install:
        return f"--no-install rules out installing {names}"
    return ""


def ensure(
    packages: Iterable[str], purpose: str, *, may_install: bool, optional: Iterable[str] = ()
) -> None:
    """Install the packages that are missing.

    Args:
        packages: the packages that are required.
        purpose: what they are for, as a part of a sentence.
        may_install: whether the user allows installing anything.
        optional: packages that are also installed if this Debian release has them.

    Raises:
        SandboxError: they cannot be installed.
    """
    required, wanted = missing(packages), missing(optional)
    if not required and not wanted:
        return
    names = " ".join(required or wanted)
    obstacle = install_obstacle(
        required,
        root=host.is_root(),
        debian=host.is_debian_like(),
        may_install=may_install,
    )
    if obstacle:
        raise SandboxError(obstacle, f"run as root: apt-get update && apt-get install {names}")
    say(f"installing Debian packages {purpose}: {names}")
    apt_get("update", "-qq")
    known = [package for package in wanted if _is_known(package)]
    apt_get("install", "-y", "-qq", "--no-install-recommends", *required, *known)


def _is_known(package: str) -> bool:
    lookup = subprocess.run(
        ["apt-cache", "show", "--no-all-versions", package],
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    return lookup.returncode == 0


def apt_get(*arguments: str) -> None:
    """Run apt-get.

    Raises:
        SandboxError: it failed; with its last lines.
    """
    # RUNLEVEL keeps packages from starting their services where systemd does not run: ./dev starts
    # what it needs, with its own configuration.
    variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    process = subprocess.run(
        ["apt-get", *arguments],
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if process.returncode != 0:
        raise SandboxError(
            f"apt-get {arguments[0]} failed (exit {process.returncode}); last lines:",
            f"fix the cause, or run it yourself: apt-get {' '.join(arguments)}",
            lines=[line for line in process.stdout.splitlines() if line.strip()][-15:],
        )


def debian_mirror() -> str:
    """Return the Debian mirror that apt uses on this machine, or "" if this is not Debian."""
    if not host.is_debian_like() or not (codename := host.codename()):
        return ""
    targets = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    for line in targets.stdout.splitlines():
        release, component, uri = [*line.split(), "", "", ""][:3]
        if (release, component) == (codename, "main") and "debian" in uri:
            return uri
    return ""
