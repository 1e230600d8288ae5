"""Environment variables that come from files in volumes."""

from __future__ import annotations

import dataclasses

from pytest_podshare.manifests.position import Position


@dataclasses.dataclass(frozen=True)
class FileKey:
    """An environment variable that the kubelet reads from a file in a volume.

    Args:
        variable: the name of the variable.
        volume: the name of the volume, which the container need not mount.
        position: the entry's position in the manifest; None if the manifest was not a text.
    """

    variable: str
    volume: str
    position: Position | None = dataclasses.field(default=None, compare=False)
