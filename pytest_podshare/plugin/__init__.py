"""The pytest plugin: its hooks and its fixtures.

pytest imports it in every run of every project that has it installed. Modules that only runs with
manifests, Pods or reports need are imported inside functions.
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
    _podshare_needs,
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
    "_podshare_needs",
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
