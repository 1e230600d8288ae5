"""How much may be in a volume, and what happens then."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from pytest_podshare.check.rules.finding import Remark, of_volume, rule
from pytest_podshare.wiring import quantity
from pytest_podshare.wiring.model import ContainerSpec, VolumeSpec, Wiring

if TYPE_CHECKING:
    from pytest_podshare.wiring.templates import Template

# less than a file system hands out
_SMALLEST = 4096


@rule("warning")
def memory_without_limit(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """An emptyDir in memory with no sizeLimit, filled by a container that has no memory limit."""
    for volume in _in_memory(wiring):
        free = [each for each in _writers(wiring, volume) if "memory" not in each.limits]
        if not volume.size_limit and free and "memory" not in wiring.limits:
            yield of_volume(
                volume,
                f" is in memory with no sizeLimit, and container {free[0].name!r} "
                "has no memory limit: it may fill the node's memory",
                "Add a sizeLimit, for example 64Mi.",
            )


@rule("info")
def memory_until_killed(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """An emptyDir in memory with no sizeLimit: who fills it is killed, and not told it is full."""
    for volume in _in_memory(wiring):
        writers = _writers(wiring, volume)
        if volume.size_limit or not writers:
            continue
        if "memory" in wiring.limits or all("memory" in each.limits for each in writers):
            limit = writers[0].limits.get("memory", wiring.limits.get("memory"))
            yield of_volume(
                volume,
                f" is in memory with no sizeLimit: container {writers[0].name!r} is killed at its "
                f"memory limit of {limit} instead of being told that it is full",
                "Add a sizeLimit below the memory limit.",
            )


@rule("warning")
def memory_above_limit(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """The sizeLimit of an emptyDir in memory is not below the memory limit of who fills it."""
    for volume in _in_memory(wiring):
        size = quantity.parse(volume.size_limit)
        for container in _writers(wiring, volume):
            limit = container.limits.get("memory") or wiring.limits.get("memory", "")
            amount = quantity.parse(limit)
            if size is not None and amount is not None and size >= amount > 0:
                yield of_volume(
                    volume,
                    f" may hold {volume.size_limit} of memory, and container {container.name!r} "
                    f"has a limit of {limit}: it is killed before the volume is full",
                    "Lower the sizeLimit, or raise the memory limit above it.",
                )
                break


@rule("warning")
def size_limit_above_storage_limit(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """The sizeLimit of an emptyDir on disk is above the Pod's ephemeral-storage limit."""
    limit = _pod_limit(wiring, "ephemeral-storage")
    for volume in wiring.volumes:
        size = quantity.parse(volume.size_limit)
        if volume.kind != "emptyDir" or volume.medium or size is None or limit is None:
            continue
        if size > limit:
            yield of_volume(
                volume,
                f" may hold {volume.size_limit}, and the containers' ephemeral-storage limits "
                f"come to {quantity.format_bytes(round(limit))}: the Pod is evicted before",
                "Lower the sizeLimit, or raise the containers' ephemeral-storage limits.",
            )


@rule("warning")
def size_limit_too_small(template: Template, wiring: Wiring) -> Iterator[Remark]:
    """A sizeLimit in which not one file has room, often for an `m` where `Mi` was meant."""
    for volume in wiring.volumes:
        size = quantity.parse(volume.size_limit)
        if size is None or not 0 < size < _SMALLEST:
            continue
        if volume.size_limit.endswith("m"):
            matter = f" has sizeLimit {volume.size_limit}, where 'm' is a thousandth of a byte"
            yield of_volume(volume, matter, f"Write {volume.size_limit}".replace("m", "Mi") + ".")
        else:
            matter = f" has sizeLimit {volume.size_limit}, which is less than 4 KiB"
            yield of_volume(volume, matter, "Add the unit, for example Mi.")


def _in_memory(wiring: Wiring) -> Iterator[VolumeSpec]:
    return (each for each in wiring.volumes if each.kind == "emptyDir" and each.medium == "Memory")


def _writers(wiring: Wiring, volume: VolumeSpec) -> list[ContainerSpec]:
    mounts = wiring.mounts_of(volume.name)
    found = {each.name: each for each, mount in mounts if not mount.read_only}
    return list(found.values())


def _pod_limit(wiring: Wiring, resource: str) -> Fraction | None:
    """The sum of the containers' limits, as the kubelet makes it; None where none has one."""
    running = [each for each in wiring.containers if each.role != "init"]
    amounts = [amount for each in running if (amount := _limit(each, resource)) is not None]
    before = [_limit(each, resource) for each in wiring.containers if each.role == "init"]
    largest = max((each for each in before if each is not None), default=None)
    if not amounts and largest is None:
        return None
    return max(sum(amounts, Fraction(0)), largest or Fraction(0))


def _limit(container: ContainerSpec, resource: str) -> Fraction | None:
    return quantity.parse(container.limits.get(resource, ""))
