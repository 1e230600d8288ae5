"""The default provider: a kind cluster of our own, and a kubeconfig file for it alone."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator

import filelock
import yaml

from pytest_podshare import errors
from pytest_podshare.cluster import making, record
from pytest_podshare.cluster.kind_program import KindSettings, clusters, last_line, last_words, look
from pytest_podshare.deadline import Deadline


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
        if settings.name not in clusters(settings):
            making.make(settings, deadline)
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
        created=made_by(settings) == settings.run_id,
    )


def delete(settings: KindSettings) -> None:
    """Delete the cluster and its files; one that is not there is deleted already.

    Raises:
        ClusterError: kind could not.
    """
    with _locked(settings):
        try:
            with making.bounded(settings, settings.timeouts.delete):
                making.engine(settings).delete()
        except subprocess.CalledProcessError:
            raise errors.ClusterCreateFailed(
                f"kind could not delete cluster {settings.name}: {last_words(settings)}",
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


def _write_kubeconfig(settings: KindSettings) -> None:
    """Ask kind for the kubeconfig: a cluster may be there and its file not."""
    done = look(settings, "get", "kubeconfig", "--name", settings.name)
    if done.returncode != 0:
        raise errors.ClusterUnreachable(
            f"kind gives no kubeconfig for cluster {settings.name}: {last_line(done.stderr)}",
            f"Delete what is left of it: kind delete cluster --name {settings.name}",
        )
    draft = settings.kubeconfig.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(done.stdout)
    draft.replace(settings.kubeconfig)
