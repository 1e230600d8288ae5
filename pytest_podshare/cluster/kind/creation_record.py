"""What a kind cluster was made of, by which run, and whether it is to stay: kept beside it.

A cluster without such a record is somebody else's: it is used, and never deleted or replaced.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from pathlib import Path

from pytest_podshare.cluster import ownership
from pytest_podshare.cluster.kind.binary import KindSettings


@dataclasses.dataclass(frozen=True)
class CreationRecord:
    """What was asked for when a cluster was made.

    Args:
        run: the run that made it, or is making it.
        image: its node image; None for kind's own.
        config: the digest of its configuration file; None for the one of ours.
        kept: whether it stays when nobody uses it.
        owner: who that run belongs to; "" if an older version made it.
    """

    run: str
    image: str | None
    config: str | None
    kept: bool
    owner: str = ""

    @classmethod
    def asked(cls, settings: KindSettings, *, kept: bool) -> CreationRecord:
        """What these settings would make."""
        its = ownership.owner(os.environ)
        return cls(settings.run_id, settings.image, digest(settings.config), kept, its)


def write(settings: KindSettings, made: CreationRecord) -> None:
    """Put it down."""
    draft = settings.maker.with_suffix(".new")
    draft.write_text(json.dumps(dataclasses.asdict(made)))
    draft.replace(settings.maker)


def read(settings: KindSettings) -> CreationRecord | None:
    """What the cluster of that name was made of; None if podshare did not make it."""
    try:
        return CreationRecord(**json.loads(settings.maker.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def unlike(made: CreationRecord, settings: KindSettings) -> str | None:
    """In what way a cluster is not what was asked for; what is not asked for is always right."""
    if settings.image is not None and settings.image != made.image:
        return f"it is made of {made.image or 'the node image of kind'}, not of {settings.image}"
    if settings.config is not None and digest(settings.config) != made.config:
        return f"it was not made with {settings.config} as that is now"
    return None


def digest(config: Path | None) -> str | None:
    """What tells one configuration from another."""
    if config is None or not config.is_file():
        return None
    return hashlib.sha256(config.read_bytes()).hexdigest()


def forget(settings: KindSettings) -> None:
    """Take back what is known of a cluster that is not there any more."""
    for path in (settings.maker, settings.loaded):
        path.unlink(missing_ok=True)
