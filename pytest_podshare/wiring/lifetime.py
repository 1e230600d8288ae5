"""How long what is in a volume stays, by the kind of its source: the one table of it.

From Kubernetes' documentation of volumes, of ephemeral volumes and of the API's VolumeSource.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping


class Lifetime(enum.Enum):
    """What the content of a volume lives and goes with."""

    POD = "pod"
    """Created and deleted with the Pod."""
    NODE = "node"
    """Part of the node's own files: outlives the Pod, and stays on that node."""
    STORAGE = "storage"
    """A claim, a disk or a server: outlives the Pod, and is there on other nodes."""
    KUBELET = "kubelet"
    """Filled by the kubelet for each Pod anew; containers only read it."""


# every kind that Kubernetes 1.36 knows, also those whose plugin is gone and whose field is not
LIFETIMES: Mapping[str, Lifetime] = {
    "emptyDir": Lifetime.POD,
    "configMap": Lifetime.KUBELET,
    "secret": Lifetime.KUBELET,
    "projected": Lifetime.KUBELET,
    "downwardAPI": Lifetime.KUBELET,
    "image": Lifetime.KUBELET,
    "persistentVolumeClaim": Lifetime.STORAGE,
    # the claim is the Pod's own, and is deleted with it
    "ephemeral": Lifetime.POD,
    "hostPath": Lifetime.NODE,
    # in a Pod's own spec; a driver's volume that stays is behind a claim
    "csi": Lifetime.POD,
    "nfs": Lifetime.STORAGE,
    "iscsi": Lifetime.STORAGE,
    "fc": Lifetime.STORAGE,
    "rbd": Lifetime.STORAGE,
    "cephfs": Lifetime.STORAGE,
    "cinder": Lifetime.STORAGE,
    "glusterfs": Lifetime.STORAGE,
    "quobyte": Lifetime.STORAGE,
    "flocker": Lifetime.STORAGE,
    "flexVolume": Lifetime.STORAGE,
    # a repository cloned into an emptyDir
    "gitRepo": Lifetime.POD,
    "awsElasticBlockStore": Lifetime.STORAGE,
    "azureDisk": Lifetime.STORAGE,
    "azureFile": Lifetime.STORAGE,
    "gcePersistentDisk": Lifetime.STORAGE,
    "vsphereVolume": Lifetime.STORAGE,
    "photonPersistentDisk": Lifetime.STORAGE,
    "portworxVolume": Lifetime.STORAGE,
    "scaleIO": Lifetime.STORAGE,
    "storageos": Lifetime.STORAGE,
}
