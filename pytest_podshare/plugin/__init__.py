"""pytest's door: hooks and fixtures, no logic.

pytest loads this in every run of every project that has it installed. What only a run with
manifests, Pods or reports needs is imported where it is needed.
"""

from pytest_podshare.plugin.configure import (
    pytest_addoption,
    pytest_collect_file,
    pytest_configure,
    pytest_configure_node,
    pytest_ignore_collect,
    pytest_report_header,
    pytest_sessionstart,
    pytest_testnodedown,
)
from pytest_podshare.plugin.fixtures import (
    _podshare_needed,
    podshare,
    podshare_capabilities,
    podshare_cluster,
    podshare_factory,
    podshare_kubeconfig,
    podshare_namespace,
    podshare_pod,
    pytest_collection_modifyitems,
)
from pytest_podshare.plugin.reporting import (
    pytest_runtest_makereport,
    pytest_sessionfinish,
    pytest_terminal_summary,
)

__all__ = [
    "_podshare_needed",
    "podshare",
    "podshare_capabilities",
    "podshare_cluster",
    "podshare_factory",
    "podshare_kubeconfig",
    "podshare_namespace",
    "podshare_pod",
    "pytest_addoption",
    "pytest_collect_file",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_configure_node",
    "pytest_ignore_collect",
    "pytest_report_header",
    "pytest_runtest_makereport",
    "pytest_sessionfinish",
    "pytest_sessionstart",
    "pytest_terminal_summary",
    "pytest_testnodedown",
]
