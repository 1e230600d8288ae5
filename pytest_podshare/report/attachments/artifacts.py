"""Files of what was collected: a folder per test, a folder per Pod in it, for their owner alone."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from pytest_podshare.report.attachments.collect import Attachment

# a file system takes 255 bytes; the test's name has to stay readable, not whole
_LONGEST = 120
_UNSAFE = re.compile(r"[^A-Za-z0-9._=,+@-]+")
_PRIVATE_FOLDER, _PRIVATE_FILE = 0o700, 0o600


def write(folder: Path, nodeid: str, attachments: Iterable[Attachment]) -> Path:
    """Write the attachments of one test, in the place of those of an earlier run.

    Returns:
        The test's folder.

    Raises:
        OSError: they cannot be written.
    """
    folder.mkdir(mode=_PRIVATE_FOLDER, parents=True, exist_ok=True)
    home = folder / safe(nodeid)
    if home.is_symlink():
        home.unlink()
    elif home.exists():
        shutil.rmtree(home)
    home.mkdir(mode=_PRIVATE_FOLDER)
    for each in attachments:
        *parents, name = (safe(part) for part in each.name.split("/"))
        place = home
        for parent in parents:
            place = place / parent
            place.mkdir(mode=_PRIVATE_FOLDER, exist_ok=True)
        _write(place / name, each.text)
    return home


def safe(name: str) -> str:
    """A name that any file system takes, that leads nowhere else, and that no other name has."""
    shown = _UNSAFE.sub("-", name).strip(".-")[:_LONGEST]
    if shown and shown == name:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{shown}-{digest}" if shown else digest


def _write(path: Path, text: str) -> None:
    # an existing file is somebody else's: the folder was empty a moment ago
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, _PRIVATE_FILE), "wb") as file:
        file.write(text.encode("utf-8", "replace"))
