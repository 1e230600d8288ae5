"""A plugin for pytest: the API server of the kind cluster answers late, through a proxy."""

import os
from pathlib import Path

import pytest

from tests.support.fault_proxy import kubeconfig_through_proxy

KUBECONFIG, SECONDS = "SLOW_API_SERVER_KUBECONFIG", "SLOW_API_SERVER_SECONDS"


class SlowApiServer:
    """Replaces podshare's fixture that names the kubeconfig."""

    @pytest.fixture(scope="session")
    def podshare_kubeconfig(self, tmp_path_factory):
        """Return a kubeconfig for the cluster behind a proxy that delays each answer."""
        folder = tmp_path_factory.mktemp("proxied")
        with kubeconfig_through_proxy(Path(os.environ[KUBECONFIG]), folder) as (changed, proxy):
            proxy.answer_delay = float(os.environ[SECONDS])
            yield changed


def pytest_configure(config):
    """Register the fixture after podshare's own, which it replaces."""
    config.pluginmanager.register(SlowApiServer(), "slow-api-server")
