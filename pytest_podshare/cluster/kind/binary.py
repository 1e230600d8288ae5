"""Find the kind program, query it, and read its messages."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.cluster.kind.settings import KindSettings

# seconds for a kind command that only reads
_QUERY_TIMEOUT = 30.0
_NO_MESSAGE = "no error message"


def find_kind(path: Path | None) -> Path:
    """Return the kind program.

    Raises:
        KindMissing: it is not at that path, or not on PATH if no path is given.
    """
    found = shutil.which(str(path or "kind"))
    if found is None:
        where = f"at {path}" if path else "on PATH"
        raise errors.KindMissing(
            f"The kind program was not found {where}.",
            errors.Remedy("Install kind 0.30 or newer, or set its path with {}.", "kind-bin"),
        )
    return Path(found).resolve()


def query(settings: KindSettings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a kind command that changes nothing."""
    kind = find_kind(settings.kind_bin)
    try:
        return subprocess.run(
            [kind, *arguments], capture_output=True, text=True, timeout=_QUERY_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        raise errors.EngineMissing(
            f"`kind {' '.join(arguments)}` did not finish within {_QUERY_TIMEOUT:.0f} s.",
            "Check that the container engine responds: docker ps",
        ) from None


def list_clusters(settings: KindSettings) -> tuple[str, ...]:
    """Return the names of all kind clusters.

    Raises:
        KindMissing: the kind program was not found.
        EngineMissing: kind cannot reach a container engine.
    """
    done = query(settings, "get", "clusters")
    if done.returncode != 0:
        raise errors.EngineMissing(
            f"kind cannot reach a container engine: {error_line(done.stderr)}",
            errors.Remedy(
                "Start Docker or Podman, or use an existing cluster with {}.", "provider=existing"
            ),
        )
    return tuple(done.stdout.split())


def last_error(settings: KindSettings) -> str:
    """Return why kind last failed to create or delete the cluster, from its log."""
    try:
        return error_line(settings.log.read_text(errors="replace"))
    except FileNotFoundError:
        return _NO_MESSAGE


def error_line(output: str) -> str:
    """Return the line of kind's output that names the error: its ERROR line, or else the last."""
    lines = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", output).splitlines()]
    lines = [line for line in lines if line]
    error_lines = [line for line in lines if line.startswith("ERROR")]
    return (error_lines or lines or [_NO_MESSAGE])[-1].removeprefix("ERROR: ")
