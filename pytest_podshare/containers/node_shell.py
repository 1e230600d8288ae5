"""Access to a volume on its node, if its container cannot be accessed.

It only shows what is in the volume. Root on the node may access everything, so nothing is proved
about a container's permissions; and mounts come from the container's spec, not from the container.
"""

from __future__ import annotations

import posixpath

from pytest_podshare import errors
from pytest_podshare.cluster.kind import nodes
from pytest_podshare.containers.container_shell import ContainerShell
from pytest_podshare.containers.fileops import resolve_path
from pytest_podshare.containers.fileops.posix_shell import EphemeralContainerUnavailable, quote
from pytest_podshare.kube.exec.protocol import Completed
from pytest_podshare.wiring import sub_path_expression

_KUBELET_PODS = "/var/lib/kubelet/pods"


class NodeShell:
    """A shell on a Pod's node, with access to those of a container's paths that are in volumes.

    Args:
        container: the container, on a cluster whose nodes can be reached.
    """

    def __init__(self, container: ContainerShell) -> None:
        self._container = container
        self.name = f"node {container.pod.node}"

    def __repr__(self) -> str:
        pod = self._container.pod
        return f"<NodeShell {pod.node}: volumes of {pod.name}/{self._container}>"

    def resolve_path(self, path: str, *, follow: bool = True) -> str:
        """Return the node's path for a path of the container.

        Raises:
            Unprovable: it cannot be determined here, for example because of a symlink that leads
                out of the volume.
        """
        mount = self._container.spec.covering_mount(path)
        if mount is None:
            raise self._unprovable(path, "it is not in a volume")
        if sub_path_expression.is_unknown(mount.expanded):
            raise self._unprovable(path, f"its mount has subPathExpr {mount.sub_path}")
        folder = self._find_volume(mount.volume, path)
        if mount.sub_path:
            sub_path = "/".join(("", *mount.sub_folders))
            folder = self._resolve(folder, sub_path, path, follow=True)
        rest = posixpath.relpath(path, mount.path)
        return folder if rest == "." else self._resolve(folder, f"/{rest}", path, follow=follow)

    def use_ephemeral_shell(self) -> None:
        """Refuse, since a node is only used if no ephemeral container is available.

        Raises:
            EphemeralContainerUnavailable: always.
        """
        raise EphemeralContainerUnavailable

    def run(self, script: bytes) -> Completed:
        """Run a script on the node, with paths from `resolve_path`."""
        return nodes.run_script(self._container.pod.node, script)

    def run_inline(self, script: bytes) -> Completed:
        """Run a script as `run` does."""
        return self.run(script)

    def enqueue(self, script: bytes) -> None:
        """Run a script as `run` does."""
        self.run(script)

    def _find_volume(self, volume: str, path: str) -> str:
        """Return the folder that the kubelet created for a volume of this Pod."""
        parent = f"{_KUBELET_PODS}/{self._container.pod.uid}/volumes"
        script = b"for folder in %s/kubernetes.io~*/%s; do printf '%%s\\0' \"$folder\"; done"
        printed = self.run(script % (quote(parent), quote(volume))).stdout.decode()
        folders = [folder for folder in printed.split("\0") if folder and "*" not in folder]
        if len(folders) != 1:
            raise self._unprovable(path, f"volume {volume!r} has no folder on the node")
        return folders[0]

    def _resolve(self, root: str, subpath: str, path: str, *, follow: bool) -> str:
        done = self.run(resolve_path.resolve_script(root, subpath, follow=follow, confined=True))
        if done.returncode == resolve_path.OUTSIDE:
            raise self._unprovable(path, "a symlink on the path leads out of the volume")
        if done.returncode != 0:
            raise self._unprovable(path, f"{root} does not exist")
        return resolve_path.parse_resolved(done)

    def _unprovable(self, path: str, reason: str) -> errors.Unprovable:
        container = f"{self._container} of {self._container.pod}"
        return errors.Unprovable(
            f"Cannot determine from the node what {container} has at {path}: {reason}.",
            "Use an image with `sh`, or allow ephemeral containers in the Pod.",
        )
