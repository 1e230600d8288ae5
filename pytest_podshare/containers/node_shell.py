"""A volume, looked into on its node: what is present in it, whoever sees it.

The last way, where none leads into the container. The node's root may do anything, so that nothing
is proved of anybody's rights; and the container's own mounts are not asked, but its spec.
"""

from __future__ import annotations

import posixpath

from pytest_podshare import errors
from pytest_podshare.cluster.kind import nodes
from pytest_podshare.containers.fileops import resolve_path
from pytest_podshare.containers.fileops.posix_shell import EphemeralContainerUnavailable, quoted
from pytest_podshare.containers.live_pod import LivePod
from pytest_podshare.kube.exec.protocol import Completed
from pytest_podshare.wiring.model import VolumeMount

_PODS = "/var/lib/kubelet/pods"
_REMEDY = "Use an image with `sh`, or let an ephemeral container into the Pod."


class NodeShell:
    """A shell on the Pod's node, which has a container's paths as far as they lie in volumes.

    Args:
        pod: the Pod, of a cluster whose nodes can be reached.
        container: whose paths, by the volumeMounts of its spec.
    """

    def __init__(self, pod: LivePod, container: str) -> None:
        self._pod = pod
        self._container = container
        self.name = f"node {pod.node}"

    def __repr__(self) -> str:
        return f"<NodeShell {self._pod.node}: volumes of {self._pod.name}/{self._container}>"

    def resolve_path(self, path: str, *, follow: bool = True) -> str:
        """Return where the node has what the container has at that path.

        Raises:
            Unprovable: nobody here can tell, as of a link that leads out of the volume.
        """
        mount = self._mount_of(path)
        if "$(" in mount.sub_path:
            raise self._unprovable(path, f"its subPathExpr is {mount.sub_path}")
        folder = self._folder(mount.volume, path)
        if mount.sub_path:
            folder = self._resolved(folder, f"/{mount.sub_path}", path, follow=True)
        rest = posixpath.relpath(path, mount.path)
        return folder if rest == "." else self._resolved(folder, f"/{rest}", path, follow=follow)

    def use_ephemeral_shell(self) -> None:
        """Refuse: it is used where there is no ephemeral container.

        Raises:
            EphemeralContainerUnavailable: always.
        """
        raise EphemeralContainerUnavailable

    def run(self, script: bytes) -> Completed:
        """Run a script of ours on the node; its paths are those that `resolve_path` gave."""
        return nodes.run_script(self._pod.node, script)

    def run_inline(self, script: bytes) -> Completed:
        """As `run`."""
        return self.run(script)

    def enqueue(self, script: bytes) -> None:
        """As `run`."""
        self.run(script)

    def _mount_of(self, path: str) -> VolumeMount:
        mounts = self._pod.wiring.container(self._container).mounts
        around = [
            mount for mount in mounts if posixpath.commonpath([mount.path, path]) == mount.path
        ]
        if not around:
            raise self._unprovable(path, "it lies in no volume")
        return max(around, key=lambda mount: len(mount.path))

    def _folder(self, volume: str, path: str) -> str:
        """Return the folder that the kubelet has made for a volume of this Pod."""
        above = f"{_PODS}/{self._pod.uid}/volumes"
        script = b"for each in %s/kubernetes.io~*/%s; do printf '%%s\\0' \"$each\"; done"
        printed = self.run(script % (quoted(above), quoted(volume))).stdout.decode()
        found = [folder for folder in printed.split("\0") if folder and "*" not in folder]
        if len(found) != 1:
            raise self._unprovable(path, f"volume {volume!r} has no folder of the Pod's own there")
        return found[0]

    def _resolved(self, root: str, within: str, path: str, *, follow: bool) -> str:
        done = self.run(resolve_path.resolving(root, within, follow=follow, within=True))
        if done.returncode == resolve_path.OUTSIDE:
            raise self._unprovable(path, "a link on the way leads out of the volume")
        if done.returncode != 0:
            raise self._unprovable(path, f"{root} is not there")
        return resolve_path.resolved(done)

    def _unprovable(self, path: str, why: str) -> errors.Unprovable:
        return errors.Unprovable(
            f"What {self._container} of {self._pod} has at {path} cannot be told from its node:"
            f" {why}.",
            _REMEDY,
        )
