"""Why a path cannot be followed or read, in the words of the operating system."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from pytest_podshare import errors

_MISSING = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG})
_READABLE = "Make it readable, or exclude it."


def find_error(text: str) -> errors.ManifestError | None:
    """Return why a path leads to nothing; None if it leads to a file or a folder."""
    try:
        os.stat(text)  # noqa: PTH116 a Path rejects some names that a user can type
    except ValueError:  # it contains a NUL character
        return _not_found(text)
    except OSError as error:
        return describe(text, error)
    return None


def describe(text: str, error: OSError) -> errors.ManifestError:
    """Return the error of a path that the operating system does not follow or read."""
    if error.errno not in _MISSING:
        return errors.ManifestInvalid(f"{text} cannot be read: {error.strerror}.", _READABLE)
    if os.path.islink(text):  # noqa: PTH114 never raises
        return errors.ManifestNotFound(
            f"{text} is a symlink to {os.readlink(text)}, which does not exist.",  # noqa: PTH115
            "Fix or remove the symlink, or exclude it.",
        )
    return _not_found(text)


def _not_found(text: str) -> errors.ManifestNotFound:
    return errors.ManifestNotFound(
        f"No such file or folder: {text} (working directory: {Path.cwd()}).",
        "Pass the path of a manifest, folder, chart or overlay, a glob, or `-`.",
    )
