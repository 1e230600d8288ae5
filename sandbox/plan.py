"""The steps that build the node image and the tools of the tests, as a table.

What a step does is in ``steps/<name>.sh``; ``scheduler`` and ``step_runner`` run the steps.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

KUBERNETES_VERSIONS = ("1.36.3", "1.34.4")

Lane = Literal["network", "compile"]
LANES: tuple[Lane, ...] = ("network", "compile")


@dataclass(frozen=True)
class BuildStep:
    """One product and how to build it.

    Only the script, the inputs, the parameters and the needed products may influence the product.
    """

    name: str
    product: str  # in words
    lane: Lane
    seconds: int  # on 2 cores with empty caches
    needs: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()  # files and folders below sandbox/, in addition to the script
    params: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()  # Debian packages that the script uses on the host
    image: str = ""  # the name, if the product is an image of the engine

    @property
    def script(self) -> str:
        """Return the path of the step's script below sandbox/."""
        return f"steps/{self.name}.sh"


PLAN: tuple[BuildStep, ...] = (
    BuildStep(
        "debian",
        "a minimal Debian, the base layer of all Debian images here",
        lane="network",
        seconds=54,
        # with Debian's keys: without them debootstrap does not verify what it downloads
        packages=("debootstrap", "debian-archive-keyring", "gpgv"),
        image="podshare/debian:{key}",
    ),
    BuildStep(
        "kubernetes-modules",
        "the source of Kubernetes and of the modules it needs",
        lane="network",
        seconds=28,
        inputs=("go/kubernetes-{KUBERNETES_MINOR}",),
        params=("KUBERNETES_VERSION",),
    ),
    BuildStep(
        "kind-modules",
        "the source of kind and of the modules it needs",
        lane="network",
        seconds=2,
        inputs=("go/kind",),
    ),
    BuildStep(
        "etcd-modules",
        "the source of etcd and of the modules it needs",
        lane="network",
        seconds=2,
        inputs=("go/etcd",),
    ),
    BuildStep(
        "containerd-modules",
        "the source of containerd and of the modules it needs",
        lane="network",
        seconds=21,
        inputs=("go/containerd",),
    ),
    BuildStep(
        "coredns-modules",
        "the source of CoreDNS and of the modules it needs",
        lane="network",
        seconds=4,
        inputs=("go/coredns",),
    ),
    BuildStep(
        "runc-modules",
        "the source of runc and of the modules it needs",
        lane="network",
        seconds=2,
        inputs=("go/runc",),
    ),
    BuildStep(
        "local-path-provisioner-modules",
        "the source of the volume provisioner and of the modules it needs",
        lane="network",
        seconds=2,
        inputs=("go/local-path-provisioner",),
    ),
    BuildStep(
        "node-base",
        "Debian with systemd and the programs that the kubelet and kind's scripts use",
        lane="network",
        seconds=13,
        needs=("debian",),
        inputs=("images/node-base",),
        image="podshare/node-base:{key}",
    ),
    BuildStep(
        "iptables",
        "Debian with iptables, the base of kube-proxy and the Pod network",
        lane="network",
        seconds=7,
        needs=("debian",),
        inputs=("images/iptables",),
        image="podshare/iptables:{key}",
    ),
    BuildStep(
        "nginx",
        "the nginx workload image",
        lane="network",
        seconds=7,
        needs=("debian",),
        inputs=("images/nginx",),
        image="podshare/nginx:{key}",
    ),
    BuildStep(
        "redis",
        "the redis workload image",
        lane="network",
        seconds=5,
        needs=("debian",),
        inputs=("images/redis",),
        image="podshare/redis:{key}",
    ),
    BuildStep(
        "busybox",
        "the busybox workload image",
        lane="network",
        seconds=7,
        needs=("debian",),
        inputs=("images/busybox",),
        image="podshare/busybox:{key}",
    ),
    BuildStep(
        "alpine",
        "a stand-in for alpine: busybox under its name",
        lane="network",
        seconds=1,
        needs=("busybox",),
        inputs=("images/alpine",),
        image="podshare/alpine:{key}",
    ),
    BuildStep(
        "centos",
        "a stand-in for centos:7: Debian under its name",
        lane="network",
        seconds=1,
        needs=("debian",),
        inputs=("images/centos",),
        image="podshare/centos:{key}",
    ),
    BuildStep(
        "network",
        "the image of the Pod network",
        lane="network",
        seconds=1,
        needs=("iptables",),
        inputs=("images/network",),
        image="podshare/network:{key}",
    ),
    BuildStep(
        "kind",
        "kind, and the files for its node image",
        lane="compile",
        seconds=3,
        needs=("kind-modules",),
        inputs=("go/kind",),
    ),
    BuildStep(
        "pause",
        "the program in the sandbox container of every Pod",
        lane="compile",
        seconds=1,
        inputs=("images/pause",),
        packages=("gcc", "libc6-dev"),
    ),
    BuildStep(
        "etcd",
        "etcd, the cluster's data store",
        lane="compile",
        seconds=8,
        needs=("etcd-modules",),
        inputs=("go/etcd",),
    ),
    BuildStep(
        "runc",
        "runc, recent enough for user namespaces",
        lane="compile",
        seconds=13,
        needs=("runc-modules",),
        inputs=("go/runc",),
        packages=("gcc", "libc6-dev", "libseccomp-dev", "pkg-config"),
    ),
    BuildStep(
        "containerd",
        "containerd, the container runtime of the nodes",
        lane="compile",
        seconds=49,
        needs=("containerd-modules",),
        inputs=("go/containerd",),
    ),
    BuildStep(
        "kubernetes",
        "the programs of Kubernetes",
        lane="compile",
        seconds=363,
        needs=("kubernetes-modules",),
        inputs=("go/kubernetes-{KUBERNETES_MINOR}",),
        params=("KUBERNETES_VERSION",),
    ),
    BuildStep(
        "coredns",
        "CoreDNS with the plugins that a cluster needs",
        lane="compile",
        seconds=20,
        needs=("coredns-modules",),
        inputs=("go/coredns",),
    ),
    BuildStep(
        "local-path-provisioner",
        "the provisioner of the StorageClass standard",
        lane="compile",
        seconds=4,
        needs=("local-path-provisioner-modules",),
        inputs=("go/local-path-provisioner",),
    ),
    BuildStep(
        "kube-proxy",
        "the kube-proxy image",
        lane="compile",
        seconds=2,
        needs=("kubernetes", "iptables"),
        inputs=("images/kube-proxy",),
        image="podshare/kube-proxy:{key}",
    ),
    BuildStep(
        "system-images",
        "the images of the cluster's system programs, each with a single static binary",
        lane="compile",
        seconds=2,
        needs=("kubernetes", "etcd", "coredns", "local-path-provisioner", "pause"),
        params=("KUBERNETES_VERSION",),
    ),
    BuildStep(
        "node",
        "the node image for kind, with all of the above",
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
    BuildStep(
        "helm-modules",
        "the source of Helm and of the modules it needs",
        lane="network",
        seconds=5,
        inputs=("go/helm",),
    ),
    BuildStep(
        "helm",
        "Helm, for the chart tests; not part of the node image",
        lane="compile",
        seconds=62,
        needs=("helm-modules",),
        inputs=("go/helm",),
    ),
    BuildStep(
        "python",
        "Python for suites that run inside the cluster; not part of the node image",
        lane="network",
        seconds=40,
        needs=("debian",),
        inputs=("images/python",),
        image="podshare/python:{key}",
    ),
)


def with_needs(plan: Iterable[BuildStep], targets: Iterable[str]) -> list[BuildStep]:
    """Return the targets and all steps that they need, in plan order."""
    by_name = {step.name: step for step in plan}
    wanted: set[str] = set()
    queue = list(targets)
    while queue:
        name = queue.pop()
        if name not in wanted:
            wanted.add(name)
            queue.extend(by_name[name].needs)
    return [step for step in by_name.values() if step.name in wanted]
