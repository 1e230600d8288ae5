"""What a run of pytest carries from one hook to the next, in its own stash."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_podshare import collect
from pytest_podshare.cluster.run import Run
from pytest_podshare.options import Options

if TYPE_CHECKING:
    from pytest_podshare.pods.factory import PodshareFactory

OPTIONS = pytest.StashKey[Options]()
RUN = pytest.StashKey[Run]()
# an item's own Podshare, and what makes those that several items share
PODSHARE = collect.PODSHARE
FACTORY: pytest.StashKey[PodshareFactory] = pytest.StashKey()
# what is to be said at the end
LINES = pytest.StashKey[list[str]]()
# what was asked of the cluster: name → whether it is there, and how that is known or why not
CAPABILITIES = pytest.StashKey[dict[str, tuple[bool, str]]]()
