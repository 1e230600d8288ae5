"""The questions that a failure asks: each gathers the facts, and gives the cause that holds."""

from __future__ import annotations

import dataclasses
import posixpath

from pytest_podshare import errors
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
from pytest_podshare.wiring.model import Wiring
from pytest_podshare.wiring.shared_mounts import SharedMount

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


def apart(pod: Pod, from_c: str, to_c: str, volume: str | None) -> Cause:
    """Why two containers do not meet in a volume: their mounts alone tell it."""
    wiring = pod.wiring
    names = [volume] if volume else _written_by(wiring, from_c)
    for name in names:
        mine, theirs = (wiring.container(each).mounts_of(name) for each in (from_c, to_c))
        if mine and theirs:
            return Cause(
                "different subPath",
                f"of volume {name} {from_c} mounts {_folder(mine[0].sub_path)},"
                f" {to_c} {_folder(theirs[0].sub_path)}",
                "Give both mounts the same subPath.",
                (to_c, theirs[0]),
            )
    for name in names:
        if (cause := _similar(wiring, from_c, to_c, name)) is not None:
            return cause
    return _not_mounted(pod, from_c, to_c, names)


def _similar(wiring: Wiring, from_c: str, to_c: str, name: str) -> Cause | None:
    """One container mounts a volume whose name looks like the other's, or at the same path."""
    mine, theirs = wiring.container(from_c), wiring.container(to_c)
    if not mine.mounts_of(name):
        mine, theirs = theirs, mine
    if not mine.mounts_of(name):
        return None
    others = [each for each in theirs.mounts if each.volume != name]
    alike = [each for each in others if is_alike(name, each.volume)]
    alike += [each for each in others if each.path in [m.path for m in mine.mounts_of(name)]]
    if not alike:
        return None
    mount = alike[0]
    return Cause(
        "another volume",
        f"{mine.name} mounts volume {name!r}, {theirs.name} mounts {mount.volume!r} at"
        f" {mount.path}, which is a volume of its own",
        f"Mount {name!r} in {theirs.name} instead of {mount.volume!r}.",
        (theirs.name, mount),
    )


def _not_mounted(pod: Pod, from_c: str, to_c: str, names: list[str]) -> Cause:
    wiring = pod.wiring
    declared = [each.name for each in wiring.volumes]
    for name in names:
        if name not in declared:
            return Cause(
                "not mounted",
                f"the Pod has no volume {name!r}; it has {', '.join(declared) or 'none'}",
                "Name one of its volumes.",
            )
        for each in (to_c, from_c):
            if not wiring.container(each).mounts_of(name):
                return Cause(
                    "not mounted",
                    f"{each} does not mount volume {name!r}{_own_root(pod, from_c, to_c, name)}",
                    f"Give {each} a volumeMount of {name!r}.",
                    (each, None),
                )
    return Cause(
        "not mounted",
        f"{from_c} mounts no volume that it could write to",
        f"Give {from_c} and {to_c} volumeMounts of one volume.",
    )


def _own_root(pod: Pod, from_c: str, to_c: str, name: str) -> str:
    """What the reader has at the writer's path instead, as far as it can be asked."""
    mounts = pod.wiring.container(from_c).mounts_of(name)
    if not mounts:
        return ""
    (view,) = facts.gather(pod, FileLocation(to_c, mounts[0].path, None)).views
    if view.entry is None or view.entry.path != "/":
        return ""
    there = "has that folder" if view.file else "has no such folder"
    return f"; at {mounts[0].path} it sees its own root file system, which {there}"


def of_error(pod: Pod, error: errors.PodshareError) -> Cause | None:
    """Why a check ended in an error rather than a verdict; None where the error says it all."""
    if isinstance(error, _ASK):
        running = [each.name for each in pod.wiring.containers if each.role != "init"]
        places = [FileLocation(name, "/", None) for name in running]
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


def meeting(
    shared: SharedMount, from_c: str, to_c: str, name: str
) -> tuple[FileLocation, FileLocation]:
    """A file's two places, where two containers meet; `.` where the mount is the file itself."""

    def within(folder: str) -> str:
        return posixpath.normpath(posixpath.join(folder, name))

    return (
        FileLocation(from_c, within(shared.from_dir), shared.from_mount),
        FileLocation(to_c, within(shared.to_dir), shared.to_mount),
    )


def _written_by(wiring: Wiring, container: str) -> list[str]:
    kinds = {each.name: each for each in wiring.volumes}
    names = [each.volume for each in wiring.container(container).mounts]
    return [
        name
        for name in dict.fromkeys(names)
        if name in kinds and kinds[name].is_written_by_containers
    ]


def _folder(sub_path: str) -> str:
    return f"the folder {sub_path!r}" if sub_path else "the whole"
