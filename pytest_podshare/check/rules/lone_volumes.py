"""Volumes that only one of several containers mounts, and pairs of them that were to be one."""

from __future__ import annotations

import dataclasses
import itertools

from pytest_podshare.check.rules.heuristics import looks_like_scratch, may_write, split_words
from pytest_podshare.check.rules.shared_names import suggests_sharing
from pytest_podshare.check.rules.similar_names import is_typo
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

# words that say nothing about what a volume is for
_COMMON_WORDS = frozenset(
    {"app", "data", "dir", "empty", "extra", "file", "files", "folder", "init", "main", "pod"}
    | {"shared", "storage", "store", "vol", "volume", "volumes"}
)


@dataclasses.dataclass(frozen=True)
class LoneVolume:
    """An emptyDir that only one container mounts, with that container and its first mount."""

    volume: VolumeSpec
    container: ContainerSpec
    mount: VolumeMount

    @property
    def is_filled(self) -> bool:
        """Return whether its container seems to write to it."""
        return not self.mount.read_only and may_write(self.container, self.mount)


def list_lone_volumes(wiring: Wiring) -> list[LoneVolume]:
    """Return the emptyDirs that only one of several containers mounts, except scratch space."""
    if len(wiring.containers) < 2:
        return []
    found: list[LoneVolume] = []
    for volume in wiring.volumes:
        pairs = wiring.mounts_of(volume.name)
        if not volume.starts_empty or len({container.name for container, _ in pairs}) != 1:
            continue
        if any(key.volume == volume.name for other in wiring.containers for key in other.file_keys):
            continue
        mounts = tuple(mount for _, mount in pairs)
        # a name that suggests sharing counts for more than a path in /run
        is_shared = suggests_sharing(wiring, volume, *pairs[0])
        if not looks_like_scratch(volume, () if is_shared else mounts):
            found.append(LoneVolume(volume, *pairs[0]))
    return found


def list_near_misses(wiring: Wiring) -> list[tuple[LoneVolume, LoneVolume]]:
    """Return the pairs of lone volumes where one shared volume was probably meant.

    Each volume is in one pair at most, the most similar one; the earlier container is the first.
    """
    lone = sorted(list_lone_volumes(wiring), key=lambda row: wiring.containers.index(row.container))
    pairs = [
        (difference, pair)
        for pair in itertools.combinations(lone, 2)
        if (difference := _compare(*pair)) is not None
    ]
    paired: set[str] = set()
    found: list[tuple[LoneVolume, LoneVolume]] = []
    for _, (first, second) in sorted(pairs, key=lambda entry: entry[0]):
        names = {first.volume.name, second.volume.name}
        if not names & paired:
            paired |= names
            found.append((first, second))
    return found


def _compare(first: LoneVolume, second: LoneVolume) -> int | None:
    """Return how different two volumes are that were probably to be one; None if they were not."""
    if first.container is second.container:
        return None
    if is_typo(first.volume.name, second.volume.name):
        return 0
    if first.container.role != "init" or second.container.role == "init":
        return None
    if first.mount.folder == second.mount.folder:
        return 1
    if not first.is_filled:
        return None
    words = split_words(first.volume.name) & split_words(second.volume.name)
    if words - _COMMON_WORDS:
        return 2
    # one stays empty, and nobody reads the other
    return 3 if second.mount.read_only else None
