"""The kind provider's dealings with a kind that is missing, broken, slow or interrupted.

These faults cannot be made with the real kind; the real one is used in tests/cluster.
"""

import os
import time
from pathlib import Path

import pytest
import yaml

from pytest_podshare import errors
from pytest_podshare.cluster import processes
from pytest_podshare.cluster.kind import binary, cluster_config, creation_record, find, provider
from pytest_podshare.cluster.kind.users import ClusterUser, ClusterUsers
from pytest_podshare.deadline import Timeouts

# it notes its calls, and there is a cluster from when it is created until it is deleted
HEAD = """#!/bin/sh
cd {folder}; echo "$*" >>calls
case "$1" in create) touch there;; delete) rm -f there;; esac
if [ "$*" = "get clusters" ] && [ -e there ]; then echo t; fi
"""


@pytest.fixture
def settings(tmp_path):
    """A function that makes settings around a shell script in place of kind."""

    def make(script, **more):
        program = tmp_path / "kind-program"
        program.write_text(HEAD.format(folder=tmp_path) + script)
        program.chmod(0o755)
        given = {
            "name": "t",
            "image": None,
            "config": None,
            "nodes": 1,
            "kind_bin": program,
            "run_id": "r1",
            "state": tmp_path / "state",
            "timeouts": Timeouts(create=5.0),
        }
        return binary.KindSettings(**{**given, **more})

    return make


@pytest.fixture
def calls(tmp_path):
    """What the kind program was called for, its first two words."""

    def read():
        return [
            " ".join(line.split()[:2]) for line in (tmp_path / "calls").read_text().splitlines()
        ]

    return read


def test_no_kind_program(settings):
    """It is said where it was looked for."""
    with pytest.raises(errors.KindMissing) as caught:
        provider.bring_up(settings("", kind_bin="/no/such/kind"))

    assert str(caught.value) == (
        "There is no kind program at /no/such/kind.\n"
        "Install kind (0.30 or newer), or name it with --podshare-kind-bin."
    )


def test_no_engine(settings):
    """What kind says of the engine is passed on in one line."""
    with pytest.raises(errors.EngineMissing) as caught:
        provider.bring_up(settings("echo 'ERROR: failed to list clusters: no docker' >&2; exit 1"))

    assert str(caught.value).splitlines()[0] == (
        "No container engine answers kind: failed to list clusters: no docker"
    )


@pytest.mark.slow
def test_kind_fails_half_way(settings, calls):
    """The reason is kind's own, what it had made is removed, and nobody is left as its maker."""
    broken = settings(
        'case "$1" in create) echo "✓ Preparing nodes" >&2;'
        ' echo "ERROR: failed to create cluster: no space" >&2; exit 1;; esac'
    )

    with pytest.raises(errors.ClusterCreateFailed) as caught:
        provider.bring_up(broken)

    assert str(caught.value) == (
        "kind create cluster --name t failed with exit code 1: failed to create cluster: no space\n"
        f"Read what kind said in {broken.log}; what it had made was removed."
    )
    assert "delete cluster" in calls()
    assert creation_record.read(broken) is None
    assert not broken.kubeconfig.exists()
    assert "✓ Preparing nodes" in broken.log.read_text()


@pytest.mark.slow
def test_kind_takes_too_long(settings, calls):
    """It is stopped at the deadline, and what it had made is removed."""
    slow = settings('[ "$1" != create ] || exec sleep 60', timeouts=Timeouts(create=0.5))
    begun = time.monotonic()

    with pytest.raises(errors.ClusterCreateFailed, match="did not end within 0 s"):
        provider.bring_up(slow)

    assert time.monotonic() - begun < 30
    assert "delete cluster" in calls()


@pytest.mark.slow
def test_the_working_directory_stays_clean(settings, tmp_path, monkeypatch):
    """pytest-kind would leave a folder there."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)

    with pytest.raises(errors.ClusterCreateFailed):
        provider.bring_up(settings('[ "$1" != create ]'))

    assert os.listdir(here) == []


BROKEN = """
case "$*" in
    "get clusters") [ -e gone ] || echo t;;
    delete*) touch gone;;
    *) echo "ERROR: no node" >&2; exit 1;;
esac
"""


def test_a_broken_cluster_of_somebody_else_is_left_alone(settings, calls):
    """It is said what is the matter with it, and how its owner may remove it."""
    with pytest.raises(errors.ClusterUnfit) as caught:
        provider.bring_up(settings(BROKEN))

    assert str(caught.value) == (
        "Cluster t will not do: kind gives no kubeconfig for it: no node; "
        "and podshare did not make it.\n"
        "Give this run a name of its own with --podshare-cluster-name, or delete what is there: "
        "kind delete cluster --name t"
    )
    assert "delete cluster" not in calls()


@pytest.mark.slow
def test_a_broken_cluster_of_ours_is_replaced_unless_it_is_used(settings, calls):
    """What a killed run left half made goes, and another is made; not under another run's feet."""
    broken = settings(BROKEN)
    broken.folder.mkdir(parents=True)
    creation_record.write(broken, creation_record.CreationRecord.asked(broken, kept=False))
    leases, user = ClusterUsers(broken.leases), ClusterUser("another", processes.this())
    leases.take(user)

    with pytest.raises(errors.ClusterUnfit, match="no node; and it is in use"):
        provider.bring_up(broken)

    assert "delete cluster" not in calls()
    leases.give_back(user)
    with pytest.raises(errors.ClusterCreateFailed, match="no node"):
        provider.bring_up(broken)
    assert calls().index("delete cluster") < calls().index("create cluster")


def test_what_is_not_asked_for_is_always_right(settings, tmp_path):
    """And what is asked for has to be what a cluster was made of."""
    config = tmp_path / "config.yaml"
    config.write_text("kind: Cluster\n")
    asked = settings("", image="podshare/node:v1", config=config)
    there = creation_record.CreationRecord.asked(asked, kept=True)

    assert creation_record.unlike(there, asked) is None
    assert creation_record.unlike(there, settings("")) is None
    assert creation_record.unlike(there, settings("", image="podshare/node:v2")) == (
        "it is made of podshare/node:v1, not of podshare/node:v2"
    )
    config.write_text("kind: Cluster\nnodes: []\n")
    assert creation_record.unlike(there, asked) == f"it was not made with {config} as that is now"


def test_a_cluster_that_took_the_name_of_ours_is_not_ours(settings):
    """Another certificate authority has signed for it, so that it is never deleted."""
    ca = "{{clusters: [{{cluster: {{certificate-authority-data: {}}}}}]}}"
    there = settings(f'[ "$1" != get ] || echo "{ca.format("theirs")}"')
    there.folder.mkdir(parents=True)
    for authority, ours in (("theirs", True), ("mine", False)):
        there.kubeconfig.write_text(ca.format(authority))
        creation_record.write(there, creation_record.CreationRecord.asked(there, kept=True))

        find.write_kubeconfig(there)

        assert (creation_record.read(there) is not None) is ours


@pytest.mark.slow
def test_a_configuration_is_found_wherever_kind_runs(settings, tmp_path, monkeypatch):
    """A relative path means what it means to the user, and not to the program in between."""
    monkeypatch.chdir(tmp_path)
    Path("mine.yaml").touch()

    with pytest.raises(errors.ClusterCreateFailed):
        provider.bring_up(settings('[ "$1" != create ]', config=Path("mine.yaml")))

    assert f"--config {tmp_path}/mine.yaml" in (tmp_path / "calls").read_text()


def test_a_missing_configuration_is_named_before_anything_is_made(settings, calls):
    """A typing error costs no half-made cluster."""
    with pytest.raises(errors.ClusterCreateFailed, match="There is no kind configuration"):
        provider.bring_up(settings("", config=Path("/no/such.yaml")))

    assert calls() == ["get clusters"]


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("kindest/node:v1.36.3@sha256:0a1b", (1, 36)),
        ("registry.example:5000/kindest/node:v1.34.4", (1, 34)),
        ("podshare/node:v1.36.3-0123456789ab", (1, 36)),
        ("podshare/node:latest", None),
        (None, None),
    ],
)
def test_the_version_is_read_off_the_images_tag(image, version):
    """It decides which of the kubelet's settings exist."""
    assert cluster_config.version(image) == version


def test_an_older_kubelet_is_not_given_what_it_refuses():
    """Before 1.35 the back-off cap stands behind a gate, and the kubelet would not start."""
    new, old = (cluster_config.kubelet(f"kindest/node:v1.{minor}.0") for minor in (36, 34))

    assert set(new) - set(old) == {"crashLoopBackOff", "failCgroupV1"}
    assert old["volumeStatsAggPeriod"] == "10s"


def test_every_node_takes_pods():
    """kind would keep the control plane of several nodes free of them."""
    config = yaml.safe_load(cluster_config.default(None, nodes=2))

    assert [node["role"] for node in config["nodes"]] == ["control-plane", "worker"]
    assert any("taints: []" in patch for patch in config["kubeadmConfigPatches"])


def test_both_formats_of_kubeadm_say_the_same():
    """kind applies the one of the node's version; 1.36 takes lists, and those before it do not."""
    old, new = cluster_config.control_plane()

    assert (old["apiVersion"], new["apiVersion"]) == (
        "kubeadm.k8s.io/v1beta3",
        "kubeadm.k8s.io/v1beta4",
    )
    for component in ("controllerManager", "scheduler"):
        listed = new[component]["extraArgs"]
        assert old[component]["extraArgs"] == {each["name"]: each["value"] for each in listed}


@pytest.mark.parametrize(
    ("config", "nodes"),
    [
        (cluster_config.default(None, nodes=2), 2),
        ("kind: Cluster\nnodes: [{role: control-plane}, {role: worker}, {role: worker}]\n", 3),
        ("kind: Cluster\n", 1),
        ("nodes: []\n", 1),
        ("", 1),
    ],
)
def test_the_nodes_of_a_configuration_are_counted(config, nodes):
    """As many are waited for; one that names none makes one."""
    assert cluster_config.nodes(config) == nodes
