"""Create a kind cluster through pytest-kind, or remove one that was created only in part.

Adds what pytest-kind lacks: kind's error messages, a time limit, a clean working directory, and
the removal of a cluster whose creation is interrupted.
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
from pytest_podshare.cluster.kind import cluster_config, creation_record, find, node_logs
from pytest_podshare.cluster.kind.binary import find_kind, last_error, list_clusters
from pytest_podshare.cluster.kind.creation_record import CreationRecord
from pytest_podshare.cluster.kind.settings import KindSettings
from pytest_podshare.deadline import Deadline, poll

# how often in a row, most of a second apart, kind must not list a cluster that is removed
_ABSENCES = 3

_SHIM = """\
#!/bin/sh
# pytest-kind runs this instead of kind, to keep kind's process ID and messages, and nodes that fail
[ "$1" != create ] || set -- "$@" --retain
cd {folder} && echo $$ >pid && exec {kind} "$@" 2>>kind.log
"""


def create_cluster(settings: KindSettings, deadline: Deadline, *, keep: bool) -> int:
    """Create a cluster and its kubeconfig, or leave nothing behind.

    Args:
        settings: the cluster.
        deadline: when to give up.
        keep: whether the cluster stays when nothing uses it.

    Returns:
        How many nodes it has.

    Raises:
        ClusterError: kind is missing, failed, or did not finish before the deadline.
    """
    kill_orphan(settings)
    creation_record.delete(settings)
    settings.kubeconfig.unlink(missing_ok=True)
    settings.log.unlink(missing_ok=True)
    config = settings.config or settings.folder / "kind.yaml"
    if settings.config is None:
        config.write_text(cluster_config.default(settings.image, settings.nodes or 1))
    elif not config.exists():
        raise errors.ClusterCreateFailed(
            f"The kind configuration file {config} does not exist.",
            errors.Remedy("Set {} to an existing file.", "kind-config"),
        )
    cluster = pytest_kind_cluster(settings)
    # before the cluster, so that the next run can clean up after an interrupted one
    creation_record.write(settings, CreationRecord.for_settings(settings, kept=keep))
    try:
        with time_limit(settings, deadline.left) as expired:
            cluster.create(config_file=config.resolve())
        if not find.has_kubeconfig(settings):
            find.export_kubeconfig(settings)
    except BaseException as error:
        logs = None
        if isinstance(error, subprocess.CalledProcessError):
            logs = node_logs.export_logs(settings)
        remove_partial(settings, cluster)
        if isinstance(error, subprocess.CalledProcessError):
            code = None if expired.is_set() else error.returncode
            raise _create_failed(settings, code, logs) from None
        raise
    return cluster_config.count_nodes(config.read_text())


def _create_failed(
    settings: KindSettings, code: int | None, logs: Path | None
) -> errors.ClusterCreateFailed:
    """Return the error of a kind that failed with an exit code, or did not finish (None)."""
    how = f"failed with exit code {code}"
    if code is None:
        how = f"did not finish within {settings.timeouts.create:.0f} s"
    reasons = [node_logs.find_kubelet_error(logs) if logs else "", last_error(settings)]
    where = f", and the nodes' logs in {logs}" if logs else ""
    return errors.ClusterCreateFailed(
        f"`kind create cluster --name {settings.name}` {how}: {'; '.join(filter(None, reasons))}",
        f"Read kind's messages in {settings.log}{where}; the incomplete cluster was removed.",
    )


def remove_partial(settings: KindSettings, cluster: Any) -> None:
    """Remove what kind created before it failed or was stopped; never raise.

    A kind that is stopped does not clean up, and a node that it has requested from the engine may
    appear later: so look more than once.
    """
    absences = 0

    def count_absences() -> int:
        nonlocal absences
        absences += 1
        if settings.name in list_clusters(settings):
            absences = 0
            cluster.delete()
        return absences

    with contextlib.suppress(subprocess.CalledProcessError, errors.PodshareError):
        deadline = Deadline(settings.timeouts.delete)
        poll(count_absences, until=_ABSENCES.__le__, deadline=deadline, first=0.7, most=0.7)
        creation_record.delete(settings)
        settings.kubeconfig.unlink(missing_ok=True)


@contextlib.contextmanager
def time_limit(settings: KindSettings, seconds: float) -> Iterator[threading.Event]:
    """Stop kind after some time, since pytest-kind waits for it without a limit."""
    expired = threading.Event()

    def stop() -> None:
        expired.set()
        with contextlib.suppress(OSError, ValueError):
            os.kill(_read_pid(settings), signal.SIGTERM)

    timer = threading.Timer(seconds, stop)
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()


def kill_orphan(settings: KindSettings) -> None:
    """Kill a kind program whose run was killed, before it creates or deletes a cluster.

    It belongs to no live run, since the caller holds the lock of the cluster.
    """
    with contextlib.suppress(OSError, ValueError):
        pid = _read_pid(settings)
        # another program may have that ID by now
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"cluster" in arguments and settings.name.encode() in arguments:
            os.kill(pid, signal.SIGKILL)


def _read_pid(settings: KindSettings) -> int:
    return int((settings.folder / "pid").read_text())


def pytest_kind_cluster(settings: KindSettings) -> Any:
    """Return pytest-kind's object for the cluster, with podshare's kind program and kubeconfig."""
    # imported late, since it imports clients that most runs never need
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
    # it creates folders in the working directory for programs that it would download
    for folder in (cluster.path, cluster.path.parent):
        with contextlib.suppress(OSError):
            folder.rmdir()
    return cluster
