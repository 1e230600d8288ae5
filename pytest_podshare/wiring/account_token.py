"""The service account token that Kubernetes mounts in every container: no part of a test."""

from __future__ import annotations

import dataclasses

from pytest_podshare.wiring.model import Wiring

MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"


def without_account_token(wiring: Wiring) -> Wiring:
    """Return the wiring without the token's mounts, and without the volumes of these alone."""
    containers = []
    for container in wiring.containers:
        mounts = tuple(mount for mount in container.mounts if mount.path != MOUNT_PATH)
        containers.append(dataclasses.replace(container, mounts=mounts))
    others = {mount.volume for container in containers for mount in container.mounts}
    tokens = {mount.volume for _, mount in wiring.mounts()} - others
    volumes = tuple(volume for volume in wiring.volumes if volume.name not in tokens)
    return dataclasses.replace(wiring, containers=tuple(containers), volumes=volumes)
