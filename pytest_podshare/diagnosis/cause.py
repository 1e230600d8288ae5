"""The reason that a promise is broken, and where in the Pod it lies."""

from __future__ import annotations

import dataclasses

from pytest_podshare.containers.container import Container
from pytest_podshare.wiring.model import VolumeMount

# every word that a failure may name as its cause, with what it means
WORDS = {
    "another content": "the file is the right one, and holds something else",
    "another medium": "the volume is made of something else, or of another size",
    "another volume": "the two paths lie in different volumes, often of similar names",
    "API server unreachable": "nothing could be asked",
    "deleted": "the Pod was deleted, and none came in its place",
    "different subPath": "the same volume, another folder of it",
    "evicted": "the kubelet evicted the Pod, for a limit that it exceeded",
    "never updates": "a mount by subPath keeps what it had when the container started",
    "never written": "the writer itself has no such file, or has not printed such a line",
    "no answer": "the container runs, and a command in it did not end in time",
    "no space left": "the file system is full, as a tmpfs is at its sizeLimit",
    "no subPath": "the whole volume is mounted, and is kept up to date",
    "node not ready": "the node that the Pod is on does not answer",
    "not limited": "nobody stopped a writer at the volume's sizeLimit",
    "not mounted": "a container does not mount the volume, and sees its own files there",
    "not read-only": "a container may write where it should not",
    "not running": "a container has ended, or keeps ending",
    "other permissions": "the file has another owner, group or mode",
    "outlives its Pod": "the volume stays when its Pod goes",
    "permission denied": "who owns what keeps a user out",
    "read-only": "the container mounts the volume so that it cannot write to it",
    "removed": "it was there, and somebody has removed it",
    "replaced": "another Pod is there by now",
    "restarted meanwhile": "a container was restarted since the Pod was ready",
    "same folder": "two paths that should be apart lead to one folder",
    "shadowed": "another mount lies over what the volume has there",
    "stale file": "a single file is mounted, and another one has its name by now",
    "symlink leaves the volume": "a link leads to where each container has files of its own",
    "tool missing": "the image lacks a program; nothing was learned about the file",
    "unknown": "none of these; the facts follow",
}


@dataclasses.dataclass(frozen=True)
class Cause:
    """Why a promise is broken.

    Args:
        kind: a key of `WORDS`.
        text: the facts that show it, in a sentence or two.
        remedy: what to do about it, in a sentence; "" where that needs a person's thought.
        blame: the container and the mount of it that are to blame, the container alone where it
            lacks a mount; None where the manifest's mounts are as they should be.
    """

    kind: str
    text: str
    remedy: str = ""
    blame: tuple[Container, VolumeMount | None] | None = None

    def __post_init__(self) -> None:
        if self.kind not in WORDS:
            raise ValueError(f"{self.kind!r} is no cause; there are {', '.join(WORDS)}")

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"
