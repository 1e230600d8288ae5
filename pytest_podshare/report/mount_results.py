"""What a run proved about each mount of a Pod, and what it did not prove, and why."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from pytest_podshare.diagrams import text_table
from pytest_podshare.escaping import printable
from pytest_podshare.pods.evidence import BROKEN, HELD, UNKNOWN, Check
from pytest_podshare.report.records import SKIPPED, CheckRecord
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

# the verdict that a mount is drawn with is the first of these that one of its checks has
_DRAWN = (BROKEN, UNKNOWN, HELD, SKIPPED)


@dataclasses.dataclass(frozen=True)
class MountResult:
    """A mount, with the checks that are about it.

    Args:
        container: its container.
        mount: the mount.
        volume: its volume; None if the Pod does not declare it.
        records: the checks, the most urgent first.
        is_lone: whether no other container mounts the volume.
    """

    container: ContainerSpec
    mount: VolumeMount
    volume: VolumeSpec | None
    records: tuple[CheckRecord, ...]
    is_lone: bool

    @property
    def verdict(self) -> str:
        """Return the verdict that it is drawn with; "" for none."""
        found = {record.verdict for record in self.records}
        return next((verdict for verdict in _DRAWN if verdict in found), "")

    @property
    def title(self) -> str:
        """Return the container as diagrams show it."""
        return text_table.format_title(self.container)

    @property
    def mode(self) -> str:
        """Return `ro` or `rw`."""
        return text_table.format_mode(self.mount, self.volume)

    @property
    def heading(self) -> str:
        """Return the volume and its source as diagrams show them."""
        return text_table.format_heading(self.volume) if self.volume else self.mount.volume

    @property
    def reasons(self) -> list[str]:
        """Return why checks of the mount were skipped, each reason once."""
        skipped = (record.reason for record in self.records if record.verdict == SKIPPED)
        return list(dict.fromkeys(skipped))

    @property
    def proved(self) -> list[str]:
        """Return the assertions about the mount that held, each once."""
        held = (record.check.assertion for record in self.records if record.verdict == HELD)
        return list(dict.fromkeys(held))

    @property
    def not_proved(self) -> list[CheckRecord]:
        """Return the checks that are broken or unknown."""
        return [record for record in self.records if record.needs_attention]


def list_results(wiring: Wiring, records: Sequence[CheckRecord]) -> list[MountResult]:
    """Return each mount of a Pod with the checks that are about it.

    Args:
        wiring: the Pod's wiring.
        records: its checks, the most urgent first.
    """
    found: dict[tuple[str, str], list[CheckRecord]] = {}
    for record in records:
        for mount in _list_mounts(wiring, record.check):
            found.setdefault(mount, []).append(record)
    return [
        MountResult(
            container,
            mount,
            wiring.volume(mount.volume),
            tuple(found.get((container.name, mount.path), ())),
            len({user.name for user, _ in wiring.mounts_of(mount.volume)}) == 1,
        )
        for container, mount in wiring.mounts()
    ]


def list_gaps(results: Iterable[MountResult]) -> list[tuple[str, list[str]]]:
    """Return why nothing was proved about mounts, each reason with `container:path` of the mounts.

    It leaves out what is broken or unknown, which its checks explain.
    """
    gaps: dict[str, list[str]] = {}
    for result in results:
        if result.verdict in (SKIPPED, ""):
            reason = "; ".join(result.reasons)
            if not reason:
                lone = "no other container mounts the volume"
                reason = lone if result.is_lone else "no check names the mount"
            mounts = gaps.setdefault(reason, [])
            mounts.append(f"{printable(result.container.name)}:{printable(result.mount.path)}")
    return list(gaps.items())


def drawn_verdicts(results: Iterable[MountResult]) -> Mapping[tuple[str, str], str]:
    """Return the verdict that each mount is drawn with, by container and path."""
    return {
        (result.container.name, result.mount.path): result.verdict
        for result in results
        if result.verdict
    }


def _list_mounts(wiring: Wiring, check: Check) -> list[tuple[str, str]]:
    """Return the container and path of each mount that a check is about."""
    containers = [
        container
        for container in wiring.containers
        if container.name in check.containers or not check.containers
    ]
    volumes: Iterable[str] = check.volumes
    if not volumes and len(containers) == len(check.containers) == 2:
        # the check failed before it named a volume: it is certain only if there is one
        common = set.intersection(*({mount.volume for mount in item.mounts} for item in containers))
        volumes = common if len(common) == 1 else ()
    return [
        (container.name, mount.path)
        for container in containers
        for mount in container.mounts
        if mount.volume in volumes
    ]
