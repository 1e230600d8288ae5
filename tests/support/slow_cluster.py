"""The fixture of `slow_api_server`: the cluster of the run, behind a proxy."""

import os

import pytest

from tests.support.fault_proxy import cluster_through_proxy

SECONDS = "SLOW_API_SERVER_SECONDS"


@pytest.fixture(scope="session")
def podshare_cluster(podshare_cluster, tmp_path_factory):
    """Yield the same cluster behind a proxy that delays each answer."""
    folder = tmp_path_factory.mktemp("proxied")
    with cluster_through_proxy(podshare_cluster, folder) as (proxied, proxy):
        proxy.answer_delay = float(os.environ[SECONDS])
        yield proxied
