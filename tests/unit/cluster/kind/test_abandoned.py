"""Which abandoned kind clusters are deleted, with a fake kind; tests/faults uses the real one."""

import signal
import subprocess

import pytest

from pytest_podshare.cluster.kind import abandoned, binary, creation_record, provider
from pytest_podshare.cluster.kind.creation_record import CreationRecord
from pytest_podshare.cluster.kind.settings import KindSettings
from pytest_podshare.cluster.kind.users import ClusterUser, ClusterUsers
from pytest_podshare.cluster.ownership import Disposition
from pytest_podshare.cluster.processes import Process

# the cluster exists as long as the file `exists`; deletions are logged in `calls`
KIND = """#!/bin/sh
cd {folder}
case "$*" in
    "get clusters") [ ! -e exists ] || echo t;;
    "get kubeconfig"*) cat exists;;
    "delete"*) echo deleted >>calls; rm -f exists;;
esac
"""
KUBECONFIG, OTHER_KUBECONFIG = (
    f"clusters: [{{cluster: {{certificate-authority-data: {authority}}}}}]\n"
    for authority in ("podshare", "other")
)


@pytest.fixture
def settings(tmp_path):
    """Return settings of a cluster that a killed run has left: it exists, and nothing uses it."""
    program = tmp_path / "kind-program"
    program.write_text(KIND.format(folder=tmp_path))
    program.chmod(0o755)
    settings = KindSettings.by_name("t", tmp_path / "state", kind_bin=program)
    with provider.lock(settings):
        (tmp_path / "exists").write_text(KUBECONFIG)
        settings.kubeconfig.write_text(KUBECONFIG)
        settings.users_folder.mkdir()
        creation_record.write(settings, CreationRecord("r1", None, None, False, "me@here"))
    return settings


def remove(settings, **options):
    """Remove an abandoned cluster; also return whether kind has deleted it."""
    existing = binary.list_clusters(settings)
    disposition = abandoned.remove_if_abandoned(settings, existing, **options)
    return disposition, (settings.kind_bin.parent / "calls").exists()


def test_an_abandoned_cluster_is_deleted_with_its_files(settings):
    """The lock, for which others may wait, and kind's log stay."""
    assert abandoned.find_abandoned(settings.state) == ("t",)

    disposition, deleted = remove(settings)

    assert disposition == Disposition(True, "run r1 of me@here has ended")
    assert deleted
    assert sorted(path.name for path in settings.folder.iterdir()) == ["kind.log", "lock"]
    assert abandoned.list_names(settings.state) == ("t",)
    assert abandoned.find_abandoned(settings.state) == ()
    assert remove(settings)[0] is None


def test_a_dry_run_changes_nothing(settings):
    """It only returns the disposition."""
    before = sorted(settings.folder.iterdir())

    disposition, deleted = remove(settings, dry_run=True)

    assert disposition.removable
    assert not deleted
    assert sorted(settings.folder.iterdir()) == before


def test_a_cluster_in_use_stays(settings):
    """One running process is enough."""
    ClusterUsers(settings.users_folder).register(ClusterUser("r2", Process.current()))

    assert abandoned.find_abandoned(settings.state) == ()
    assert remove(settings) == (Disposition(False, "run r2 is using it"), False)


def test_a_locked_cluster_stays(settings):
    """The process that holds the lock may be about to register."""
    with provider.lock(settings):
        disposition, deleted = remove(settings)

    assert disposition == Disposition(False, "another process holds its lock")
    assert not deleted


def test_a_kept_cluster_stays_until_its_run_is_selected(settings):
    """Selecting another run is not enough."""
    creation_record.write(settings, CreationRecord("r1", None, None, True))

    assert abandoned.find_abandoned(settings.state) == ()
    assert remove(settings) == (Disposition(False, "it is kept"), False)
    assert remove(settings, selected_run="r2") == (Disposition(False, "it is kept"), False)
    assert remove(settings, selected_run="r1") == (
        Disposition(True, "run r1 of an unknown owner has ended"),
        True,
    )


@pytest.mark.parametrize("case", ["no record", "another authority"])
def test_a_cluster_that_podshare_did_not_create_stays(settings, case):
    """This includes one that took the name of a deleted cluster of podshare's."""
    if case == "no record":
        settings.record_file.unlink()
    else:
        (settings.kind_bin.parent / "exists").write_text(OTHER_KUBECONFIG)

    assert remove(settings) == (Disposition(False, "podshare did not create it"), False)


def test_the_files_of_a_cluster_that_no_longer_exists_are_removed(settings):
    """The cluster may have been deleted by hand."""
    (settings.kind_bin.parent / "exists").unlink()

    assert remove(settings) == (None, False)
    assert [path.name for path in settings.folder.iterdir()] == ["lock"]


def test_the_drafts_of_a_killed_run_are_removed_from_a_cluster_that_stays(settings):
    """They include the images that it was loading, which are large."""
    creation_record.write(settings, CreationRecord("r1", None, None, True))
    drafts = (settings.folder / "kubeconfig.new", settings.users_folder / "r1-1.new")
    for draft in drafts:
        draft.touch()
    images = settings.folder / "images-abc"
    images.mkdir()
    (images / "images.tar").touch()

    remove(settings)

    assert [path for path in (*drafts, images) if path.exists()] == []
    assert settings.kubeconfig.exists()
    assert settings.record_file.exists()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "killed"), [("t", True), ("another", False)])
def test_a_kind_program_that_outlived_its_run_is_killed(settings, name, killed):
    """Another program that has got its process ID is left alone."""
    settings.kubeconfig.unlink()
    (settings.kind_bin.parent / "exists").unlink()
    arguments = ["sh", "-c", "sleep 60; :", "create", "cluster", "--name", name]
    with subprocess.Popen(arguments) as program:
        (settings.folder / "pid").write_text(f"{program.pid}\n")

        disposition, _ = remove(settings)

        assert disposition.removable
        if not killed:
            assert program.poll() is None
            program.terminate()
        assert program.wait(10) == (-signal.SIGKILL if killed else -signal.SIGTERM)
