"""The keys under which the modules of this room leave things for each other, and for reports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_podshare.options import Options

if TYPE_CHECKING:
    from pytest_podshare.check.settings import Settings
    from pytest_podshare.pods.deployer import Podshare

OPTIONS: pytest.StashKey[Options] = pytest.StashKey()
SETTINGS: pytest.StashKey[Settings] = pytest.StashKey()
# what an item deploys with; reports find its Pods by it
PODSHARE: pytest.StashKey[Podshare] = pytest.StashKey()
