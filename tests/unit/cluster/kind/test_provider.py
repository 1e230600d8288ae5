"""The kind provider with a kind program that is missing, fails, is slow or is interrupted.

The real kind cannot be made to fail like this; tests/cluster uses it.
"""

import contextlib
import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster.kind import binary, creation_record, find, provider
from pytest_podshare.cluster.kind.creation_record import CreationRecord
from pytest_podshare.cluster.kind.settings import KindSettings
from pytest_podshare.cluster.kind.users import ClusterUser, ClusterUsers
from pytest_podshare.cluster.processes import Process
from pytest_podshare.deadline import Timeouts

# it logs its calls, and the cluster exists from its creation to its deletion
HEAD = """#!/bin/sh
cd {folder}; echo "$*" >>calls
case "$1" in create) touch exists;; delete) rm -f exists;; esac
if [ "$*" = "get clusters" ] && [ -e exists ]; then echo t; fi
"""


@pytest.fixture
def settings(tmp_path):
    """Return a function that returns settings with a shell script as the kind program."""

    def build(script, **options):
        program = tmp_path / "kind-program"
        program.write_text(HEAD.format(folder=tmp_path) + script)
        program.chmod(0o755)
        defaults = {
            "name": "t",
            "image": None,
            "config": None,
            "nodes": 1,
            "kind_bin": program,
            "run_id": "r1",
            "state": tmp_path / "state",
            "timeouts": Timeouts(create=5.0),
        }
        return KindSettings(**{**defaults, **options})

    return build


@pytest.fixture
def calls(tmp_path):
    """Return a function that returns the first two words of each call of the kind program."""

    def read():
        return [
            " ".join(line.split()[:2]) for line in (tmp_path / "calls").read_text().splitlines()
        ]

    return read


def record(settings, *, kept):
    """Write the record of a cluster that podshare has created."""
    settings.folder.mkdir(parents=True)
    creation_record.write(settings, CreationRecord.for_settings(settings, kept=kept))


def test_a_missing_kind_program_is_an_error_that_says_where_it_was_expected(settings):
    """It also says how to set its path."""
    with pytest.raises(errors.KindMissing) as caught:
        provider.acquire(settings("", kind_bin="/no/such/kind"))

    assert str(caught.value) == (
        "The kind program was not found at /no/such/kind.\n"
        "Install kind 0.30 or newer, or set its path with --podshare-kind-bin."
    )


def test_a_missing_engine_is_an_error_with_the_message_of_kind(settings):
    """It fits on one line."""
    with pytest.raises(errors.EngineMissing) as caught:
        provider.acquire(settings("echo 'ERROR: failed to list clusters: no docker' >&2; exit 1"))

    assert str(caught.value).splitlines()[0] == (
        "kind cannot use Docker: failed to list clusters: no docker"
    )


@pytest.mark.slow
def test_when_kind_fails_the_incomplete_cluster_is_removed(settings, calls):
    """The error has kind's message, and no record remains."""
    broken = settings(
        'case "$1" in create) echo "✓ Preparing nodes" >&2;'
        ' echo "ERROR: failed to create cluster: no space" >&2; exit 1;; esac'
    )

    with pytest.raises(errors.ClusterCreateFailed) as caught:
        provider.acquire(broken)

    assert str(caught.value) == (
        "`kind create cluster --name t` failed with exit code 1: "
        "failed to create cluster: no space\n"
        f"Read kind's messages in {broken.log}; the incomplete cluster was removed."
    )
    assert "delete cluster" in calls()
    assert creation_record.read(broken) is None
    assert not broken.kubeconfig.exists()
    assert "✓ Preparing nodes" in broken.log.read_text()


@pytest.mark.slow
def test_when_kind_takes_too_long_it_is_stopped(settings, calls):
    """The incomplete cluster is removed."""
    slow = settings('[ "$1" != create ] || exec sleep 60', timeouts=Timeouts(create=0.5))
    started = time.monotonic()

    with pytest.raises(errors.ClusterCreateFailed, match="did not finish within 0 s"):
        provider.acquire(slow)

    assert time.monotonic() - started < 30
    assert "delete cluster" in calls()


@pytest.mark.slow
def test_the_working_directory_stays_clean(settings, tmp_path, monkeypatch):
    """The folder that pytest-kind creates there is removed."""
    folder = tmp_path / "working-directory"
    folder.mkdir()
    monkeypatch.chdir(folder)

    with pytest.raises(errors.ClusterCreateFailed):
        provider.acquire(settings('[ "$1" != create ]'))

    assert os.listdir(folder) == []


BROKEN = """
case "$*" in
    "get clusters") [ -e gone ] || echo t;;
    delete*) touch gone;;
    *) echo "ERROR: no node" >&2; exit 1;;
esac
"""


def test_a_broken_cluster_that_podshare_did_not_create_is_left_alone(settings, calls, tmp_path):
    """The error says what is wrong, and how to delete the cluster."""
    with pytest.raises(errors.ClusterUnfit) as caught:
        provider.acquire(settings(BROKEN))

    assert str(caught.value) == (
        "Cluster 't' cannot be used: kind returned no kubeconfig for it: no node. "
        "podshare did not create this cluster and will not replace it.\n"
        "Choose another cluster name with --podshare-cluster-name, or delete this cluster: "
        f"{tmp_path / 'kind-program'} delete cluster --name t"
    )
    assert "delete cluster" not in calls()


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """Return a function that puts a shell script on PATH as the container engine.

    It logs what it is to start, and lists a worker in this state.
    """

    def install(state, script="exit 0"):
        program = tmp_path / "bin" / "docker"
        program.parent.mkdir()
        states = {"t-control-plane": "running", "t-worker": state}
        listing = [json.dumps({"Names": name, "State": word}) for name, word in states.items()]
        (tmp_path / "listing").write_text("\n".join(listing))
        program.write_text(
            f"#!/bin/sh\ncase $1 in\nps) cat {tmp_path}/listing;;\n"
            f'start) echo "$*" >>{tmp_path}/started; {script};;\nesac\n'
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
        monkeypatch.delenv("KIND_EXPERIMENTAL_PROVIDER", raising=False)
        return tmp_path / "started"

    return install


@pytest.mark.parametrize(
    ("state", "reason"),
    [("exited", "node t-worker has exited"), ("paused", "node t-worker is paused")],
)
def test_a_cluster_of_someone_else_with_a_stopped_node_cannot_be_used(
    settings, engine, state, reason
):
    """The reason is the state that the engine reports, and no node is started."""
    started = engine(state)

    with pytest.raises(errors.ClusterUnfit, match=f"^Cluster 't' cannot be used: {reason}[.] "):
        provider.acquire(settings(BROKEN))

    assert not started.exists()


def test_a_stopped_cluster_of_podshare_is_started_unless_it_is_in_use(settings, engine):
    """Another run may have stopped the node on purpose."""
    started = engine("exited")
    stopped = settings('[ "$*" != "get clusters" ] || echo t')
    record(stopped, kept=True)
    users, user = ClusterUsers(stopped.users_folder), ClusterUser("another", Process.current())
    users.register(user)

    with pytest.raises(errors.ClusterUnfit, match=r"t-worker has exited\. Another run is using it"):
        provider.acquire(stopped)

    assert not started.exists()
    users.unregister(user)
    with pytest.raises(find.UnusableCluster):
        # the kubeconfig of this kind program is empty
        find.find_cluster(stopped)
    assert started.read_text() == "start t-worker\n"


def test_a_stopped_cluster_that_does_not_start_cannot_be_used(settings, engine):
    """The reason is the engine's, for example that another program has taken the port."""
    engine("exited", "echo 'port is already allocated' >&2; exit 1")
    stopped = settings('[ "$*" != "get clusters" ] || echo t')
    record(stopped, kept=True)

    with pytest.raises(find.UnusableCluster) as caught:
        find.find_cluster(stopped)

    assert str(caught.value) == (
        "The container engine could not start t-worker: port is already allocated"
    )


@pytest.mark.slow
def test_a_broken_cluster_of_podshare_is_replaced_unless_it_is_in_use(settings, calls):
    """A killed run may have left it incomplete."""
    broken = settings(BROKEN)
    record(broken, kept=False)
    users, user = ClusterUsers(broken.users_folder), ClusterUser("another", Process.current())
    users.register(user)

    with pytest.raises(errors.ClusterUnfit, match=r"no node\. Another run is using it"):
        provider.acquire(broken)

    assert "delete cluster" not in calls()
    users.unregister(user)
    with pytest.raises(errors.ClusterCreateFailed, match="no node"):
        provider.acquire(broken)
    assert calls().index("delete cluster") < calls().index("create cluster")


def test_a_cluster_satisfies_settings_that_do_not_restrict_it(settings, tmp_path):
    """An image or a configuration in the settings must be the one of its creation."""
    config = tmp_path / "config.yaml"
    config.write_text("kind: Cluster\n")
    created = settings("", image="podshare/node:v1", config=config)
    record = CreationRecord.for_settings(created, kept=True)

    assert record.difference(created) is None
    assert record.difference(settings("")) is None
    assert record.difference(settings("", image="podshare/node:v2")) == (
        "its node image is podshare/node:v1, not podshare/node:v2"
    )
    config.write_text("kind: Cluster\nnodes: []\n")
    assert record.difference(created) == (
        f"it was not created with the current content of {config}"
    )


def test_the_record_is_deleted_when_another_cluster_has_taken_the_name(settings):
    """Another certificate authority shows that; without a record the cluster is never deleted."""
    kubeconfig = "{{clusters: [{{cluster: {{certificate-authority-data: {}}}}}]}}"
    existing = settings(f'[ "$1" != get ] || echo "{kubeconfig.format("theirs")}"')
    existing.folder.mkdir(parents=True)
    for authority, has_record in (("theirs", True), ("mine", False)):
        existing.kubeconfig.write_text(kubeconfig.format(authority))
        creation_record.write(existing, CreationRecord.for_settings(existing, kept=True))

        find.export_kubeconfig(existing)

        assert (creation_record.read(existing) is not None) is has_record


@pytest.mark.slow
def test_a_relative_path_of_a_configuration_refers_to_the_working_directory(
    settings, tmp_path, monkeypatch
):
    """kind itself runs in another one."""
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").touch()

    with pytest.raises(errors.ClusterCreateFailed):
        provider.acquire(settings('[ "$1" != create ]', config=Path("mine.yaml")))

    assert f"--config {tmp_path}/mine.yaml" in (tmp_path / "calls").read_text()


def test_a_missing_configuration_file_is_an_error_before_kind_creates_anything(settings, calls):
    """A typo costs no incomplete cluster."""
    with pytest.raises(errors.ClusterCreateFailed, match=r"/no/such\.yaml does not exist"):
        provider.acquire(settings("", config=Path("/no/such.yaml")))

    assert calls() == ["get clusters"]


def test_a_printed_command_works_in_another_shell(settings, tmp_path, monkeypatch):
    """It names the engine and the program, which that shell may not know."""
    monkeypatch.setenv("KIND_EXPERIMENTAL_PROVIDER", "podman")
    monkeypatch.setenv("DOCKER_HOST", "unix:///a b.sock")
    broken = settings('echo "$KIND_EXPERIMENTAL_PROVIDER $DOCKER_HOST"')
    command = binary.format_delete(broken)

    shell = subprocess.run(["sh", "-c", command], env={}, capture_output=True, text=True)

    assert shell.stdout == "podman unix:///a b.sock\n"
    assert (tmp_path / "calls").read_text() == "delete cluster --name t\n"


def test_the_usual_kind_is_named_without_its_path(settings, tmp_path, monkeypatch):
    """Every shell finds it; control: one in another folder."""
    for name in ("KIND_EXPERIMENTAL_PROVIDER", "DOCKER_HOST"):
        monkeypatch.delenv(name, raising=False)
    program = tmp_path / "bin" / "kind"
    program.parent.mkdir()
    program.touch(0o755)
    program.write_text("#!/bin/sh\n")
    monkeypatch.setenv("PATH", str(program.parent))
    on_path = settings("", kind_bin=None)
    assert binary.format_delete(on_path) == f"{program} delete cluster --name t"
    monkeypatch.setattr(binary, "_USUAL_PATH", str(program.parent))
    assert binary.format_delete(on_path) == "kind delete cluster --name t"


@pytest.mark.parametrize(("code", "provider_used"), [(0, "podman"), (125, "")])
def test_podman_is_used_where_only_podman_answers(
    settings, tmp_path, monkeypatch, code, provider_used
):
    """Without an option; control: a Podman that does not answer either."""
    for name in ("DOCKER_HOST", "KIND_EXPERIMENTAL_PROVIDER"):
        monkeypatch.setenv(name, "")
    podman = tmp_path / "bin" / "podman"
    podman.parent.mkdir()
    podman.write_text(f"#!/bin/sh\nexit {code}\n")
    podman.chmod(0o755)
    monkeypatch.setenv("PATH", f"{podman.parent}{os.pathsep}{os.environ['PATH']}")
    only_podman = settings(
        '[ -n "$KIND_EXPERIMENTAL_PROVIDER" ] || { echo "ERROR: no docker" >&2; exit 1; }'
    )

    with contextlib.suppress(errors.EngineMissing):
        binary.list_clusters(only_podman)

    assert os.environ["KIND_EXPERIMENTAL_PROVIDER"] == provider_used
