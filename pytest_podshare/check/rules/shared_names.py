"""Names and paths that suggest that a volume is shared."""

from __future__ import annotations

import posixpath
import re

from pytest_podshare.check.rules.container_paths import used_paths
from pytest_podshare.check.rules.heuristics import split_words
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

_SOCKET_WORDS = frozenset({"ipc", "socket", "sockets", "sock", "pipe", "fifo"})
_SHARING_WORDS = _SOCKET_WORDS | frozenset(
    {"share", "shared", "sharing", "exchange", "xchange", "common", "handoff", "handover"}
    | {"transfer", "sync", "mailbox"}
)
# the folder of a program's own data (Filesystem Hierarchy Standard, 4.11)
_OWN_SHARE = re.compile(r"/(?:usr|local|opt/[^/]+|\.local)/share(?=/|$)")
_RUNTIME_FOLDERS = ("/run/", "/var/run/")


def suggests_sharing(
    wiring: Wiring, volume: VolumeSpec, container: ContainerSpec, mount: VolumeMount
) -> bool:
    """Return whether the name or path of a volume of one container suggests that it is shared."""
    words = split_words(volume.name, _OWN_SHARE.sub("/", mount.folder))
    if not words & _SHARING_WORDS:
        return False
    is_socket = bool(words & _SOCKET_WORDS) and mount.folder.startswith(_RUNTIME_FOLDERS)
    return not (is_socket and _is_own_runtime_folder(wiring, container, mount))


def _is_own_runtime_folder(wiring: Wiring, container: ContainerSpec, mount: VolumeMount) -> bool:
    """Return whether only this program seems to use the sockets in a folder below /run."""
    others = [other for other in wiring.containers if other is not container]
    if any(mount.covers(path) for other in others for path in used_paths(wiring, other)):
        return False
    program = posixpath.basename(container.image).partition(":")[0].partition("@")[0]
    is_named_after_it = posixpath.basename(mount.folder) in (container.name, program)
    # init containers end before the program creates its socket
    return is_named_after_it or all(other.role == "init" for other in others)
