"""Proves that the containers of a Kubernetes Pod share the volumes they are meant to share."""

from pytest_podshare.assertions.access import (
    assert_permissions,
    assert_read_only,
    assert_writable,
)
from pytest_podshare.assertions.apart import assert_not_shared
from pytest_podshare.assertions.capacity import assert_medium, assert_size_limited
from pytest_podshare.assertions.logs import assert_log_contains
from pytest_podshare.assertions.lost import assert_lost_on_delete, assert_lost_on_drain
from pytest_podshare.assertions.survives import (
    assert_survives_delete,
    assert_survives_drain,
    assert_survives_restart,
    assert_survives_sandbox_restart,
)
from pytest_podshare.assertions.updates import assert_update_not_visible, assert_update_visible
from pytest_podshare.assertions.visible import assert_file_visible
from pytest_podshare.errors import PodshareError
from pytest_podshare.pods.container import Container
from pytest_podshare.pods.deployer import Podshare
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.pod import Pod

__all__ = [
    "Container",
    "Evidence",
    "Pod",
    "Podshare",
    "PodshareError",
    "assert_file_visible",
    "assert_log_contains",
    "assert_lost_on_delete",
    "assert_lost_on_drain",
    "assert_medium",
    "assert_not_shared",
    "assert_permissions",
    "assert_read_only",
    "assert_size_limited",
    "assert_survives_delete",
    "assert_survives_drain",
    "assert_survives_restart",
    "assert_survives_sandbox_restart",
    "assert_update_not_visible",
    "assert_update_visible",
    "assert_writable",
]
