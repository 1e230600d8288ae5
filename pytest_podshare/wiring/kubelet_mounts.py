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
_FOLDERS = ("/etc/", "/var/run/")


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


def find_kubelet_mount(
    template: Template, container: ContainerSpec, path: str
) -> KubeletMount | None:
    """Return what a container has at a path if that is in no volume; None if it is in one.

    On Windows, the paths are others, and no rule needs them.
    """
    if template.declared.on_windows:
        return None
    added, mount = _find_added(template, container, path), container.covering_mount(path)
    is_nearer = added is not None and (mount is None or is_within(added.path, mount.folder))
    return added if is_nearer else None


def message_mount(container: ContainerSpec) -> KubeletMount:
    """Return the file of the termination message, which no mount of the Pod replaces."""
    path = container.termination_message_path or _TERMINATION_MESSAGE
    return KubeletMount(normalize(path), "the termination message")


def _find_added(template: Template, container: ContainerSpec, path: str) -> KubeletMount | None:
    message = message_mount(container)
    if message.covers(path):
        return message
    # most paths are in other folders
    if not path.startswith(_FOLDERS):
        return None
    replaced = {mount.path for mount in container.mounts}
    for added in _list_replaceable(container):
        if added.path not in replaced and added.covers(path):
            # whether there is a token takes a look at every object of the manifest
            is_token = added.path == account_token.MOUNT_PATH
            return added if not is_token or account_token.is_mounted(template) else None
    return None


def _list_replaceable(container: ContainerSpec) -> Iterator[KubeletMount]:
    yield KubeletMount(account_token.MOUNT_PATH, "the token of the service account", True)
    yield KubeletMount(HOSTS, "the hosts file of the Pod")
    yield KubeletMount(HOSTNAME, "the host name of the Pod", container.read_only_root)
    yield KubeletMount(RESOLVER, "the DNS settings of the Pod", container.read_only_root)
