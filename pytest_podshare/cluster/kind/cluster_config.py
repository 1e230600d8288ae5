"""The kind configuration that makes a cluster quick to test on."""

from __future__ import annotations

import re

# the first version whose kubelet caps the restart back-off by default, and refuses cgroup v1
_QUICK_SINCE = (1, 35)


def default(image: str | None, nodes: int) -> str:
    """Nodes that all take Pods, and whose kubelets notice things in seconds.

    Args:
        image: the node image, whose tag tells the Kubernetes version; None when kind chooses.
        nodes: how many; the first one carries the control plane as well.
    """
    # here, because what is below serves every run, and this only those that make a cluster
    import yaml

    patches = [yaml.safe_dump(kubelet(image)), *map(yaml.safe_dump, control_plane())]
    if nodes > 1:
        # of several nodes kind keeps the first free of Pods (a single one it untaints itself)
        untainted = {"kind": "InitConfiguration", "nodeRegistration": {"taints": []}}
        patches.append(yaml.safe_dump(untainted))
    return yaml.safe_dump(
        {
            "kind": "Cluster",
            "apiVersion": "kind.x-k8s.io/v1alpha4",
            "nodes": [{"role": "control-plane"}] + [{"role": "worker"}] * (nodes - 1),
            "kubeadmConfigPatches": patches,
        },
        sort_keys=False,
    )


def nodes(config: str) -> int:
    """How many nodes a cluster has that kind made by that configuration; one where it says none."""
    import yaml

    return len((yaml.safe_load(config) or {}).get("nodes") or [None])


def kubelet(image: str | None) -> dict[str, object]:
    """The kubelet's part of it, by the version the image's tag names."""
    quick: dict[str, object] = {
        "kind": "KubeletConfiguration",
        # the size of a volume is looked at every 10 s instead of 60: an eviction takes ~10 s
        "volumeStatsAggPeriod": "10s",
        # a changed ConfigMap reaches its volume within ~10 s instead of ~60
        "syncFrequency": "10s",
    }
    if (version(image) or _QUICK_SINCE) >= _QUICK_SINCE:
        # a container that is killed again and again is back after 1 s instead of up to 300
        quick["crashLoopBackOff"] = {"maxContainerRestartPeriod": "1s"}
        # without it the kubelet refuses to start on a cgroup v1 host
        quick["failCgroupV1"] = False
    return quick


def control_plane() -> tuple[dict[str, object], ...]:
    """What makes controllers quick, in both formats of kubeadm's: kind applies the one that fits.

    Nobody competes to lead a control plane that is alone, and at kubeadm's own limit of twenty
    requests a second the controllers of many Pods wait for their turn.
    """
    manager = {
        # kind's own, which an older kind would lose, since it takes a list for the whole of it
        "enable-hostpath-provisioner": "true",
        "kube-api-burst": "1000",
        "kube-api-qps": "500",
        "leader-elect": "false",
    }
    scheduler = {"leader-elect": "false"}
    return (
        _components("v1beta3", manager, scheduler),
        _components("v1beta4", _listed(manager), _listed(scheduler)),
    )


def _components(format_: str, manager: object, scheduler: object) -> dict[str, object]:
    return {
        "kind": "ClusterConfiguration",
        "apiVersion": f"kubeadm.k8s.io/{format_}",
        "controllerManager": {"extraArgs": manager},
        "scheduler": {"extraArgs": scheduler},
    }


def _listed(arguments: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in arguments.items()]


def version(image: str | None) -> tuple[int, int] | None:
    """Major and minor version in a tag such as `kindest/node:v1.36.3@sha256:…`."""
    text = version_text(image)
    if text is None:
        return None
    major, minor, *_ = text.removeprefix("v").split(".")
    return int(major), int(minor)


def version_text(image: str | None) -> str | None:
    """The version in such a tag: `v1.36.3`."""
    found = re.search(r":(v\d+\.\d+(\.\d+)?)", image or "")
    return found[1] if found else None
