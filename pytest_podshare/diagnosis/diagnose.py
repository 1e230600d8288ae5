"""The questions that a failure asks: each gathers the facts, and gives the cause that holds."""

from __future__ import annotations

import dataclasses

from pytest_podshare import errors
from pytest_podshare.containers.container import Container
from pytest_podshare.diagnosis import (
    facts,
    lifecycle_causes,
    node_causes,
    root_cause,
    volume_causes,
)
from pytest_podshare.diagnosis.cause import WORDS, Cause
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.diagnosis.symptom import Symptom, is_alike
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.model import VolumeMount, Wiring

# after these the live Pod is asked what became of it
_ASK = (
    errors.SessionLost,
    errors.ExecTimeout,
    errors.PodGone,
    errors.ContainerCrashing,
    errors.ContainerEnded,
)
# what of the errors is a cause by itself, where the live Pod has no better one
_OF_ERROR = (
    (errors.ToolMissing, "tool missing", "the check runs it in the container"),
    (errors.Unprovable, "tool missing", "the check needs a way into the container"),
    (errors.ClusterUnreachable, "API server unreachable", "nothing could be asked"),
    (errors.ExecTimeout, "no answer", "the container runs, and its command does not end"),
)


def not_visible(
    pod: Pod, writer: FileLocation, reader: FileLocation, seen: object, *, written: bool
) -> Cause:
    """Why one container does not see what another one has, or had.

    Args:
        pod: the Pod.
        writer: where it was written, or should have been.
        reader: where it was looked for; the writer's own place if nobody else looked.
        seen: what was got instead.
        written: whether it was surely there once.
    """
    places = (writer,) if reader == writer else (writer, reader)
    told = facts.gather(pod, *places)
    return root_cause.first(Symptom(pod.wiring, told, seen, written=written))


def refused(pod: Pod, place: FileLocation, refusal: object) -> Cause:
    """Why a container may not write there."""
    told = facts.gather(pod, place)
    return root_cause.first(Symptom(pod.wiring, told, refusal, writing=True))


def content_lost(pod: Pod, place: FileLocation, seen: object, *, uid: str) -> Cause:
    """Why what was there once, in the Pod of that UID, is not there any more."""
    cause = None
    if place.mount and uid != pod.uid:
        cause = volume_causes.gone_with_its_pod(pod, place.mount.volume)
    return cause or not_visible(pod, place, place, seen, written=True)


def apart(pod: Pod, writer: Container, reader: Container, volume: str | None) -> Cause:
    """Why two containers do not meet in a volume: their mounts alone tell it."""
    names = [volume] if volume else _written_by(pod.wiring, writer)
    for name in names:
        mine, theirs = _mounts_of(writer, name), _mounts_of(reader, name)
        if mine and theirs:
            return Cause(
                "different subPath",
                f"of volume {name} {writer} mounts {_folder(mine[0].sub_path)},"
                f" {reader} {_folder(theirs[0].sub_path)}",
                "Give both mounts the same subPath.",
                (reader, theirs[0]),
            )
    for name in names:
        if (cause := _similar(writer, reader, name)) is not None:
            return cause
    return _not_mounted(pod, writer, reader, names)


def _mounts_of(container: Container, volume: str) -> list[VolumeMount]:
    return [mount for mount in container.spec.mounts if mount.volume == volume]


def _similar(writer: Container, reader: Container, name: str) -> Cause | None:
    """One container mounts a volume whose name looks like the other's, or at the same path."""
    mine, theirs = writer, reader
    if not _mounts_of(mine, name):
        mine, theirs = theirs, mine
    if not _mounts_of(mine, name):
        return None
    others = [each for each in theirs.spec.mounts if each.volume != name]
    alike = [each for each in others if is_alike(name, each.volume)]
    alike += [each for each in others if each.path in [m.path for m in _mounts_of(mine, name)]]
    if not alike:
        return None
    mount = alike[0]
    return Cause(
        "another volume",
        f"{mine.name} mounts volume {name!r}, {theirs.name} mounts {mount.volume!r} at"
        f" {mount.path}, which is a volume of its own",
        f"Mount {name!r} in {theirs.name} instead of {mount.volume!r}.",
        (theirs, mount),
    )


def _not_mounted(pod: Pod, writer: Container, reader: Container, names: list[str]) -> Cause:
    declared = [each.name for each in pod.wiring.volumes]
    for name in names:
        if name not in declared:
            return Cause(
                "not mounted",
                f"the Pod has no volume {name!r}; it has {', '.join(declared) or 'none'}",
                "Name one of its volumes.",
            )
        for each in (reader, writer):
            if not _mounts_of(each, name):
                return Cause(
                    "not mounted",
                    f"{each} does not mount volume {name!r}{_own_root(pod, writer, reader, name)}",
                    f"Give {each} a volumeMount of {name!r}.",
                    (each, None),
                )
    return Cause(
        "not mounted",
        f"{writer} mounts no volume that it could write to",
        f"Give {writer} and {reader} volumeMounts of one volume.",
    )


def _own_root(pod: Pod, writer: Container, reader: Container, name: str) -> str:
    """What the reader has at the writer's path instead, as far as it can be asked."""
    mounts = _mounts_of(writer, name)
    if not mounts:
        return ""
    (view,) = facts.gather(pod, FileLocation(reader, mounts[0].path, None)).views
    if view.entry is None or view.entry.path != "/":
        return ""
    there = "has that folder" if view.file else "has no such folder"
    return f"; at {mounts[0].path} it sees its own root file system, which {there}"


def of_error(pod: Pod, error: errors.PodshareError) -> Cause | None:
    """Why a check ended in an error rather than a verdict; None where the error says it all."""
    if isinstance(error, _ASK):
        running = [each.name for each in pod.wiring.containers if each.role != "init"]
        places = [FileLocation(pod[name], "/", None) for name in running]
        case = Symptom(pod.wiring, facts.gather(pod, *places), error)
        ask = (
            lifecycle_causes.crashing
            if isinstance(error, errors.ContainerCrashing)
            else lifecycle_causes.trouble
        )
        if (found := ask(case)) is not None:
            said = found.text.rstrip(".") in error.what
            return dataclasses.replace(found, text=WORDS[found.kind]) if said else found
        if isinstance(error, errors.ExecError) and (found := node_causes.trouble(pod)) is not None:
            return found
    for kind, word, text in _OF_ERROR:
        if isinstance(error, kind):
            return Cause(word, text)
    return None


def _written_by(wiring: Wiring, container: Container) -> list[str]:
    kinds = {each.name: each for each in wiring.volumes}
    names = [each.volume for each in container.spec.mounts]
    return [
        name
        for name in dict.fromkeys(names)
        if name in kinds and kinds[name].is_written_by_containers
    ]


def _folder(sub_path: str) -> str:
    return f"the folder {sub_path!r}" if sub_path else "the whole"
