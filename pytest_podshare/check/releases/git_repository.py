"""The Git repository that a file is in: its root, and the names of its remotes."""

from __future__ import annotations

import dataclasses
import functools
import os
import re
from pathlib import Path

_SECTION = re.compile(r"^\s*\[\s*(\w+)")
_URL = re.compile(r"^\s*url\s*=\s*(.+?)\s*$")
_NAME = re.compile(r"([^/:\\]+?)(?:\.git)?/*$")


@dataclasses.dataclass(frozen=True)
class GitRepository:
    """A work tree.

    Args:
        root: its folder, absolute.
        remotes: the names of the repositories at its remotes, without their owners, since a fork
            has another one; empty if it has no remote.
    """

    root: Path
    remotes: frozenset[str]

    def may_be(self, url: str) -> bool:
        """Return whether the repository at a URL can be this one."""
        return not self.remotes or _read_name(url) in self.remotes

    def find(self, path: str) -> Path | None:
        """Return what a path from the root leads to; None if that is nothing, or elsewhere."""
        found = self.root / os.path.normpath(path.lstrip("/"))
        real, root = (Path(os.path.realpath(folder)) for folder in (found, self.root))
        is_inside = real == root or root in real.parents
        return found if is_inside and os.path.exists(real) else None  # noqa: PTH110 never raises


@functools.cache
def find_repository(folder: Path) -> GitRepository | None:
    """Return the repository that a folder is in; None if it is in none.

    Args:
        folder: the folder, absolute.
    """
    for root in (folder, *folder.parents):
        git = root / ".git"
        if os.path.exists(git):  # noqa: PTH110 never raises
            return GitRepository(root, _read_remotes(git))
    return None


def _read_remotes(git: Path) -> frozenset[str]:
    section, names = "", set()
    for line in _read(_find_config(git)).splitlines():
        if found := _SECTION.match(line):
            section = found[1]
        elif section == "remote" and (found := _URL.match(line)):
            names.add(_read_name(found[1]))
    return frozenset(names - {""})


def _find_config(git: Path) -> Path:
    """Return the configuration of a repository, also of a linked work tree or a submodule."""
    if os.path.isdir(git):  # noqa: PTH112 never raises
        return git / "config"
    folder = git.parent / _read(git).removeprefix("gitdir:").strip()
    return folder / _read(folder / "commondir").strip() / "config"


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        return ""


def _read_name(url: str) -> str:
    found = _NAME.search(url.strip())
    return found[1].lower() if found else ""
