"""Making a kind cluster through pytest-kind, and unmaking one that is half made.

What pytest-kind leaves open is settled here: what kind said when it failed, a bound on its time, a
clean working directory, and what is left when it is stopped.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_podshare import errors
from pytest_podshare.cluster.kind import cluster_config, creation_record, find
from pytest_podshare.cluster.kind.binary import KindSettings, clusters, find_kind, last_words
from pytest_podshare.deadline import Deadline, poll

# how many looks, most of a second apart, must find no trace of a half-made cluster
_QUIET = 3

_SHIM = """\
#!/bin/sh
# pytest-kind runs this in place of kind: it keeps what kind says, and its process id
cd {folder} && echo $$ >pid && exec {kind} "$@" 2>>kind.log
"""


def make(settings: KindSettings, deadline: Deadline, *, kept: bool) -> int:
    """Make the cluster and its kubeconfig file, or leave nothing of it.

    Args:
        settings: what it is made of.
        deadline: when to give up.
        kept: whether it is to stay when nobody uses it.

    Returns:
        How many nodes it has.

    Raises:
        KindMissing: no kind program.
        ClusterCreateFailed: kind gave up, or the deadline passed.
    """
    stop_orphan(settings)
    creation_record.forget(settings)
    settings.kubeconfig.unlink(missing_ok=True)
    settings.log.unlink(missing_ok=True)
    config = settings.config or settings.folder / "kind.yaml"
    if settings.config is None:
        config.write_text(cluster_config.default(settings.image, settings.nodes or 1))
    elif not config.exists():
        raise errors.ClusterCreateFailed(
            f"There is no kind configuration {config}.",
            errors.Remedy("Give a file with {}.", "kind-config"),
        )
    cluster = engine(settings)
    # said before it is made, so that a run that is interrupted knows what to clean up
    creation_record.write(settings, creation_record.CreationRecord.asked(settings, kept=kept))
    try:
        with bounded(settings, deadline.left) as expired:
            cluster.create(config_file=config.resolve())
        if not settings.kubeconfig.stat().st_size:
            find.write_kubeconfig(settings)
    except BaseException as error:
        remove_half_made(settings, cluster)
        if isinstance(error, subprocess.CalledProcessError):
            raise _create_failed(settings, error.returncode, expired.is_set()) from None
        raise
    return cluster_config.nodes(config.read_text())


def remove_half_made(settings: KindSettings, cluster: Any) -> None:
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
            cluster.delete()
        return looks

    with contextlib.suppress(subprocess.CalledProcessError, errors.PodshareError):
        deadline = Deadline(settings.timeouts.delete)
        poll(looks_without_it, until=lambda n: n >= _QUIET, deadline=deadline, first=0.7, most=0.7)
        creation_record.forget(settings)
        settings.kubeconfig.unlink(missing_ok=True)


def _create_failed(settings: KindSettings, code: int, late: bool) -> errors.ClusterCreateFailed:
    how = (
        f"did not end within {settings.timeouts.create:.0f} s"
        if late
        else f"failed with exit code {code}"
    )
    return errors.ClusterCreateFailed(
        f"kind create cluster --name {settings.name} {how}: {last_words(settings)}",
        f"Read what kind said in {settings.log}; what it had made was removed.",
    )


@contextlib.contextmanager
def bounded(settings: KindSettings, seconds: float) -> Iterator[threading.Event]:
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


def stop_orphan(settings: KindSettings) -> None:
    """Stop a kind whose run was killed: it would go on making the cluster, or delete the next one.

    Nobody else can have started it, for the cluster's lock is held.
    """
    with contextlib.suppress(OSError, ValueError):
        pid = int((settings.folder / "pid").read_text())
        # by now another program may have its id
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"cluster" in words and settings.name.encode() in words:
            os.kill(pid, signal.SIGKILL)


def engine(settings: KindSettings) -> Any:
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
