"""How long the content of a volume lives: the one table of it, by kind of volume source.

It follows the Kubernetes documentation of volumes and of ephemeral volumes.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping


class Lifetime(enum.Enum):
    """What the content of a volume lives as long as."""

    POD = "pod"
    """Created and deleted with the Pod."""
    NODE = "node"
    """Stored in the node's own file system: outlives the Pod, and stays on that node."""
    STORAGE = "storage"
    """Stored in a claim, on a disk or on a server: outlives the Pod, also on other nodes."""
    KUBELET = "kubelet"
    """Filled by the kubelet for each new Pod; containers only read it."""


# every kind in the API of Kubernetes 1.36, including those whose plugin has been removed
LIFETIMES: Mapping[str, Lifetime] = {
    "emptyDir": Lifetime.POD,
    # the Pod owns the claim, which is deleted with it
    "ephemeral": Lifetime.POD,
    # an inline volume; a CSI volume that outlives its Pod is behind a claim
    "csi": Lifetime.POD,
    # a repository cloned into an emptyDir
    "gitRepo": Lifetime.POD,
    "hostPath": Lifetime.NODE,
    **dict.fromkeys(("configMap", "secret", "projected", "downwardAPI", "image"), Lifetime.KUBELET),
    **dict.fromkeys(
        (
            *("persistentVolumeClaim", "nfs", "iscsi", "fc", "rbd", "cephfs", "cinder"),
            *("glusterfs", "quobyte", "flocker", "flexVolume", "awsElasticBlockStore", "azureDisk"),
            *("azureFile", "gcePersistentDisk", "vsphereVolume", "photonPersistentDisk"),
            *("portworxVolume", "scaleIO", "storageos"),
        ),
        Lifetime.STORAGE,
    ),
}
