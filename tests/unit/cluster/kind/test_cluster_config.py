"""The kind configuration of podshare's own clusters."""

import pytest
import yaml

from pytest_podshare.cluster.kind import cluster_config

PATCHES = "kubeadmConfigPatches"


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
def test_the_version_is_parsed_from_the_tag_of_the_image(image, version):
    """It decides which settings the kubelet accepts."""
    assert cluster_config.parse_version(image) == version


def test_an_older_kubelet_gets_no_setting_that_it_rejects():
    """Before 1.35 the back-off cap is behind a feature gate, and the kubelet would not start."""
    new, old = (cluster_config.kubelet_patch(f"kindest/node:v1.{minor}.0") for minor in (36, 34))

    assert set(new) - set(old) == {"crashLoopBackOff", "failCgroupV1"}
    assert old["volumeStatsAggPeriod"] == "10s"


def test_every_node_accepts_pods():
    """By default kind taints the control plane of a cluster with several nodes."""
    config = yaml.safe_load(cluster_config.default(None, nodes=2))

    assert [node["role"] for node in config["nodes"]] == ["control-plane", "worker"]
    assert any("taints: []" in patch for patch in config[PATCHES])


def test_both_formats_of_kubeadm_have_the_same_settings():
    """kind applies the one that fits the node's version."""
    patches = {
        (patch["kind"], patch["apiVersion"].rpartition("/")[2]): patch
        for patch in cluster_config.control_plane_patches(nodes=1)
    }
    old, new = (patches["ClusterConfiguration", version] for version in ("v1beta3", "v1beta4"))

    for find in (
        lambda patch: patch["controllerManager"]["extraArgs"],
        lambda patch: patch["scheduler"]["extraArgs"],
        lambda patch: patch["etcd"]["local"]["extraArgs"],
    ):
        as_mapping = {argument["name"]: argument["value"] for argument in find(new)}
        assert find(old) == as_mapping
    phases = [
        patches["InitConfiguration", version]["skipPhases"] for version in ("v1beta3", "v1beta4")
    ]
    assert phases[0] == phases[1]


@pytest.mark.parametrize(("nodes", "is_skipped"), [(1, True), (2, False)])
def test_the_configuration_is_uploaded_for_nodes_that_join(nodes, is_skipped):
    """A worker cannot join without it."""
    patches = map(yaml.safe_load, yaml.safe_load(cluster_config.default(None, nodes))[PATCHES])
    skipped = [patch["skipPhases"] for patch in patches if "skipPhases" in patch]

    assert len(skipped) == 2
    for phases in skipped:
        assert "kubelet-finalize" in phases
        assert ("upload-config" in phases) is is_skipped


def test_only_the_newer_format_of_kubeadm_names_the_algorithm_of_the_keys():
    """kubeadm would refuse it in the older one."""
    has_algorithm = {
        patch["apiVersion"]
        for patch in cluster_config.control_plane_patches(nodes=1)
        if "encryptionAlgorithm" in patch
    }

    assert has_algorithm == {"kubeadm.k8s.io/v1beta4"}


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
    """A configuration that lists none creates one."""
    assert cluster_config.count_nodes(config) == nodes
