"""The causes of a broken promise."""

from __future__ import annotations

import dataclasses

from pytest_podshare.containers.container import Container
from pytest_podshare.wiring.model import VolumeMount

# every kind of cause that a failure can name, with its meaning
MEANINGS = {
    "API server unreachable": "the API server did not answer",
    "dangling symlink": "a symlink leads to a path where nothing exists",
    "deadline exceeded": "a Job has run for longer than its activeDeadlineSeconds",
    "deleted": "the Pod was deleted and not replaced",
    "different content": "the file is the right one, but its content is different",
    "different medium": "the volume is on another medium, or has another size",
    "different permissions": "the file has another owner, group or mode",
    "different subPath": "the volume is the same, but the folders in it are different",
    "different volume": "the two paths are in different volumes, often with similar names",
    "ended": "a container has ended, and can no longer say what it saw",
    "evicted": "the kubelet evicted the Pod: it exceeded a limit, or its node lacked a resource",
    "never ends": "a container keeps running, so its Job or Pod does not complete",
    "never updates": "a subPath mount keeps the content it had when the container started",
    "never written": "the writer itself has no such file, or has not printed such a line",
    "no answer": "the container is running, but a command in it did not finish in time",
    "no space left": "the file system is full, such as a tmpfs at its sizeLimit",
    "no subPath": "the whole volume is mounted, so the kubelet keeps it up to date",
    "node not ready": "the Pod's node does not respond",
    "not limited": "the volume holds more than its sizeLimit",
    "not mounted": "a container does not mount the volume, and sees its own files at the path",
    "not propagated": "a file system that is mounted in the volume does not reach the container",
    "not read-only": "a container can write where it should not",
    "not running": "a container has exited, or keeps crashing",
    "nothing left": "a container that has ended has left nothing that the other one sees",
    "other limit": "another limit than the volume's sizeLimit evicted the Pod",
    "outlives its Pod": "the volume is not deleted with its Pod",
    "permission denied": "the owner or mode of a file or folder denies access",
    "read-only": "the container mounts the volume read-only",
    "removed": "the file existed, and has been deleted since",
    "replaced": "another Pod has taken the Pod's place",
    "restarted": "a container has restarted since the Pod became ready",
    "same folder": "two paths that should be separate lead to the same folder",
    "several writers": "other containers could write at the same time",
    "shadowed": "another mount hides what the volume has at the path",
    "stale file": "a single file is mounted, and another file has taken its name since",
    "stale socket": "the socket exists, but no process listens on it",
    "suspended": "a Job is suspended, so it has no Pods",
    "symlink leaves the volume": "a symlink points out of the volume, to the container's own files",
    "tool missing": "the image lacks a program; nothing was learned about the file",
    "unknown": "none of the above; the failure lists the facts",
    "wrong order": "a container has ended before the other one starts",
    "wrong type": "something else is at the path: a folder, a pipe, a file instead of a socket",
}


@dataclasses.dataclass(frozen=True)
class Cause:
    """Why a promise is broken.

    Args:
        kind: a key of `MEANINGS`.
        text: the facts that show it, in a sentence or two.
        remedy: what to do about it, as an imperative sentence; "" without general advice.
        blame: the container and mount at fault, or the container and None if it lacks a mount;
            None if the manifest's mounts are right.
    """

    kind: str
    text: str
    remedy: str = ""
    blame: tuple[Container, VolumeMount | None] | None = None

    def __post_init__(self) -> None:
        if self.kind not in MEANINGS:
            raise ValueError(f"unknown cause {self.kind!r}; expected one of {', '.join(MEANINGS)}")

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"
