"""Folders by their names: those in a container, and those in a volume."""

from __future__ import annotations

import functools
import posixpath


@functools.lru_cache(maxsize=4096)
def normalize(path: str) -> str:
    """Return a path as the kubelet uses it: absolute, without doubled or trailing slashes."""
    return posixpath.normpath("/" + path.strip("/"))


@functools.lru_cache(maxsize=4096)
def normalize_windows(path: str) -> str:
    """Return a path of Windows in the form of one of Unix: `/c:/data` for drive C's `Data`.

    The kubelet adds the drive C to paths without a drive (MakeAbsolutePath in pkg/volume/util).
    Windows takes slashes and backslashes for the same, and capital letters for small ones.
    """
    path = path.replace("\\", "/").lower().lstrip("/")
    return normalize(path if path[1:2] == ":" else f"c:/{path}")


def is_within(path: str, folder: str) -> bool:
    """Return whether a path in a container is a folder or lies below it."""
    return f"{normalize(path)}/".startswith(f"{normalize(folder).rstrip('/')}/")


def split_sub_path(sub_path: str, on_windows: bool = False) -> tuple[str, ...]:
    """Return the names in a subPath, or in any other path within a volume."""
    if on_windows:
        sub_path = sub_path.replace("\\", "/").lower()
    return tuple(name for name in sub_path.split("/") if name not in ("", "."))


def is_below(parts: tuple[str, ...], folder: tuple[str, ...]) -> bool:
    """Return whether a split subPath is a folder or inside that folder."""
    return parts[: len(folder)] == folder
