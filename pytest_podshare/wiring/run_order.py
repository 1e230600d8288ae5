"""The order in which the containers of a Pod run, and which of them can see what another wrote.

Init containers run one after another, each to its end. A sidecar starts in their order and keeps
running. The other containers start when every init container has ended (documentation: Init
Containers, Sidecar Containers).
"""

from __future__ import annotations

from pytest_podshare.wiring.model import ContainerSpec, Wiring


def runs_before_or_beside(wiring: Wiring, writer: ContainerSpec, reader: ContainerSpec) -> bool:
    """Return whether a writer runs before a reader ends, so that the reader can see its files."""
    if writer is reader:
        return False
    if reader.role != "init":
        return True
    # an init container runs before the containers, and beside the sidecars that precede it
    starts_earlier = wiring.containers.index(writer) < wiring.containers.index(reader)
    return writer.role != "container" and starts_earlier


def list_running(wiring: Wiring) -> list[ContainerSpec]:
    """Return the containers that keep running: all but the init containers."""
    return [container for container in wiring.containers if container.role != "init"]


def list_init_writers(wiring: Wiring, volume: str) -> list[ContainerSpec]:
    """Return the init containers that mount a volume without readOnly, in their order."""
    return [
        container
        for container in wiring.containers
        if container.role == "init"
        and any(not mount.read_only for mount in container.mounts_of(volume))
    ]
