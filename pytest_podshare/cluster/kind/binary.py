"""Find the kind program, query it, and read its messages."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.cluster.kind import failures
from pytest_podshare.cluster.kind.engine import PROVIDER, use_podman
from pytest_podshare.cluster.kind.settings import KindSettings

# seconds for a kind command that only reads
_QUERY_TIMEOUT = 30.0
# where every shell looks for programs
_USUAL_PATH = "/usr/local/bin:/usr/bin:/bin"


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


def format_delete(settings: KindSettings) -> str:
    """Return the command that deletes the cluster, also in a shell that has set nothing."""
    variables = {name: os.environ.get(name) for name in (PROVIDER, "DOCKER_HOST")}
    assigned = [f"{name}={shlex.quote(value)}" for name, value in variables.items() if value]
    program = str(Path(settings.kind_bin or shutil.which("kind") or "kind").absolute())
    if program == shutil.which("kind", path=_USUAL_PATH):
        program = "kind"
    command = [program, "delete", "cluster", "--name", settings.name]
    return " ".join([*assigned, shlex.join(command)])


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
        EngineMissing: kind cannot use the container engine.
    """
    done = query(settings, "get", "clusters")
    if done.returncode != 0 and use_podman():
        done = query(settings, "get", "clusters")
    if done.returncode != 0:
        raise failures.engine_missing(failures.find_reason(done.stderr))
    return tuple(done.stdout.split())


def last_error(settings: KindSettings) -> str:
    """Return why kind last failed to create or delete the cluster, from its log."""
    try:
        return failures.find_reason(settings.log.read_text(errors="replace"))
    except FileNotFoundError:
        return failures.NO_MESSAGE
