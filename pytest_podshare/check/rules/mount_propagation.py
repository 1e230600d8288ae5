"""Mounts of one container that another does not receive."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from pytest_podshare.check.rules.container_paths import overlap, used_paths
from pytest_podshare.check.rules.finding import Issue, mount_issue, rule
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring
from pytest_podshare.wiring.mount_kinds import is_special
from pytest_podshare.wiring.propagation import RECEIVES, is_received, is_sent
from pytest_podshare.wiring.run_order import runs_before_or_beside
from pytest_podshare.wiring.templates import Template


@rule("warning", on_windows=False)
def mount_not_propagated(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A container does not receive what another one mounts in their volume with Bidirectional."""
    for volume in wiring.volumes:
        mounts = wiring.mounts_of(volume.name)
        # what an init container has mounted is there when the others start
        senders = [(c, m) for c, m in mounts if is_sent(m) and c.privileged and c.role != "init"]
        receivers = {container.name for container, mount in mounts if is_received(mount)}
        for container, mount in mounts if senders else ():
            if container.name in receivers or _serves_the_node(wiring, volume, container, mount):
                continue
            for sender, sent in senders:
                if overlap(sent, mount) and runs_before_or_beside(wiring, sender, container):
                    yield _describe(volume, sender, container, mount)
                    break


def _describe(
    volume: VolumeSpec, sender: ContainerSpec, container: ContainerSpec, mount: VolumeMount
) -> Issue:
    detail = (
        f" without mountPropagation, so it does not see what {sender.name!r} mounts there after "
        f"{container.name!r} has started"
    )
    issue = mount_issue(container, mount, detail, f"Set mountPropagation: {RECEIVES}.")
    # on the node, the mount may be for others
    return dataclasses.replace(issue, severity="info") if volume.kind == "hostPath" else issue


def _serves_the_node(
    wiring: Wiring, volume: VolumeSpec, container: ContainerSpec, mount: VolumeMount
) -> bool:
    """Return whether a hostPath is for the kubelet or a socket, as those of storage drivers are."""
    if volume.kind != "hostPath":
        return False
    if is_special(volume) or "kubelet" in str(volume.facts.get("path")).split("/"):
        return True
    paths = used_paths(wiring, container)
    return any(path.endswith(".sock") and mount.covers(path) for path in paths)
