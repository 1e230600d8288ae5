"""The default provider: a kind cluster of our own, made and deleted through pytest-kind.

What pytest-kind leaves open is settled around it: which kind program, a kubeconfig file per
cluster that nobody else reads, what kind said when it failed, a bound on its time, and a lock.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import filelock
import yaml

from pytest_podshare import errors
from pytest_podshare.cluster import kind_config, record
from pytest_podshare.deadline import Deadline, Timeouts, poll

# seconds for the calls of kind that only look
_LOOK = 30.0
# how many looks, most of a second apart, must find no trace of a half-made cluster
_QUIET = 3

_SHIM = """\
#!/bin/sh
# pytest-kind runs this in place of kind: it keeps what kind says, and its process id
cd {folder} && echo $$ >pid && exec {kind} "$@" 2>>kind.log
"""


@dataclasses.dataclass(frozen=True)
class KindSettings:
    """What a kind cluster is made of.

    Args:
        name: its name.
        image: the node image; None for kind's own default.
        config: a kind configuration file; None for one made for quick tests.
        nodes: how many nodes, where there is no configuration file.
        kind_bin: the kind program; None for the one on PATH.
        run_id: who makes it, if it has to be made.
        state: the folder of all clusters' files.
        timeouts: how long things may take.
    """

    name: str
    image: str | None
    config: Path | None
    nodes: int
    kind_bin: Path | None
    run_id: str
    state: Path
    timeouts: Timeouts

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
        """Says which run made, or is making, the cluster."""
        return self.folder / "made-by"


def default_state() -> Path:
    """`$XDG_CACHE_HOME/podshare/clusters`."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "podshare" / "clusters"


def bring_up(settings: KindSettings) -> record.Cluster:
    """Use the cluster of that name, or make it.

    Raises:
        KindMissing: no kind program.
        EngineMissing: kind finds no container engine.
        ClusterCreateFailed: kind gave up, or took longer than `timeouts.create`.
        ClusterUnreachable: the cluster does not become ready.
    """
    deadline = Deadline(settings.timeouts.create)
    with _locked(settings):
        created = settings.name not in clusters(settings)
        if created:
            _create(settings, deadline)
        _write_kubeconfig(settings)
    return record.connect(
        "kind",
        settings.name,
        kubeconfig=settings.kubeconfig,
        context=f"kind-{settings.name}",
        # its API server may be somewhere else than its engine says: then it is not ours
        allowed=(),
        deadline=deadline,
        image=settings.image,
        own=True,
        created=settings.maker.exists() and settings.maker.read_text() == settings.run_id,
    )


def delete(settings: KindSettings) -> None:
    """Delete the cluster and its files; one that is not there is deleted already.

    Raises:
        ClusterError: kind could not.
    """
    with _locked(settings):
        try:
            with _bounded(settings, settings.timeouts.delete):
                _engine(settings).delete()
        except subprocess.CalledProcessError:
            raise errors.ClusterCreateFailed(
                f"kind could not delete cluster {settings.name}: {_last_words(settings)}",
                f"Try again: kind delete cluster --name {settings.name}",
            ) from None
        for leftover in (settings.maker, settings.kubeconfig):
            leftover.unlink(missing_ok=True)


def made_by(settings: KindSettings) -> str | None:
    """The run that made, or is making, the cluster of that name."""
    try:
        return settings.maker.read_text()
    except FileNotFoundError:
        return None


def known_server(settings: KindSettings) -> str | None:
    """The API server's address by the cluster's kubeconfig file; asks nobody."""
    try:
        written = yaml.safe_load(settings.kubeconfig.read_text())
        return str(written["clusters"][0]["cluster"]["server"])
    except (OSError, yaml.YAMLError, LookupError, TypeError):
        return None


def clusters(settings: KindSettings) -> tuple[str, ...]:
    """The names of all kind clusters.

    Raises:
        KindMissing: no kind program.
        EngineMissing: kind finds no container engine.
    """
    done = _look(settings, "get", "clusters")
    if done.returncode != 0:
        raise errors.EngineMissing(
            f"No container engine answers kind: {_last_line(done.stderr)}",
            "Start Docker or Podman, or name another cluster with --podshare-provider=existing.",
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
            "Install kind (0.30 or newer), or name it with --podshare-kind-bin.",
        )
    return Path(found).resolve()


@contextlib.contextmanager
def _locked(settings: KindSettings) -> Iterator[None]:
    """One process at a time makes or deletes this cluster."""
    settings.folder.mkdir(parents=True, exist_ok=True)
    patience = settings.timeouts.create + settings.timeouts.delete
    try:
        with filelock.FileLock(settings.folder / "lock", timeout=patience):
            yield
    except filelock.Timeout:
        raise errors.ClusterCreateFailed(
            f"Another run has been working on cluster {settings.name} for {patience:.0f} s.",
            "Wait for it, or give this run a name of its own with --podshare-cluster-name.",
        ) from None


def _create(settings: KindSettings, deadline: Deadline) -> None:
    settings.kubeconfig.unlink(missing_ok=True)
    settings.log.unlink(missing_ok=True)
    config = settings.config or settings.folder / "kind.yaml"
    if settings.config is None:
        config.write_text(kind_config.default(settings.image, settings.nodes))
    elif not config.exists():
        raise errors.ClusterCreateFailed(
            f"There is no kind configuration {config}.", "Give a file with --podshare-kind-config."
        )
    engine = _engine(settings)
    # said before it is made, so that a run that is interrupted knows what to clean up
    settings.maker.write_text(settings.run_id)
    try:
        with _bounded(settings, deadline.left) as expired:
            engine.create(config_file=config)
    except BaseException as error:
        _remove_half_made(settings, engine)
        if isinstance(error, subprocess.CalledProcessError):
            raise _create_failed(settings, error.returncode, expired.is_set()) from None
        raise


def _remove_half_made(settings: KindSettings, engine: Any) -> None:
    """Remove what kind made before it failed or was stopped; never raises.

    kind does so itself when it fails, not when it is stopped; and a node that it asked the engine
    for may appear after it is dead, so that one look is not enough.
    """
    looks = 0

    def looks_without_it() -> int:
        nonlocal looks
        looks += 1
        if settings.name in clusters(settings):
            looks = 0
            engine.delete()
        return looks

    with contextlib.suppress(subprocess.CalledProcessError, errors.PodshareError):
        deadline = Deadline(settings.timeouts.delete)
        poll(looks_without_it, until=lambda n: n >= _QUIET, deadline=deadline, first=0.7, most=0.7)
        settings.maker.unlink(missing_ok=True)


def _create_failed(settings: KindSettings, code: int, late: bool) -> errors.ClusterCreateFailed:
    how = (
        f"did not end within {settings.timeouts.create:.0f} s"
        if late
        else f"failed with exit code {code}"
    )
    return errors.ClusterCreateFailed(
        f"kind create cluster --name {settings.name} {how}: {_last_words(settings)}",
        f"Read what kind said in {settings.log}; what it had made was removed.",
    )


@contextlib.contextmanager
def _bounded(settings: KindSettings, seconds: float) -> Iterator[threading.Event]:
    """Stop kind when the time is over: pytest-kind itself would wait for it for ever."""
    expired = threading.Event()

    def stop() -> None:
        expired.set()
        with contextlib.suppress(OSError, ValueError):
            os.kill(int((settings.folder / "pid").read_text()), signal.SIGTERM)

    timer = threading.Timer(seconds, stop)
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()


def _engine(settings: KindSettings) -> Any:
    """pytest-kind's cluster, given our kind and our kubeconfig."""
    # here, because it brings a client and an HTTP library of its own that most runs never need
    from pytest_kind import KindCluster

    shim = settings.folder / "kind"
    kind = find_kind(settings.kind_bin)
    shim.write_text(
        _SHIM.format(folder=shlex.quote(str(settings.folder)), kind=shlex.quote(str(kind)))
    )
    shim.chmod(0o700)
    cluster = KindCluster(
        settings.name, kubeconfig=settings.kubeconfig, image=settings.image, kind_path=shim
    )
    # it makes a folder in the working directory for the programs it would download
    for folder in (cluster.path, cluster.path.parent):
        with contextlib.suppress(OSError):
            folder.rmdir()
    return cluster


def _write_kubeconfig(settings: KindSettings) -> None:
    """Ask kind for the kubeconfig: a cluster may be there and its file not."""
    done = _look(settings, "get", "kubeconfig", "--name", settings.name)
    if done.returncode != 0:
        raise errors.ClusterUnreachable(
            f"kind gives no kubeconfig for cluster {settings.name}: {_last_line(done.stderr)}",
            f"Delete what is left of it: kind delete cluster --name {settings.name}",
        )
    draft = settings.kubeconfig.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(done.stdout)
    draft.replace(settings.kubeconfig)


def _look(settings: KindSettings, *arguments: str) -> subprocess.CompletedProcess[str]:
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


def _last_words(settings: KindSettings) -> str:
    try:
        return _last_line(settings.log.read_text(errors="replace"))
    except FileNotFoundError:
        return "it said nothing"


def _last_line(text: str) -> str:
    """The line of kind's output that says what went wrong: its ERROR line, else the last."""
    lines = [line.strip() for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()]
    lines = [line for line in lines if line]
    told = [line for line in lines if line.startswith("ERROR")]
    return (told or lines or ["it said nothing"])[-1].removeprefix("ERROR: ")
