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
    shared = factory.open if factory is not None and uses_factory else ()
    if own is None:
        return shared
    # the item of a manifest has its own among those that the factory has made
    return (own,) if own in shared else (own, *shared)
