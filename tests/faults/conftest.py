"""Fixtures for tests of faults: the table of verdicts, and nodes that recover."""

import os
import subprocess

import pytest

from pytest_podshare.cluster.connection import connect
from pytest_podshare.cluster.kind import nodes
from pytest_podshare.deadline import Deadline
from tests.support.fault_table import WRONG, Fault, write_table
from tests.support.pod_pairs import manifest

NODES = "/api/v1/nodes"
# the rows of the table in order; it is written only if all of them have been measured
FAULTS = (
    "API server restarted",
    "connection cut while a file is written",
    "connection cut while a file is read",
    "connection cut while waiting for a Pod",
    "exec connection half open, with a timeout of 3 s",
    "exec connection half open, with the default timeout of 30 s",
    "API server silent",
    "kubelet stopped",
    "container runtime restarted",
    "node paused and resumed",
    "Pod deleted by someone else",
    "Pod evicted by someone else",
    "Pod replaced by another of the same name",
    "namespace deleted",
    "account's token revoked",
    "client's clock an hour ahead",
    "client's clock an hour behind",
    "node's disk full",
    "two concurrent runs on one cluster",
    "cuts, delays, truncations and silences at random moments",
)


def pytest_itemcollected(item):
    """Mark every test in this folder."""
    item.add_marker("cluster")


@pytest.fixture(scope="session")
def faults():
    """Collect the faults by name, and write the table if it is complete."""
    by_name = {}
    yield by_name
    if set(FAULTS) <= set(by_name):
        write_table(by_name[name] for name in FAULTS)


@pytest.fixture
def fault(faults):
    """Return a function that starts a row; no check in it may be wrong or take too long."""
    rows = []

    def start(name, *, named_by, **options):
        assert name in FAULTS
        rows.append(Fault(name, named_by, **options))
        return rows[-1]

    yield start
    for row in rows:
        assert row.outcomes
        print(*row.cells, *dict.fromkeys(row.messages), sep="\n")
        assert row.count(WRONG) == 0
        assert max(row.seconds) <= row.within
        faults[row.name] = row


@pytest.fixture
def worker(podshare_cluster):
    """Return the name of the node that tests may break: it is not the control plane."""
    name = f"{podshare_cluster.name}-worker"
    names = [node["metadata"]["name"] for node in podshare_cluster.api.get(NODES)["items"]]
    if name not in names:
        pytest.skip(f"node {name} does not exist: set PODSHARE_KIND_NODES=2")
    return name


@pytest.fixture
def recovered_node(podshare_cluster, podshare, worker):
    """Restart everything that a test has stopped, and wait until a Pod starts on the node."""
    yield
    subprocess.run(["docker", "unpause", worker], capture_output=True, check=False)
    nodes.run(worker, "systemctl", "start", "containerd", "kubelet")
    cluster = podshare_cluster
    connected = connect(
        cluster.provider,
        cluster.name,
        kubeconfig=cluster.kubeconfig,
        context=None,
        allowed_contexts=(),
        deadline=Deadline(120),
        own=True,
    )
    connected.close()
    podshare.deploy(manifest("after-recovery", sound=True, node=worker))


@pytest.fixture
def on_this_cluster(podshare_cluster):
    """Return the environment for runs that use this cluster and do not delete it."""
    return {
        **os.environ,
        "PODSHARE_CLUSTER_NAME": podshare_cluster.name,
        "PODSHARE_KEEP_CLUSTER": "never",
    }
