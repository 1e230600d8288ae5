"""What the Pod templates of one manifest promise each other: files in a claim that they share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_podshare.wiring.model import VolumeMount, VolumeSpec
from pytest_podshare.wiring.mount_kinds import is_directory, is_writable
from pytest_podshare.wiring.promise import OFF, PromiseOption
from pytest_podshare.wiring.render_objects import CLAIM
from pytest_podshare.wiring.run_order import list_running
from pytest_podshare.wiring.shared_mounts import VolumePair, match_mounts
from pytest_podshare.wiring.templates import Template

ONE_POD = "ReadWriteOncePod"


def list_claims(template: Template) -> dict[str, tuple[VolumeSpec, ...]]:
    """Return the volumes of a template's Pods by the claim behind them.

    Claims from volumeClaimTemplates are left out: each Pod has its own.
    """
    own = {claim.name for claim in template.claims}
    claims: dict[str, tuple[VolumeSpec, ...]] = {}
    for volume in template.wiring.volumes:
        if volume.kind == "persistentVolumeClaim" and volume.name not in own:
            claims[volume.source] = (*claims.get(volume.source, ()), volume)
    return claims


def read_access_modes(template: Template) -> dict[str, set[str]]:
    """Return the access modes of the claims in the render and namespace of a template."""
    namespace = template.namespace or "default"
    return {
        thing.name: set(thing.access_modes)
        for thing in template.objects.objects
        if thing.kind == CLAIM and (thing.namespace or "default") == namespace
    }


def list_options(
    template: Template, templates: Mapping[str, Template]
) -> tuple[PromiseOption, ...]:
    """Return what the containers of a template can promise to those of other templates.

    The writers are those of `template`. A claim that only one Pod can use at a time
    (ReadWriteOncePod) promises nothing; the rule `claim-for-one-pod` reports it.

    Args:
        template: the template.
        templates: the Pod templates of the manifest by their names in ids, `template` among them.
    """
    claims, modes = list_claims(template), read_access_modes(template)
    usable = {claim: volumes for claim, volumes in claims.items() if modes.get(claim) != {ONE_POD}}
    options: list[PromiseOption] = []
    for name, other in templates.items():
        if other is template or (other.namespace or "default") != (template.namespace or "default"):
            continue
        for claim, to_volumes in list_claims(other).items():
            pairs = [
                VolumePair(volume, to_volume)
                for volume in usable.get(claim, ())
                for to_volume in to_volumes
            ]
            options += _list_pairs(template, name, other, pairs)
    return tuple(options)


def _list_pairs(
    template: Template, to_template: str, other: Template, pairs: list[VolumePair]
) -> Iterator[PromiseOption]:
    """Yield whether the containers of another template see what each writer writes."""
    volumes = {pair.from_volume.name: pair.from_volume for pair in pairs}
    to_volumes = {pair.to_volume.name for pair in pairs}
    for volume in volumes.values():
        for writer in list_running(template.wiring):
            mounts = writer.mounts_of(volume.name)
            writable = [mount for mount in mounts if _is_writable(mount, volume)]
            if not writable:
                continue
            for reader in list_running(other.wiring):
                if not any(reader.mounts_of(name) for name in to_volumes):
                    continue
                found = match_mounts(writer, reader, pairs)
                shared = next((pair for pair in found if pair.volume.name == volume.name), None)
                is_visible = (
                    shared is not None
                    and _is_writable(shared.from_mount, volume)
                    and is_directory(shared.to_mount, volume)
                    and not shared.to_mount.expression
                )
                yield PromiseOption(
                    id=f"{writer.name}→{to_template}:{reader.name}@{volume.name}",
                    default="visible" if is_visible else OFF,
                    assertions={"visible": "assert_file_visible", "apart": "assert_not_shared"},
                    arguments={
                        "from_c": writer.name,
                        "to_c": reader.name,
                        "volume": volume.name,
                    },
                    position=(shared.from_mount if shared else writable[0]).position,
                    to_template=to_template,
                )


def _is_writable(mount: VolumeMount, volume: VolumeSpec) -> bool:
    # each Pod has its own value of an expression
    return not mount.expression and is_writable(mount, volume)
