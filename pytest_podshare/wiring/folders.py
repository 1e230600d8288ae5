"""Folders by their names: those in a container, and those in a volume."""

from __future__ import annotations

import posixpath


def normalize(path: str) -> str:
    """Return a path as the kubelet uses it: absolute, without doubled or trailing slashes."""
    return posixpath.normpath("/" + path.strip("/"))


def is_within(path: str, folder: str) -> bool:
    """Return whether a normalized path is a folder or inside that folder."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def split_sub_path(sub_path: str) -> tuple[str, ...]:
    """Return the names of the folders in a subPath."""
    return tuple(name for name in sub_path.split("/") if name not in ("", "."))


def is_below(parts: tuple[str, ...], folder: tuple[str, ...]) -> bool:
    """Return whether a split subPath is a folder or inside that folder."""
    return parts[: len(folder)] == folder
