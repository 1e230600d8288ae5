"""Files that hold credentials, or what the next run takes as its own: for their owner alone."""

import os
import stat

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster.kind import binary, find, provider
from pytest_podshare.deadline import Timeouts

KUBECONFIG = "clusters: [{cluster: {certificate-authority-data: QQ==}}]"


@pytest.fixture(autouse=True)
def _open_umask():
    """The worst that an environment can do."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def settings(tmp_path):
    """A cluster whose kind gives a kubeconfig, and is of no other use."""
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
    """The permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.slow
def test_a_clusters_folder_is_for_its_owner_alone(settings):
    """With all of its parents that were made, so that nobody puts another in its place."""
    with pytest.raises(errors.ClusterError):
        provider.bring_up(settings)

    folders = (settings.folder, settings.state, settings.state.parent)
    assert [mode(each) for each in folders] == [0o700] * 3


@pytest.mark.slow
def test_a_folder_that_was_open_to_others_is_closed(settings):
    """As an earlier version, or another umask, may have left it."""
    settings.folder.mkdir(parents=True)
    assert mode(settings.folder) == 0o777

    with pytest.raises(errors.ClusterError):
        provider.bring_up(settings)

    assert mode(settings.folder) == 0o700


@pytest.mark.parametrize("stale", [False, True])
def test_a_kubeconfig_is_for_its_owner_alone(settings, stale):
    """Also where an interrupted run has left a draft that everybody may read."""
    settings.folder.mkdir(parents=True)
    if stale:
        settings.kubeconfig.with_suffix(".new").touch(mode=0o666)

    find.write_kubeconfig(settings)

    assert settings.kubeconfig.read_text().strip() == KUBECONFIG
    assert mode(settings.kubeconfig) == 0o600
