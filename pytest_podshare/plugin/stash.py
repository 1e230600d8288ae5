"""The keys of pytest's stash, by which the hooks of a run share data."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

import pytest

from pytest_podshare.cluster.run import Run
from pytest_podshare.plugin.options import Options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_podshare import errors
    from pytest_podshare.check.project_settings import ProjectSettings
    from pytest_podshare.kube.incidents import Incident
    from pytest_podshare.pods.deployer import Podshare
    from pytest_podshare.pods.factory import PodshareFactory
    from pytest_podshare.report.records import PromiseRecord

OPTIONS = pytest.StashKey[Options]()
RUN = pytest.StashKey[Run]()
SETTINGS: pytest.StashKey[ProjectSettings] = pytest.StashKey()
# the Podshare of one item, and the factory of those that items share
PODSHARE: pytest.StashKey[Podshare] = pytest.StashKey()
# what an item of a promise checks
PROMISE: pytest.StashKey[PromiseRecord] = pytest.StashKey()
FACTORY: pytest.StashKey[PodshareFactory] = pytest.StashKey()
# those of manifests, which only their own items report
OF_MANIFESTS: pytest.StashKey[weakref.WeakSet[Podshare]] = pytest.StashKey()
# what happened to the Pods of an item by itself, if it was found out ahead
INCIDENTS: pytest.StashKey[Sequence[Incident] | errors.ClusterError | None] = pytest.StashKey()
# the lines of the terminal summary
LINES = pytest.StashKey[list[str]]()
# by capability: whether the cluster has it, and the proof or the reason
CAPABILITIES = pytest.StashKey[dict[str, tuple[bool, str]]]()
