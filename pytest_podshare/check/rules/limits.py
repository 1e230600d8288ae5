"""Size limits of volumes, and what happens when they are reached."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_podshare.check.rules.finding import Issue, rule, volume_issue
from pytest_podshare.wiring import quantity
from pytest_podshare.wiring.model import ContainerSpec, VolumeSpec, Wiring
from pytest_podshare.wiring.storage_limit import find_storage_limit
from pytest_podshare.wiring.templates import Template

# the smallest block that a file system allocates
_BLOCK = 4096


@rule("warning", on_windows=False)
def memory_without_limit(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """An emptyDir in memory has no sizeLimit, and its writer has no memory limit."""
    for volume, writers in _in_memory(wiring):
        unlimited = [writer for writer in writers if "memory" not in writer.limits]
        if not volume.size_limit and unlimited and "memory" not in wiring.limits:
            yield volume_issue(
                volume,
                f" is in memory without a sizeLimit, and container {unlimited[0].name!r} has no "
                "memory limit: it can use up the node's memory",
                "Add a sizeLimit, for example 64Mi.",
            )


@rule("info", on_windows=False)
def memory_until_killed(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """An emptyDir in memory has no sizeLimit, so a container that fills it is killed."""
    for volume, writers in _in_memory(wiring):
        if volume.size_limit or not writers:
            continue
        if "memory" in wiring.limits or all("memory" in writer.limits for writer in writers):
            limit = writers[0].limits.get("memory", wiring.limits.get("memory"))
            yield volume_issue(
                volume,
                f" is in memory without a sizeLimit: container {writers[0].name!r} is killed at "
                f"its memory limit of {limit} instead of getting 'No space left on device'",
                "Add a sizeLimit below the memory limit.",
            )


@rule("warning", on_windows=False)
def memory_above_limit(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """The sizeLimit of an emptyDir in memory is not below the memory limit of its writer."""
    for volume, writers in _in_memory(wiring):
        size = quantity.parse(volume.size_limit)
        for container in writers:
            limit = container.limits.get("memory") or wiring.limits.get("memory", "")
            amount = quantity.parse(limit)
            if size is not None and amount is not None and size >= amount > 0:
                yield volume_issue(
                    volume,
                    f" can hold {volume.size_limit} of memory, but container {container.name!r} "
                    f"has a memory limit of {limit}: it is killed before the volume is full",
                    "Lower the sizeLimit, or raise the memory limit above it.",
                )
                break


@rule("warning")
def size_limit_above_storage_limit(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """The sizeLimit of an emptyDir on disk is above the Pod's ephemeral-storage limit."""
    limit = find_storage_limit(wiring)
    for volume in wiring.volumes:
        size = quantity.parse(volume.size_limit)
        if volume.kind != "emptyDir" or volume.medium or size is None or limit is None:
            continue
        if size > limit:
            yield volume_issue(
                volume,
                f" can hold {volume.size_limit}, but the containers' ephemeral-storage limits "
                f"add up to {quantity.format_bytes(round(limit))}: the Pod is evicted first",
                "Lower the sizeLimit, or raise the containers' ephemeral-storage limits.",
            )


@rule("warning")
def size_limit_too_small(template: Template, wiring: Wiring) -> Iterator[Issue]:
    """A sizeLimit is too small for a single file, often because of `m` instead of `Mi`."""
    for volume in wiring.volumes:
        size, text = quantity.parse(volume.size_limit), volume.size_limit
        if size is None or not 0 < size < _BLOCK:
            continue
        if text.endswith("m"):
            detail = f" has sizeLimit {text}, where 'm' means a thousandth of a byte"
            yield volume_issue(volume, detail, f"Write {text.replace('m', 'Mi')}.")
        else:
            detail = f" has sizeLimit {text}, which is less than 4 KiB"
            yield volume_issue(volume, detail, "Add a unit, for example Mi.")


def _in_memory(wiring: Wiring) -> Iterator[tuple[VolumeSpec, list[ContainerSpec]]]:
    """Yield the emptyDirs in memory, each with the containers that can write to it."""
    for volume in wiring.volumes:
        if volume.kind == "emptyDir" and volume.medium == "Memory":
            mounts = wiring.mounts_of(volume.name)
            writers = {spec.name: spec for spec, mount in mounts if not mount.read_only}
            yield volume, list(writers.values())
