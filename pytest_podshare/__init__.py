"""Proves that the containers of a Kubernetes Pod share the volumes they are meant to share."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_podshare.assertions.access import (
        assert_permissions,
        assert_read_only,
        assert_writable,
    )
    from pytest_podshare.assertions.completes import assert_completes
    from pytest_podshare.assertions.connectable import assert_connectable
    from pytest_podshare.assertions.devices import assert_device_shared
    from pytest_podshare.assertions.logs import assert_log_contains
    from pytest_podshare.assertions.lost import assert_lost_on_delete, assert_lost_on_drain
    from pytest_podshare.assertions.medium import assert_medium
    from pytest_podshare.assertions.not_shared import assert_not_shared
    from pytest_podshare.assertions.propagated import assert_mount_propagated
    from pytest_podshare.assertions.readable import assert_readable
    from pytest_podshare.assertions.same_files import assert_same_files
    from pytest_podshare.assertions.size_limit import assert_size_limited
    from pytest_podshare.assertions.survives import (
        assert_survives_delete,
        assert_survives_drain,
        assert_survives_restart,
        assert_survives_sandbox_restart,
    )
    from pytest_podshare.assertions.updates import assert_update_not_visible, assert_update_visible
    from pytest_podshare.assertions.visible import assert_file_visible
    from pytest_podshare.containers.container import Container
    from pytest_podshare.errors import PodshareError
    from pytest_podshare.plugin.incident_reports import PodUnstableWarning
    from pytest_podshare.pods.deployer import Podshare
    from pytest_podshare.pods.evidence import Evidence
    from pytest_podshare.pods.factory import PodshareFactory
    from pytest_podshare.pods.pod import Pod

__all__ = [
    "Container",
    "Evidence",
    "Pod",
    "PodUnstableWarning",
    "Podshare",
    "PodshareError",
    "PodshareFactory",
    "assert_completes",
    "assert_connectable",
    "assert_device_shared",
    "assert_file_visible",
    "assert_log_contains",
    "assert_lost_on_delete",
    "assert_lost_on_drain",
    "assert_medium",
    "assert_mount_propagated",
    "assert_not_shared",
    "assert_permissions",
    "assert_read_only",
    "assert_readable",
    "assert_same_files",
    "assert_size_limited",
    "assert_survives_delete",
    "assert_survives_drain",
    "assert_survives_restart",
    "assert_survives_sandbox_restart",
    "assert_update_not_visible",
    "assert_update_visible",
    "assert_writable",
]

_MODULES = {
    "Container": "containers.container",
    "Evidence": "pods.evidence",
    "Pod": "pods.pod",
    "PodUnstableWarning": "plugin.incident_reports",
    "Podshare": "pods.deployer",
    "PodshareError": "errors",
    "PodshareFactory": "pods.factory",
    "assert_completes": "assertions.completes",
    "assert_connectable": "assertions.connectable",
    "assert_device_shared": "assertions.devices",
    "assert_file_visible": "assertions.visible",
    "assert_log_contains": "assertions.logs",
    "assert_lost_on_delete": "assertions.lost",
    "assert_lost_on_drain": "assertions.lost",
    "assert_medium": "assertions.medium",
    "assert_mount_propagated": "assertions.propagated",
    "assert_not_shared": "assertions.not_shared",
    "assert_permissions": "assertions.access",
    "assert_read_only": "assertions.access",
    "assert_readable": "assertions.readable",
    "assert_same_files": "assertions.same_files",
    "assert_size_limited": "assertions.size_limit",
    "assert_survives_delete": "assertions.survives",
    "assert_survives_drain": "assertions.survives",
    "assert_survives_restart": "assertions.survives",
    "assert_survives_sandbox_restart": "assertions.survives",
    "assert_update_not_visible": "assertions.updates",
    "assert_update_visible": "assertions.updates",
    "assert_writable": "assertions.access",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used; `podshare check` needs none of them."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List all names, whether they have been imported or not."""
    return sorted({*globals(), *__all__})
