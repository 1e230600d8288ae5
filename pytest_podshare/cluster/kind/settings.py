"""Settings of a kind cluster, and the files that podshare keeps beside it."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

from pytest_podshare.deadline import Timeouts


@dataclasses.dataclass(frozen=True)
class KindSettings:
    """Settings of a kind cluster.

    Args:
        name: the name of the cluster.
        image: the node image; None for kind's default.
        config: a kind configuration file; None for podshare's own, which is quick to test on.
        nodes: how many nodes to create without a configuration file; None for one, or for any
            number if the cluster exists.
        kind_bin: the kind program; None for the one on PATH.
        run_id: the run that creates the cluster if it does not exist.
        state: the folder with the files of all clusters.
        timeouts: how long each step may take.
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
    def by_name(cls, name: str, state: Path, *, kind_bin: Path | None = None) -> KindSettings:
        """Return settings that accept any cluster of that name."""
        return cls(name, None, None, None, kind_bin, "", state, Timeouts())

    @property
    def folder(self) -> Path:
        """Return the folder of this cluster."""
        return self.state / self.name

    @property
    def kubeconfig(self) -> Path:
        """Return the cluster's own kubeconfig; ~/.kube/config is never touched."""
        return self.folder / "kubeconfig"

    @property
    def log(self) -> Path:
        """Return the file with kind's messages since the cluster was created."""
        return self.folder / "kind.log"

    @property
    def logs_folder(self) -> Path:
        """Return the folder with the nodes' logs if the cluster could not be created."""
        return self.folder / "logs"

    @property
    def record_file(self) -> Path:
        """Return the file with the creation record."""
        return self.folder / "made-by"

    @property
    def images_file(self) -> Path:
        """Return the file that lists the local images loaded onto the nodes."""
        return self.folder / "images"

    @property
    def users_folder(self) -> Path:
        """Return the folder with a file for each process that uses the cluster."""
        return self.folder / "leases"


def default_state() -> Path:
    """Return `$XDG_CACHE_HOME/podshare/clusters`."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache).resolve() / "podshare" / "clusters"


def write_file(path: Path, text: str) -> None:
    """Replace a file in one step, readable by this user only."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)


def read_server(settings: KindSettings) -> str | None:
    """Return the URL of the API server from the kubeconfig; None if there is none yet."""
    try:
        found = re.search(r"^ *server: *(\S+)$", settings.kubeconfig.read_text(), re.MULTILINE)
    except (OSError, UnicodeDecodeError):
        return None
    return found[1] if found else None
