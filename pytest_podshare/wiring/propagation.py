"""Which mounts a container shares with others: mountPropagation (documentation: Volumes).

A container propagates what it mounts below a `Bidirectional` mount, and receives what is mounted
there later through a `Bidirectional` or a `HostToContainer` mount.
"""

from __future__ import annotations

from pytest_podshare.wiring.model import VolumeMount, Wiring

SENDS = "Bidirectional"
RECEIVES = "HostToContainer"


def is_sent(mount: VolumeMount) -> bool:
    """Return whether what is mounted below a mount is propagated to other containers."""
    return mount.propagation == SENDS


def is_received(mount: VolumeMount) -> bool:
    """Return whether a mount receives what is mounted in its folder while its container runs."""
    return mount.propagation in (SENDS, RECEIVES)


def has_nested_mounts(wiring: Wiring, mount: VolumeMount) -> bool:
    """Return whether file systems that are mounted below a mount belong to its volume.

    They do if the mount receives them, or if any container sends them: a mount that does not
    receive them still has those that were there when its container started.
    """
    return is_received(mount) or any(is_sent(other) for _, other in wiring.mounts_of(mount.volume))
