"""Why a container cannot use a file or a socket that an application has created."""

from __future__ import annotations

import dataclasses
import posixpath
from collections.abc import Sequence

from pytest_podshare.containers.fileops import confined, unix_sockets
from pytest_podshare.containers.fileops.follow_links import FinalFile
from pytest_podshare.containers.fileops.path_walk import User
from pytest_podshare.containers.fileops.posix_shell import Missing
from pytest_podshare.containers.fileops.stat import Stat, describe_type
from pytest_podshare.diagnosis import facts, root_cause
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.diagnosis.facts import ContainerView, Facts, FileLocation
from pytest_podshare.diagnosis.symptom import Symptom
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring import folders
from pytest_podshare.wiring.file_modes import find_private_modes
from pytest_podshare.wiring.model import ContainerSpec
from pytest_podshare.wiring.run_order import list_running
from pytest_podshare.wiring.shared_mounts import find_shared_mount


def not_usable(
    pod: Pod,
    location: FileLocation,
    final: FinalFile,
    seen: object,
    user: User,
    *,
    is_socket: bool,
) -> Cause:
    """Return why a container cannot read a file, or cannot connect to a socket.

    Args:
        pod: the Pod.
        location: the path, as the container names it.
        final: what is there once symlinks are followed.
        seen: what the container got: its status if it is of another type, or why it was refused.
        user: the user that was refused.
        is_socket: whether it should connect, rather than read.
    """
    if isinstance(seen, Stat):
        wanted = "a socket" if is_socket else "a regular file"
        return Cause(
            "wrong type",
            f"{final.path} in {location.container} is {describe_type(seen)}, not {wanted}",
            "Check the path, and what the application creates there.",
        )
    if seen == unix_sockets.STALE:
        return _explain_stale(pod, location, final)
    if isinstance(seen, Missing) and final.link:
        return Cause(
            "dangling symlink",
            f"{final.link} in {location.container} is a symlink to {final.path}, where nothing"
            " exists",
            "Check what should create its target, and when.",
        )
    # the target of the last symlink decides about permissions, unless that leads out of the volume
    path = (final.link if seen == confined.OUTSIDE else final.path) or location.path
    reader = dataclasses.replace(location, path=path)
    candidates = _list_candidates(pod, location) if isinstance(seen, Missing) else []
    live = facts.gather(pod, reader, *candidates)
    view, *others = live.views
    # commands in the container may have another one
    view = dataclasses.replace(view, user=user)
    has_file = [other for other in others if other.file is not None]
    views = (has_file[0], view) if has_file else (view,)
    symptom = Symptom(
        pod.wiring,
        Facts(live.pod_problem, live.message, views),
        seen,
        existed=bool(has_file),
        is_connection=is_socket,
    )
    return _add_hints(root_cause.find_cause(symptom), pod, location, () if has_file else others)


def _list_candidates(pod: Pod, location: FileLocation) -> list[FileLocation]:
    """Return where the other running containers would have the file: in the volume, or at all."""
    candidates = []
    for spec in _list_others(pod, location):
        path, mount = location.path, spec.covering_mount(location.path)
        shared = find_shared_mount(pod.wiring, spec.name, location.container.name, location.volume)
        if shared is not None and folders.is_within(path, shared.to_dir):
            name = posixpath.relpath(path, shared.to_dir)
            path = posixpath.normpath(posixpath.join(shared.from_dir, name))
            mount = shared.from_mount
        candidates.append(FileLocation(pod[spec.name], path, mount))
    return candidates


def _list_others(pod: Pod, location: FileLocation) -> list[ContainerSpec]:
    return [spec for spec in list_running(pod.wiring) if spec.name != location.container.name]


def _add_hints(
    cause: Cause, pod: Pod, location: FileLocation, others: Sequence[ContainerView]
) -> Cause:
    """Add who else lacks the file, and whose command sets its mode."""
    text = cause.text
    looked = [str(other.location) for other in others if other.path_entries]
    if looked and cause.kind in ("never written", "unknown"):
        text += f"; nothing exists at {', '.join(looked)} either"
    if cause.kind == "permission denied":
        for spec in _list_others(pod, location):
            paths = [mount.path for mount in spec.mounts_of(location.volume)]
            modes = find_private_modes(spec, paths) if paths else ()
            if modes:
                text += f"; the command of {spec.name} has `{'`, `'.join(modes)}`"
    return dataclasses.replace(cause, text=text)


def _explain_stale(pod: Pod, location: FileLocation, final: FinalFile) -> Cause:
    """Explain a socket that nothing listens on, which its server has left or not opened yet."""
    candidates = _list_candidates(pod, location)
    views = facts.gather(pod, *candidates).views if candidates else ()
    states = [
        f"{view.location.container} has restarted since the Pod became ready"
        if view.restarted
        else f"{view.location.container} is {view.description}"
        for view in views
        if view.location.volume == location.volume
        and (view.restarted or (view.state and not view.is_running))
    ]
    text = f"{final.path} in {location.container} is a socket, but no process listens on it"
    return Cause(
        "stale socket",
        "; ".join([text, *states]),
        "Check whether its server is running. A server that was killed leaves its socket behind:"
        " let it remove the old one before it listens.",
    )
