"""Files with credentials, or that the next run trusts, are accessible only to their owner."""

import os
import stat

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster.kind import creation_record, find, provider
from pytest_podshare.cluster.kind.creation_record import CreationRecord
from pytest_podshare.cluster.kind.settings import KindSettings
from pytest_podshare.deadline import Timeouts

KUBECONFIG = "clusters: [{cluster: {certificate-authority-data: QQ==}}]"


@pytest.fixture(autouse=True)
def _open_umask():
    """Set the umask that grants every access."""
    previous = os.umask(0)
    yield
    os.umask(previous)


@pytest.fixture
def settings(tmp_path):
    """Return settings with a kind program that returns a kubeconfig and otherwise fails."""
    program = tmp_path / "kind-program"
    program.write_text(f"#!/bin/sh\n[ $1 = get ] || exit 1\necho '{KUBECONFIG}'\n")
    program.chmod(0o755)
    return KindSettings(
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
    """Return the permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.slow
def test_the_folder_of_a_cluster_is_accessible_only_to_its_owner(settings):
    """So are the parents that were created, or someone could replace it."""
    with pytest.raises(errors.ClusterError):
        provider.acquire(settings)

    folders = (settings.folder, settings.state, settings.state.parent)
    assert [mode(folder) for folder in folders] == [0o700] * 3


@pytest.mark.slow
def test_an_existing_folder_loses_the_access_of_others(settings):
    """An earlier version, or another umask, may have created it."""
    settings.folder.mkdir(parents=True)
    assert mode(settings.folder) == 0o777

    with pytest.raises(errors.ClusterError):
        provider.acquire(settings)

    assert mode(settings.folder) == 0o700


@pytest.mark.parametrize("has_draft", [False, True])
def test_a_kubeconfig_is_accessible_only_to_its_owner(settings, has_draft):
    """An interrupted run may have left a draft with another mode."""
    settings.folder.mkdir(parents=True)
    if has_draft:
        settings.kubeconfig.with_suffix(".new").touch(mode=0o666)

    find.export_kubeconfig(settings)

    assert settings.kubeconfig.read_text().strip() == KUBECONFIG
    assert mode(settings.kubeconfig) == 0o600


def test_a_creation_record_is_accessible_only_to_its_owner(settings):
    """By it a run decides which clusters it may delete."""
    settings.folder.mkdir(parents=True)

    creation_record.write(settings, CreationRecord("r1", None, None, False))

    assert mode(settings.record_file) == 0o600
