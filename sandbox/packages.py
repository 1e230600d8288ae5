"""Debian packages on this machine: which are there, and one apt-get for those that are not."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Sequence

from sandbox import host
from sandbox.errors import SandboxError
from sandbox.talk import say

APT = {"DEBIAN_FRONTEND": "noninteractive"}


def missing(packages: Iterable[str]) -> list[str]:
    """Those of the packages that are not installed, sorted."""
    wanted = sorted(set(packages))
    if not wanted or not host.is_debian_like():
        return wanted
    listed = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n", *wanted],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    there = {
        line.split()[1] for line in listed.stdout.splitlines() if line.startswith("installed ")
    }
    return [package for package in wanted if package not in there]


def refusal(packages: Sequence[str], *, root: bool, debian: bool, may_install: bool) -> str:
    """Why the packages cannot be installed now; empty when they can."""
    names = " ".join(packages)
    if not debian:
        return f"this needs Debian's {names}, and this machine has no apt"
    if not root:
        return f"only root can install {names}"
    if not may_install:
        return f"not installing {names}, as --no-install asks"
    return ""


def ensure(
    packages: Iterable[str], why: str, *, may_install: bool, if_known: Iterable[str] = ()
) -> None:
    """Install what is missing, or say why it cannot be.

    Packages ``if_known`` are installed too on releases that have them.
    """
    lacking, maybe = missing(packages), missing(if_known)
    if not lacking and not maybe:
        return
    names = " ".join(lacking or maybe)
    refused = refusal(
        lacking,
        root=host.is_root(),
        debian=host.is_debian_like(),
        may_install=may_install,
    )
    if refused:
        raise SandboxError(refused, f"as root: apt-get update && apt-get install {names}")
    say(f"installing Debian packages {why}: {names}")
    apt("update", "-qq")
    also = [package for package in maybe if _is_known(package)]
    apt("install", "-y", "-qq", "--no-install-recommends", *lacking, *also)


def _is_known(package: str) -> bool:
    shown = subprocess.run(
        ["apt-cache", "show", "--no-all-versions", package],
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    return shown.returncode == 0


def apt(*arguments: str) -> None:
    """One apt-get, or an error with its last words."""
    # Where systemd does not run, a package must not start its service: we start it, our way.
    environment = {**os.environ, **APT, "RUNLEVEL": "1"}
    done = subprocess.run(
        ["apt-get", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if done.returncode != 0:
        raise SandboxError(
            f"apt-get {arguments[0]} failed (exit {done.returncode}); its last lines:",
            f"mend what they say; by hand: apt-get {' '.join(arguments)}",
            shown=[line for line in done.stdout.splitlines() if line.strip()][-15:],
        )


def debian_mirror() -> str:
    """The mirror this machine's own apt uses for Debian; empty when it is not a Debian."""
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
