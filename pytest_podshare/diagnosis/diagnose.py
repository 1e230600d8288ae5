"""Diagnoses of failed checks: each function gathers the facts and returns the cause."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from pytest_podshare import errors
from pytest_podshare.containers.container import Container
from pytest_podshare.diagnosis import (
    facts,
    lifecycle_causes,
    mount_causes,
    node_causes,
    root_cause,
    storage_causes,
    volume_causes,
)
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.diagnosis.symptom import Symptom, is_alike
from pytest_podshare.kube import evictions
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring import sub_path_expression
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, Wiring
from pytest_podshare.wiring.run_order import list_running

# errors that the state of the live Pod may explain
_EXPLAINED_BY_POD = (
    errors.SessionLost,
    errors.ExecTimeout,
    errors.PodGone,
    errors.ContainerCrashing,
    errors.ContainerEnded,
)
# errors that are a cause themselves, unless the live Pod has a better one
_CAUSES = (
    (errors.ToolMissing, "tool missing", "the check needs it in the container"),
    (errors.Unprovable, "tool missing", "the check needs access to the container"),
    (errors.ClusterUnreachable, "API server unreachable", "no request was answered"),
    (errors.ExecTimeout, "no answer", "the container is running, but its command does not finish"),
)


def not_visible(
    pod: Pod, writer: FileLocation, reader: FileLocation, seen: object, *, existed: bool
) -> Cause:
    """Return why one container does not see a file that another has, or had.

    Args:
        pod: the writer's Pod.
        writer: where the file is, or should be.
        reader: where it was looked for; the writer's own location if only the writer looked.
        seen: what was found instead.
        existed: whether the file is known to have existed.
    """
    locations = (writer,) if reader == writer else (writer, reader)
    live = facts.gather(pod, *locations)
    wiring = reader.container.pod.wiring
    return root_cause.find_cause(Symptom(wiring, live, seen, existed=existed))


def write_refused(pod: Pod, location: FileLocation, refusal: object) -> Cause:
    """Return why a container cannot write to a location."""
    live = facts.gather(pod, location)
    return root_cause.find_cause(Symptom(pod.wiring, live, refusal, is_write=True))


def content_lost(pod: Pod, location: FileLocation, seen: object, *, uid: str) -> Cause:
    """Return why a file no longer exists that was written in the Pod with that UID."""
    cause = None
    if location.mount and uid != pod.uid:
        cause = volume_causes.find_gone_with_pod(pod, location.mount.volume)
    return cause or not_visible(pod, location, location, seen, existed=True)


def not_shared(pod: Pod, writer: Container, reader: Container, volume: str | None) -> Cause:
    """Return why two containers share no volume, according to their volumeMounts alone."""
    if writer.pod is not reader.pod:
        return storage_causes.explain_separate_pods(writer, reader, volume)
    names = [volume] if volume else _list_written_volumes(pod.wiring, writer.spec)
    for name in names:
        sources, targets = writer.spec.mounts_of(name), reader.spec.mounts_of(name)
        if sources and targets:
            return mount_causes.explain_different_sub_path(
                name,
                (writer, _describe_folder(sources[0])),
                (reader, _describe_folder(targets[0])),
                (reader, targets[0]),
            )
    for name in names:
        if (cause := _find_similar_volume(writer, reader, name)) is not None:
            return cause
    return _explain_not_mounted(pod, writer, reader, names)


def _describe_folder(mount: VolumeMount) -> str:
    """Return the folder of a volume that a mount shows, with the values of variables if known."""
    if sub_path_expression.is_unknown(mount.expanded):
        return mount.sub_path
    return "/".join(mount.sub_folders)


def _list_written_volumes(wiring: Wiring, container: ContainerSpec) -> list[str]:
    volumes = (wiring.volume(mount.volume) for mount in container.mounts)
    names = (volume.name for volume in volumes if volume and volume.is_written_by_containers)
    return list(dict.fromkeys(names))


def _find_similar_volume(writer: Container, reader: Container, volume: str) -> Cause | None:
    """Find a volume with a similar name, or at the same path, in the other container."""
    has, lacks = (writer, reader) if writer.spec.mounts_of(volume) else (reader, writer)
    paths = [mount.folder for mount in has.spec.mounts_of(volume)]
    others = [mount for mount in lacks.spec.mounts if mount.volume != volume]
    similar = [mount for mount in others if is_alike(volume, mount.volume)]
    similar += [mount for mount in others if mount.folder in paths]
    if not paths or not similar:
        return None
    mount = similar[0]
    return Cause(
        "different volume",
        f"{has} mounts volume {volume!r}, but {lacks} mounts {mount.volume!r} at"
        f" {mount.path}, which is a different volume",
        f"Mount {volume!r} in {lacks} instead of {mount.volume!r}.",
        (lacks, mount),
    )


def _explain_not_mounted(
    pod: Pod, writer: Container, reader: Container, names: Iterable[str]
) -> Cause:
    declared = [volume.name for volume in pod.wiring.volumes]
    for name in names:
        if name not in declared:
            return Cause(
                "not mounted",
                f"the Pod has no volume {name!r}; its volumes: {', '.join(declared) or 'none'}",
                "Name one of the Pod's volumes.",
            )
        for container in (reader, writer):
            if not container.spec.mounts_of(name):
                root = _describe_root(pod, writer, reader, name)
                return Cause(
                    "not mounted",
                    f"{container} does not mount volume {name!r}{root}",
                    f"Add a volumeMount of {name!r} to {container}.",
                    (container, None),
                )
    return Cause(
        "not mounted",
        f"{writer} mounts no volume that it can write to",
        f"Mount the same volume in {writer} and {reader}.",
    )


def _describe_root(pod: Pod, writer: Container, reader: Container, volume: str) -> str:
    """Return what the reader has at the writer's path instead of the volume, if it is known."""
    mounts = writer.spec.mounts_of(volume)
    if not mounts:
        return ""
    (view,) = facts.gather(pod, FileLocation(reader, mounts[0].path, None)).views
    if view.live_mount is None or view.live_mount.path != "/":
        return ""
    has = "has that folder" if view.file else "has no such folder"
    return f"; at {mounts[0].path} it sees its own root file system, which {has}"


def raised_error(pod: Pod, error: errors.PodshareError) -> Cause | None:
    """Return why a check ended in an error; None if there is nothing to add to the error."""
    if isinstance(error, _EXPLAINED_BY_POD):
        cause = _find_in_pod(pod, error)
        if cause is None and isinstance(error, errors.ExecError):
            cause = node_causes.find_node_problem(pod)
        if cause is not None:
            return cause
    for kind, cause_kind, text in _CAUSES:
        if isinstance(error, kind):
            return Cause(cause_kind, text)
    return None


def _find_in_pod(pod: Pod, error: errors.PodshareError) -> Cause | None:
    running = list_running(pod.wiring)
    locations = [FileLocation(pod[container.name], "/", None) for container in running]
    symptom = Symptom(pod.wiring, facts.gather(pod, *locations), error)
    if isinstance(error, errors.ContainerCrashing) and not isinstance(error, errors.SessionLost):
        return lifecycle_causes.find_crashing(symptom)
    cause = lifecycle_causes.find_lifecycle_cause(symptom)
    if cause and cause.kind == "evicted" and isinstance(error, errors.PodGone) and error.eviction:
        # the error quotes the kubelet's message already
        why = evictions.parse_message(error.eviction).why
        return dataclasses.replace(cause, text=f"the kubelet evicted the Pod because {why}")
    return cause
