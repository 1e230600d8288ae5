"""The kind configuration of podshare's own clusters, which makes them quick to test on."""

from __future__ import annotations

import re

# the first version in which the kubelet caps the restart back-off, and rejects cgroup v1 by default
_BACKOFF_CAP_SINCE = (1, 35)


def default(image: str | None, nodes: int) -> str:
    """Return a configuration in which every node accepts Pods and kubelets react within seconds.

    Args:
        image: the node image, whose tag names the Kubernetes version; None for kind's default.
        nodes: how many nodes; the first one also runs the control plane.
    """
    # imported late, since most runs create no cluster
    import yaml

    patches = [
        yaml.safe_dump(kubelet_patch(image)),
        *map(yaml.safe_dump, control_plane_patches(nodes)),
    ]
    if nodes > 1:
        # kind removes the control plane's taint only if that is the only node
        untaint = {"kind": "InitConfiguration", "nodeRegistration": {"taints": []}}
        patches.append(yaml.safe_dump(untaint))
    return yaml.safe_dump(
        {
            "kind": "Cluster",
            "apiVersion": "kind.x-k8s.io/v1alpha4",
            "nodes": [{"role": "control-plane"}] + [{"role": "worker"}] * (nodes - 1),
            "kubeadmConfigPatches": patches,
        },
        sort_keys=False,
    )


def count_nodes(config: str) -> int:
    """Return how many nodes a configuration creates; one if it lists none."""
    import yaml

    return len((yaml.safe_load(config) or {}).get("nodes") or [None])


def kubelet_patch(image: str | None) -> dict[str, object]:
    """Return the kubelet's settings for the Kubernetes version of the image."""
    patch: dict[str, object] = {
        "kind": "KubeletConfiguration",
        # measure volumes every 10 s instead of 60 s, so that an eviction takes about 10 s
        "volumeStatsAggPeriod": "10s",
        # update the volumes of ConfigMaps within about 10 s instead of 60 s
        "syncFrequency": "10s",
    }
    if (parse_version(image) or _BACKOFF_CAP_SINCE) >= _BACKOFF_CAP_SINCE:
        # restart a container that is killed repeatedly after 1 s instead of up to 300 s
        patch["crashLoopBackOff"] = {"maxContainerRestartPeriod": "1s"}
        # start on hosts with cgroup v1 as well
        patch["failCgroupV1"] = False
    return patch


def control_plane_patches(nodes: int) -> tuple[dict[str, object], ...]:
    """Return the control plane's settings in both formats of kubeadm; kind applies those that fit.

    A single control plane needs no leader election, and kubeadm's limit of twenty requests per
    second slows down the controllers of many Pods.
    """
    manager = {
        # kind's own argument, which older versions of kind lose because they replace the whole list
        "enable-hostpath-provisioner": "true",
        "kube-api-burst": "1000",
        "kube-api-qps": "500",
        "leader-elect": "false",
    }
    scheduler = {"leader-elect": "false"}
    # only a crash of the machine can lose what is not synced, and then a run replaces the cluster
    etcd = {"unsafe-no-fsync": "true"}
    new = _cluster_patch("v1beta4", _to_list(manager), _to_list(scheduler), _to_list(etcd))
    return (
        _cluster_patch("v1beta3", manager, scheduler, etcd),
        # a dozen RSA keys take a second of CPU time; the older format has no such setting
        {**new, "encryptionAlgorithm": "ECDSA-P256"},
        _init_patch("v1beta3", nodes),
        _init_patch("v1beta4", nodes),
    )


def _cluster_patch(
    version: str, manager: object, scheduler: object, etcd: object
) -> dict[str, object]:
    return {
        "kind": "ClusterConfiguration",
        "apiVersion": f"kubeadm.k8s.io/{version}",
        "controllerManager": {"extraArgs": manager},
        "scheduler": {"extraArgs": scheduler},
        "etcd": {"local": {"extraArgs": etcd}},
    }


def _init_patch(version: str, nodes: int) -> dict[str, object]:
    """Return a patch that skips phases of kubeadm, a second each."""
    # kind's own phase to skip, because a patch replaces the whole list
    phases = ["preflight"]
    # it starts the kubelet again only to rotate a certificate that is valid for a year
    phases.append("kubelet-finalize")
    if nodes == 1:
        # only nodes that join read it, and kubeadm may send five requests per second
        phases.append("upload-config")
    return {
        "kind": "InitConfiguration",
        "apiVersion": f"kubeadm.k8s.io/{version}",
        "skipPhases": phases,
    }


def _to_list(arguments: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in arguments.items()]


def parse_version(image: str | None) -> tuple[int, int] | None:
    """Return the major and minor version in a tag such as `kindest/node:v1.36.3@sha256:…`."""
    version = version_tag(image)
    if version is None:
        return None
    major, minor, *_ = version.removeprefix("v").split(".")
    return int(major), int(minor)


def version_tag(image: str | None) -> str | None:
    """Return the version in such a tag, `v1.36.3`; None if it names none."""
    found = re.search(r":(v\d+\.\d+(\.\d+)?)", image or "")
    return found[1] if found else None
