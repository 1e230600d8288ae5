"""Tests that files with credentials, or with state for the next run, are private to their owner."""

import os
import stat

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster.kind import binary, find, provider
from pytest_podshare.deadline import Timeouts

KUBECONFIG = "clusters: [{cluster: {certificate-authority-data: QQ==}}]"


@pytest.fixture(autouse=True)
def _open_umask():
    """Remove the umask, the worst case."""
    umask = os.umask(0)
    yield
    os.umask(umask)


@pytest.fixture
def settings(tmp_path):
    """Settings of a cluster whose kind program can only print a kubeconfig."""
    program = tmp_path / "kind-program"
    program.write_text(f"#!/bin/sh\n[ $1 = get ] || exit 1\necho '{KUBECONFIG}'\n")
    program.chmod(0o755)
    return binary.KindSettings(
        name="t",
        image=None,
        config=None,
        nodes=1,
        kind_bin=program,
        run_id="r1",
        state=tmp_path / "cache" / "podshare" / "clusters",
        timeouts=Timeouts(create=1.0, delete=1.0),
    )


def mode(path):
    """Return the permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_cluster_folder_is_private(settings):
    """So are the parent folders that were created, so no other user can replace it."""
    with pytest.raises(errors.ClusterError):
        provider.bring_up(settings)

    folders = (settings.folder, settings.state, settings.state.parent)
    assert [mode(folder) for folder in folders] == [0o700] * 3


def test_a_folder_that_others_can_read_becomes_private(settings):
    """An earlier version, or another umask, may have created it so."""
    settings.folder.mkdir(parents=True)
    assert mode(settings.folder) == 0o777

    with pytest.raises(errors.ClusterError):
        provider.bring_up(settings)

    assert mode(settings.folder) == 0o700


@pytest.mark.parametrize("stale", [False, True])
def test_a_kubeconfig_is_private(settings, stale):
    """So it is even if an interrupted run has left a draft that others can read."""
    settings.folder.mkdir(parents=True)
    if stale:
        settings.kubeconfig.with_suffix(".new").touch(mode=0o666)

    find.write_kubeconfig(settings)

    assert settings.kubeconfig.read_text().strip() == KUBECONFIG
    assert mode(settings.kubeconfig) == 0o600
