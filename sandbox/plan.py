"""The plan: one row per step of the node image, and of the tests' tools. A table, not a program.

What a step does is in ``steps/<name>.sh``; how steps are run is in ``build``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

KUBERNETES_VERSIONS = ("1.36.3", "1.34.4")

Lane = Literal["network", "compile"]
LANES: tuple[Lane, ...] = ("network", "compile")


@dataclass(frozen=True)
class Step:
    """One thing to make. Its script, inputs, parameters and needs are all that may shape it."""

    name: str
    makes: str
    lane: Lane
    seconds: int  # on 2 cores with empty caches
    needs: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()  # files and folders below sandbox/, beside the script
    params: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()  # Debian packages the script runs on the host
    image: str = ""  # the tag, when the product is an image of the engine

    @property
    def script(self) -> str:
        """The step's script, below sandbox/."""
        return f"steps/{self.name}.sh"


PLAN: tuple[Step, ...] = (
    Step(
        "debian",
        "a minimal Debian, the layer all Debian images share",
        lane="network",
        seconds=54,
        # with its keys, without which debootstrap would take whatever the mirror gives
        packages=("debootstrap", "debian-archive-keyring", "gpgv"),
        image="podshare/debian:{key}",
    ),
    Step(
        "kubernetes-modules",
        "Kubernetes' source and that of the modules it needs",
        lane="network",
        seconds=28,
        inputs=("go/kubernetes-{KUBERNETES_MINOR}",),
        params=("KUBERNETES_VERSION",),
    ),
    Step(
        "kind-modules",
        "kind's source and that of the modules it needs",
        lane="network",
        seconds=2,
        inputs=("go/kind",),
    ),
    Step(
        "etcd-modules",
        "etcd's source and that of the modules it needs",
        lane="network",
        seconds=2,
        inputs=("go/etcd",),
    ),
    Step(
        "containerd-modules",
        "containerd's source and that of the modules it needs",
        lane="network",
        seconds=21,
        inputs=("go/containerd",),
    ),
    Step(
        "coredns-modules",
        "CoreDNS' source and that of the modules it needs",
        lane="network",
        seconds=4,
        inputs=("go/coredns",),
    ),
    Step(
        "runc-modules",
        "runc's source and that of the modules it needs",
        lane="network",
        seconds=2,
        inputs=("go/runc",),
    ),
    Step(
        "local-path-provisioner-modules",
        "the volume provisioner's source and that of the modules it needs",
        lane="network",
        seconds=2,
        inputs=("go/local-path-provisioner",),
    ),
    Step(
        "node-base",
        "Debian with systemd and what the kubelet and kind's scripts call",
        lane="network",
        seconds=13,
        needs=("debian",),
        inputs=("images/node-base",),
        image="podshare/node-base:{key}",
    ),
    Step(
        "iptables",
        "Debian with iptables, which kube-proxy and the network stand on",
        lane="network",
        seconds=7,
        needs=("debian",),
        inputs=("images/iptables",),
        image="podshare/iptables:{key}",
    ),
    Step(
        "nginx",
        "the workload image nginx",
        lane="network",
        seconds=7,
        needs=("debian",),
        inputs=("images/nginx",),
        image="podshare/nginx:{key}",
    ),
    Step(
        "redis",
        "the workload image redis",
        lane="network",
        seconds=5,
        needs=("debian",),
        inputs=("images/redis",),
        image="podshare/redis:{key}",
    ),
    Step(
        "busybox",
        "the workload image busybox",
        lane="network",
        seconds=7,
        needs=("debian",),
        inputs=("images/busybox",),
        image="podshare/busybox:{key}",
    ),
    Step(
        "alpine",
        "a stand-in for alpine: busybox under that name",
        lane="network",
        seconds=1,
        needs=("busybox",),
        inputs=("images/alpine",),
        image="podshare/alpine:{key}",
    ),
    Step(
        "centos",
        "a stand-in for centos:7: Debian under that name",
        lane="network",
        seconds=1,
        needs=("debian",),
        inputs=("images/centos",),
        image="podshare/centos:{key}",
    ),
    Step(
        "network",
        "the image of the network between Pods and nodes",
        lane="network",
        seconds=1,
        needs=("iptables",),
        inputs=("images/network",),
        image="podshare/network:{key}",
    ),
    Step(
        "kind",
        "kind, and the files its node image is made of",
        lane="compile",
        seconds=3,
        needs=("kind-modules",),
        inputs=("go/kind",),
    ),
    Step(
        "pause",
        "the program every Pod's sandbox container runs",
        lane="compile",
        seconds=1,
        inputs=("images/pause",),
        packages=("gcc", "libc6-dev"),
    ),
    Step(
        "etcd",
        "etcd, the cluster's store",
        lane="compile",
        seconds=8,
        needs=("etcd-modules",),
        inputs=("go/etcd",),
    ),
    Step(
        "runc",
        "runc, new enough for user namespaces",
        lane="compile",
        seconds=13,
        needs=("runc-modules",),
        inputs=("go/runc",),
        packages=("gcc", "libc6-dev", "libseccomp-dev", "pkg-config"),
    ),
    Step(
        "containerd",
        "containerd, which runs the node's containers",
        lane="compile",
        seconds=49,
        needs=("containerd-modules",),
        inputs=("go/containerd",),
    ),
    Step(
        "kubernetes",
        "Kubernetes' own programs",
        lane="compile",
        seconds=363,
        needs=("kubernetes-modules",),
        inputs=("go/kubernetes-{KUBERNETES_MINOR}",),
        params=("KUBERNETES_VERSION",),
    ),
    Step(
        "coredns",
        "CoreDNS with the plugins a cluster needs",
        lane="compile",
        seconds=20,
        needs=("coredns-modules",),
        inputs=("go/coredns",),
    ),
    Step(
        "local-path-provisioner",
        "the provisioner behind the StorageClass standard",
        lane="compile",
        seconds=4,
        needs=("local-path-provisioner-modules",),
        inputs=("go/local-path-provisioner",),
    ),
    Step(
        "kube-proxy",
        "kube-proxy's image",
        lane="compile",
        seconds=2,
        needs=("kubernetes", "iptables"),
        inputs=("images/kube-proxy",),
        image="podshare/kube-proxy:{key}",
    ),
    Step(
        "system-images",
        "the images of the cluster's own programs, each one static binary",
        lane="compile",
        seconds=2,
        needs=("kubernetes", "etcd", "coredns", "local-path-provisioner", "pause"),
        params=("KUBERNETES_VERSION",),
    ),
    Step(
        "node",
        "the node image kind starts, with all of the above in it",
        lane="compile",
        seconds=14,
        needs=(
            *("node-base", "kind", "kubernetes", "containerd", "runc", "system-images"),
            *("kube-proxy", "network", "busybox", "nginx", "redis", "alpine", "centos"),
        ),
        inputs=("node",),
        params=("KUBERNETES_VERSION",),
        image="podshare/node:v{KUBERNETES_VERSION}-{key}",
    ),
    Step(
        "helm-modules",
        "Helm's source and that of the modules it needs",
        lane="network",
        seconds=5,
        inputs=("go/helm",),
    ),
    Step(
        "helm",
        "Helm, for the tests that check charts; no part of the node image",
        lane="compile",
        seconds=62,
        needs=("helm-modules",),
        inputs=("go/helm",),
    ),
    Step(
        "python",
        "Python for suites that run inside the cluster; no part of the node image",
        lane="network",
        seconds=40,
        needs=("debian",),
        inputs=("images/python",),
        image="podshare/python:{key}",
    ),
)


def with_needs(plan: Iterable[Step], targets: Iterable[str]) -> list[Step]:
    """The targets and all they need, in the plan's order."""
    by_name = {step.name: step for step in plan}
    wanted: set[str] = set()
    queue = list(targets)
    while queue:
        name = queue.pop()
        if name not in wanted:
            wanted.add(name)
            queue.extend(by_name[name].needs)
    return [step for step in by_name.values() if step.name in wanted]
