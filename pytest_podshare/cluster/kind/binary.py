"""The kind program: which one, for which cluster, what it is asked and what it says."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.deadline import Timeouts

# seconds for the calls of kind that only look
_LOOK = 30.0


@dataclasses.dataclass(frozen=True)
class KindSettings:
    """What a kind cluster is made of.

    Args:
        name: its name.
        image: the node image; None for kind's own default.
        config: a kind configuration file; None for one made for quick tests.
        nodes: how many nodes, where there is no configuration file; None for one, or as many as a
            cluster has that is there.
        kind_bin: the kind program; None for the one on PATH.
        run_id: who makes it, if it has to be made.
        state: the folder of all clusters' files.
        timeouts: how long things may take.
    """

    name: str
    image: str | None
    config: Path | None
    nodes: int | None
    kind_bin: Path | None
    run_id: str
    state: Path
    timeouts: Timeouts

    @classmethod
    def of(cls, name: str, state: Path, *, kind_bin: Path | None = None) -> KindSettings:
        """Those of a cluster that is only looked for, whatever it is made of."""
        return cls(name, None, None, None, kind_bin, "", state, Timeouts())

    @property
    def folder(self) -> Path:
        """This cluster's own folder."""
        return self.state / self.name

    @property
    def kubeconfig(self) -> Path:
        """This cluster's own kubeconfig; ~/.kube/config is never touched."""
        return self.folder / "kubeconfig"

    @property
    def log(self) -> Path:
        """What kind said since the cluster was made."""
        return self.folder / "kind.log"

    @property
    def maker(self) -> Path:
        """Says what the cluster was made of, and by which run."""
        return self.folder / "made-by"

    @property
    def loaded(self) -> Path:
        """Says which local images its nodes have been given."""
        return self.folder / "images"

    @property
    def leases(self) -> Path:
        """The folder of those who use it."""
        return self.folder / "leases"


def default_state() -> Path:
    """`$XDG_CACHE_HOME/podshare/clusters`."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache).resolve() / "podshare" / "clusters"


def known_server(settings: KindSettings) -> str | None:
    """The API server's address by the cluster's kubeconfig file; asks nobody."""
    try:
        found = re.search(r"^ *server: *(\S+)$", settings.kubeconfig.read_text(), re.MULTILINE)
    except (OSError, UnicodeDecodeError):
        return None
    return found[1] if found else None


def clusters(settings: KindSettings) -> tuple[str, ...]:
    """The names of all kind clusters.

    Raises:
        KindMissing: no kind program.
        EngineMissing: kind finds no container engine.
    """
    done = look(settings, "get", "clusters")
    if done.returncode != 0:
        raise errors.EngineMissing(
            f"No container engine answers kind: {last_line(done.stderr)}",
            errors.Remedy(
                "Start Docker or Podman, or name another cluster with {}.", "provider=existing"
            ),
        )
    return tuple(done.stdout.split())


def find_kind(named: Path | None) -> Path:
    """The kind program.

    Raises:
        KindMissing: it is neither where it was said to be nor on PATH.
    """
    found = shutil.which(str(named or "kind"))
    if found is None:
        where = f"at {named}" if named else "on PATH"
        raise errors.KindMissing(
            f"There is no kind program {where}.",
            errors.Remedy("Install kind (0.30 or newer), or name it with {}.", "kind-bin"),
        )
    return Path(found).resolve()


def look(settings: KindSettings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Ask kind something that changes nothing.

    Raises:
        KindMissing: no kind program.
        EngineMissing: it does not answer.
    """
    kind = find_kind(settings.kind_bin)
    try:
        return subprocess.run(
            [kind, *arguments], capture_output=True, text=True, timeout=_LOOK, check=False
        )
    except subprocess.TimeoutExpired:
        raise errors.EngineMissing(
            f"kind {' '.join(arguments)} did not end within {_LOOK:.0f} s.",
            "See whether the container engine answers: docker ps",
        ) from None


def last_words(settings: KindSettings) -> str:
    """The line that says what went wrong when kind last made or deleted the cluster."""
    try:
        return last_line(settings.log.read_text(errors="replace"))
    except FileNotFoundError:
        return "it said nothing"


def last_line(text: str) -> str:
    """The line of kind's output that says what went wrong: its ERROR line, else the last."""
    lines = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()]
    lines = [line for line in lines if line]
    told = [line for line in lines if line.startswith("ERROR")]
    return (told or lines or ["it said nothing"])[-1].removeprefix("ERROR: ")
