"""What is mounted in a container besides the volumes of its Pod.

- The token of the service account: added by the API server (plugin/pkg/admission/serviceaccount),
  except in a container that has a mount at the same path.
- /etc/hosts: added by the kubelet (makeMounts in pkg/kubelet/kubelet_pods.go), with the same
  exception. It is writable, even if the root file system is not.
- The termination message: added by the kubelet (makeMounts in pkg/kubelet/kuberuntime), after the
  mounts of the Pod, which it hides. It is writable.
- /etc/hostname and /etc/resolv.conf: added by the container runtime (containerd:
  internal/cri/server), with the same exception. They are as writable as the root file system.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from pytest_podshare.wiring import account_token
from pytest_podshare.wiring.folders import is_within, normalize
from pytest_podshare.wiring.model import ContainerSpec
from pytest_podshare.wiring.templates import Template

HOSTS, HOSTNAME, RESOLVER = "/etc/hosts", "/etc/hostname", "/etc/resolv.conf"
_TERMINATION_MESSAGE = "/dev/termination-log"


@dataclasses.dataclass(frozen=True)
class KubeletMount:
    """A mount that no manifest declares.

    Args:
        path: its path in the container.
        content: what it shows, as a part of a sentence.
        read_only: whether the container can only read.
    """

    path: str
    content: str
    read_only: bool = False

    def covers(self, path: str) -> bool:
        """Return whether a path is its path or lies below it."""
        return is_within(path, self.path)


def list_kubelet_mounts(template: Template, container: ContainerSpec) -> list[KubeletMount]:
    """Return what is mounted in a container of a template besides its volumes.

    On Windows, the paths are others, and no rule needs them.
    """
    if template.declared.on_windows:
        return []
    own = {mount.path for mount in container.mounts}
    others = (mount for mount in _list_replaceable(template, container) if mount.path not in own)
    return [*others, message_mount(container)]


def find_kubelet_mount(
    template: Template, container: ContainerSpec, path: str
) -> KubeletMount | None:
    """Return what a container has at a path if that is in no volume; None if it is in one."""
    mount = container.covering_mount(path)
    for other in list_kubelet_mounts(template, container):
        if other.covers(path) and (mount is None or is_within(other.path, mount.folder)):
            return other
    return None


def message_mount(container: ContainerSpec) -> KubeletMount:
    """Return the file of the termination message, which no mount of the Pod replaces."""
    path = container.termination_message_path or _TERMINATION_MESSAGE
    return KubeletMount(normalize(path), "the termination message")


def _list_replaceable(template: Template, container: ContainerSpec) -> Iterator[KubeletMount]:
    if account_token.is_mounted(template):
        yield KubeletMount(account_token.MOUNT_PATH, "the token of the service account", True)
    yield KubeletMount(HOSTS, "the hosts file of the Pod")
    yield KubeletMount(HOSTNAME, "the host name of the Pod", container.read_only_root)
    yield KubeletMount(RESOLVER, "the DNS settings of the Pod", container.read_only_root)
