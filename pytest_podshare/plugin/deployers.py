"""What deployed the Pods of a test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

from pytest_podshare.plugin import stash

if TYPE_CHECKING:
    from pytest_podshare.pods.deployer import Podshare


def find_podshares(item: pytest.Item) -> Sequence[Podshare]:
    """Return what a test may have deployed Pods with: its own, and those that tests share."""
    own = item.stash.get(stash.PODSHARE, None)
    factory = item.config.stash.get(stash.FACTORY, None)
    uses_factory = "podshare_factory" in getattr(item, "fixturenames", ())
    # the Pods of other manifests are deployed ahead of their items, or are being deleted
    of_manifests = item.config.stash.get(stash.OF_MANIFESTS, ())
    if own is not None and own in of_manifests:
        return (own,)
    opened = factory.open if factory is not None and uses_factory else ()
    shared = [podshare for podshare in opened if podshare not in of_manifests]
    return shared if own is None else (own, *shared)
