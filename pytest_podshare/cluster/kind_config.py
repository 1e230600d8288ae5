"""The kind configuration that makes a cluster quick to test on."""

from __future__ import annotations

import re

import yaml

# the first version whose kubelet caps the restart back-off by default, and refuses cgroup v1
_QUICK_SINCE = (1, 35)


def default(image: str | None, nodes: int) -> str:
    """Nodes that all take Pods, and whose kubelets notice things in seconds.

    Args:
        image: the node image, whose tag tells the Kubernetes version; None when kind chooses.
        nodes: how many; the first one carries the control plane as well.
    """
    patches = [yaml.safe_dump(kubelet(image))]
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
