"""The service account token that Kubernetes mounts in every container: no part of a test."""

from __future__ import annotations

import dataclasses

from pytest_podshare.wiring.model import ContainerSpec, Wiring
from pytest_podshare.wiring.templates import Template

MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
_FOLDER = "secrets/kubernetes.io"


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


def mentions_token(container: ContainerSpec) -> bool:
    """Return whether the command of a container contains the folder of the token."""
    return any(_FOLDER in word for word in container.command)


def is_mounted(template: Template) -> bool:
    """Return whether the Pods of a template get the token, as far as their manifest shows.

    Kubernetes documentation: Configure Service Accounts for Pods, opt out of API credential
    automounting. The Pod's own setting takes precedence over that of its ServiceAccount.
    """
    spec = template.pod["spec"]
    setting = spec.get("automountServiceAccountToken")
    if setting is not None:
        return setting is not False
    name = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    for account in template.source.objects:
        metadata = account.get("metadata")
        if account.get("kind") != "ServiceAccount" or not isinstance(metadata, dict):
            continue
        namespaces = (metadata.get("namespace") or "default", template.namespace or "default")
        if metadata.get("name") == name and len(set(namespaces)) == 1:
            return account.get("automountServiceAccountToken") is not False
    return True
