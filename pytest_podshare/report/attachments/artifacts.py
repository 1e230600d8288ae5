"""Attachments as files that only their owner can read: a folder per test, and per Pod in it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

from pytest_podshare.report.attachments.collect import Attachment

# a file system takes 255 bytes; a shortened name is still readable
_NAME_LENGTH = 120
_UNSAFE = re.compile(r"[^A-Za-z0-9._=,+@-]+")
_FOLDER_MODE, _FILE_MODE = 0o700, 0o600


def write(folder: Path, nodeid: str, attachments: Iterable[Attachment]) -> Path:
    """Write the attachments of a test, and delete those of an earlier run.

    Returns:
        The test's folder.

    Raises:
        OSError: they cannot be written.
    """
    folder.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
    test_folder = folder / safe_name(nodeid)
    if test_folder.is_symlink():
        test_folder.unlink()
    elif test_folder.exists():
        shutil.rmtree(test_folder)
    test_folder.mkdir(mode=_FOLDER_MODE)
    for attachment in attachments:
        *parents, name = (safe_name(part) for part in attachment.name.split("/"))
        parent = test_folder
        for part in parents:
            parent = parent / part
            parent.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        _write_new(parent / name, attachment.text)
    return test_folder


def safe_name(name: str) -> str:
    """Return a unique name for a name, valid in every file system and without any path in it."""
    safe = _UNSAFE.sub("-", name).strip(".-")[:_NAME_LENGTH]
    if safe and safe == name:
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{safe}-{digest}" if safe else digest


def _write_new(path: Path, text: str) -> None:
    # the folder was empty a moment ago: an existing file belongs to someone else
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, _FILE_MODE), "wb") as file:
        file.write(text.encode("utf-8", "replace"))
