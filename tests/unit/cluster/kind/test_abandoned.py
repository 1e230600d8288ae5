"""Which kind clusters go with what lies beside them; the real kind is used in tests/faults."""

import signal
import subprocess

import pytest

from pytest_podshare.cluster import processes
from pytest_podshare.cluster.kind import abandoned, binary, creation_record, provider
from pytest_podshare.cluster.kind.binary import KindSettings
from pytest_podshare.cluster.kind.users import ClusterUser, ClusterUsers
from pytest_podshare.cluster.ownership import Disposition

# it has a cluster as long as its file is there, and notes what it is asked to delete
KIND = """#!/bin/sh
cd {folder}
case "$*" in
    "get clusters") [ ! -e there ] || echo t;;
    "get kubeconfig"*) cat there;;
    "delete"*) echo deleted >>calls; rm -f there;;
esac
"""
OURS, THEIRS = (
    f"clusters: [{{cluster: {{certificate-authority-data: {name}}}}}]\n"
    for name in ("ours", "theirs")
)


@pytest.fixture
def settings(tmp_path):
    """A cluster that a killed run has left: it is there, and nobody uses it."""
    program = tmp_path / "kind-program"
    program.write_text(KIND.format(folder=tmp_path))
    program.chmod(0o755)
    its = KindSettings.of("t", tmp_path / "state", kind_bin=program)
    with provider.locked(its):
        (tmp_path / "there").write_text(OURS)
        its.kubeconfig.write_text(OURS)
        its.leases.mkdir()
        creation_record.write(
            its, creation_record.CreationRecord("r1", None, None, False, "me@here")
        )
    return its


def cleared(settings, **how):
    """What became of it, and whether kind was asked to delete it."""
    fate = abandoned.clear(settings, binary.clusters(settings), **how)
    calls = settings.kind_bin.parent / "calls"
    return fate, calls.exists()


def test_what_a_killed_run_left_goes_with_its_files(settings):
    """The lock stays, for others may wait for it, and kind's log; the next look finds nothing."""
    assert abandoned.orphans(settings.state) == ("t",)

    fate, deleted = cleared(settings)

    assert fate == Disposition(True, "run r1 of me@here has ended")
    assert deleted
    assert sorted(path.name for path in settings.folder.iterdir()) == ["kind.log", "lock"]
    assert abandoned.names(settings.state) == ("t",)
    assert abandoned.orphans(settings.state) == ()
    assert cleared(settings)[0] is None


def test_a_dry_run_changes_nothing(settings):
    """It says what would become of it."""
    before = sorted(settings.folder.iterdir())

    fate, deleted = cleared(settings, dry=True)

    assert fate.goes
    assert not deleted
    assert sorted(settings.folder.iterdir()) == before


def test_a_cluster_in_use_stays(settings):
    """As long as the process of one lease runs."""
    ClusterUsers(settings.leases).take(ClusterUser("r2", processes.this()))

    assert abandoned.orphans(settings.state) == ()
    assert cleared(settings) == (Disposition(False, "run r2 uses it"), False)


def test_a_cluster_that_a_process_works_on_stays(settings):
    """It may be taking a lease right now."""
    with provider.locked(settings):
        fate, deleted = cleared(settings)

    assert fate == Disposition(False, "another process works on it")
    assert not deleted


def test_a_kept_cluster_stays_until_its_run_is_named(settings):
    """Whoever kept it wants it."""
    creation_record.write(settings, creation_record.CreationRecord("r1", None, None, True))

    assert abandoned.orphans(settings.state) == ()
    assert cleared(settings) == (Disposition(False, "it is kept"), False)
    assert cleared(settings, named="r2") == (Disposition(False, "it is kept"), False)
    assert cleared(settings, named="r1") == (
        Disposition(True, "run r1 of somebody has ended"),
        True,
    )


@pytest.mark.parametrize("how", ["no record", "another authority"])
def test_a_cluster_of_somebody_else_stays(settings, how):
    """Also one that took the name of ours after ours was deleted."""
    if how == "no record":
        settings.maker.unlink()
    else:
        (settings.kind_bin.parent / "there").write_text(THEIRS)

    assert cleared(settings) == (Disposition(False, "podshare did not make it"), False)


def test_files_of_a_cluster_that_is_gone_go(settings):
    """Somebody has deleted it by hand."""
    (settings.kind_bin.parent / "there").unlink()

    assert cleared(settings) == (None, False)
    assert [path.name for path in settings.folder.iterdir()] == ["lock"]


def test_what_a_killed_run_was_writing_goes_from_a_cluster_that_stays(settings):
    """Drafts, and images on their way to the nodes, which are large."""
    creation_record.write(settings, creation_record.CreationRecord("r1", None, None, True))
    drafts = (settings.folder / "kubeconfig.new", settings.leases / "r1-1.new")
    for draft in drafts:
        draft.touch()
    images = settings.folder / "images-abc"
    images.mkdir()
    (images / "images.tar").touch()

    cleared(settings)

    assert [path for path in (*drafts, images) if path.exists()] == []
    assert settings.kubeconfig.exists()
    assert settings.maker.exists()


@pytest.mark.slow
@pytest.mark.parametrize(("name", "stopped"), [("t", True), ("another", False)])
def test_a_kind_that_outlived_its_run_is_stopped_before_it_makes_more(settings, name, stopped):
    """Only pytest itself was killed; a program that has its id by now is left alone."""
    settings.kubeconfig.unlink()
    (settings.kind_bin.parent / "there").unlink()
    words = ["sh", "-c", "sleep 60; :", "create", "cluster", "--name", name]
    with subprocess.Popen(words) as orphan:
        (settings.folder / "pid").write_text(f"{orphan.pid}\n")

        fate, _ = cleared(settings)

        assert fate.goes
        if not stopped:
            assert orphan.poll() is None
            orphan.terminate()
        assert orphan.wait(10) == (-signal.SIGKILL if stopped else -signal.SIGTERM)
