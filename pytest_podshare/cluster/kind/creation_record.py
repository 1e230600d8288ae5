"""The record of how a kind cluster was created, kept beside its kubeconfig.

A cluster without one was created by someone else: it is used, but never deleted or replaced.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from pathlib import Path

from pytest_podshare.cluster import ownership
from pytest_podshare.cluster.kind.settings import KindSettings, write_file


@dataclasses.dataclass(frozen=True)
class CreationRecord:
    """How a cluster was created.

    Args:
        run: the run that created it, or is creating it.
        image: the node image; None for kind's default.
        config: the digest of the configuration file; None for podshare's own configuration.
        kept: whether it stays when nothing uses it.
        owner: the owner of the run; "" if an older version created it.
    """

    run: str
    image: str | None
    config: str | None
    kept: bool
    owner: str = ""

    @classmethod
    def for_settings(cls, settings: KindSettings, *, kept: bool) -> CreationRecord:
        """Return the record of a cluster that is created with these settings."""
        owner = ownership.find_owner(os.environ)
        return cls(settings.run_id, settings.image, _digest(settings.config), kept, owner)

    def difference(self, settings: KindSettings) -> str | None:
        """Return how the cluster differs from the settings; None if it satisfies them."""
        if settings.image is not None and settings.image != self.image:
            return f"its node image is {self.image or 'the default of kind'}, not {settings.image}"
        if settings.config is not None and _digest(settings.config) != self.config:
            return f"it was not created with the current content of {settings.config}"
        return None


def write(settings: KindSettings, record: CreationRecord) -> None:
    """Write the record of a cluster."""
    write_file(settings.record_file, json.dumps(dataclasses.asdict(record)))


def read(settings: KindSettings) -> CreationRecord | None:
    """Return the record of a cluster; None if podshare did not create it."""
    try:
        return CreationRecord(**json.loads(settings.record_file.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def delete(settings: KindSettings) -> None:
    """Delete the record of a cluster that no longer exists, and the list of its images."""
    for path in (settings.record_file, settings.images_file):
        path.unlink(missing_ok=True)


def _digest(config: Path | None) -> str | None:
    if config is None or not config.is_file():
        return None
    return hashlib.sha256(config.read_bytes()).hexdigest()
