"""The pytest plugin: its hooks and its fixtures.

pytest imports it in every run of every project that has it installed. Modules that only runs with
manifests, Pods or reports need are imported inside functions.
"""

from pytest_podshare.plugin.collection import (
    pytest_collect_file,
    pytest_ignore_collect,
    pytest_sessionstart,
)
from pytest_podshare.plugin.configure import (
    pytest_configure,
    pytest_configure_node,
    pytest_report_header,
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
from pytest_podshare.plugin.incident_reports import pytest_runtest_call
from pytest_podshare.plugin.option_table import pytest_addoption
from pytest_podshare.plugin.reporting import (
    pytest_runtest_makereport,
    pytest_sessionfinish,
    pytest_terminal_summary,
)
