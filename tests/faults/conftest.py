"""What the tests of faults use: the table of what became of checks, and nodes that get well."""

import os
import subprocess
from pathlib import Path

import pytest

from pytest_podshare.cluster.connection import connect
from pytest_podshare.cluster.kind import nodes
from pytest_podshare.deadline import Deadline
from tests.support.fault_table import WRONG, Fault, render
from tests.support.pod_pairs import manifest

TABLE = Path("docs/reliability.md")
NODES = "/api/v1/nodes"
# every fault that has to be there for the table to be written, in its order
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
    """The faults that have been there, by name; the table is written when all have."""
    seen = {}
    yield seen
    if set(FAULTS) <= set(seen):
        TABLE.write_text(render(seen[name] for name in FAULTS))


@pytest.fixture
def fault(faults):
    """A function that begins a fault; none of its checks may be wrong, or last too long."""
    begun = []

    def begin(name, *, named_by, **how):
        assert name in FAULTS
        begun.append(Fault(name, named_by, **how))
        return begun[-1]

    yield begin
    for each in begun:
        assert each.outcomes
        print(each.row(), *dict.fromkeys(each.said), sep="\n")
        assert each.count(WRONG) == 0
        assert max(each.seconds) <= each.within
        faults[each.name] = each


@pytest.fixture
def worker(podshare_cluster):
    """The name of the node that may be broken: one that is no control plane."""
    name = f"{podshare_cluster.name}-worker"
    names = [each["metadata"]["name"] for each in podshare_cluster.api.get(NODES)["items"]]
    if name not in names:
        pytest.skip(f"there is no node {name}: make a cluster of two, PODSHARE_KIND_NODES=2")
    return name


@pytest.fixture
def mended(podshare_cluster, podshare, worker):
    """Whatever was stopped runs again after the test, and a Pod starts on the node."""
    yield
    subprocess.run(["docker", "unpause", worker], capture_output=True, check=False)
    nodes.run(worker, "systemctl", "start", "containerd", "kubelet")
    cluster = podshare_cluster
    again = connect(
        cluster.provider,
        cluster.name,
        kubeconfig=cluster.kubeconfig,
        context=None,
        allowed=(),
        deadline=Deadline(120),
        own=True,
    )
    again.close()
    podshare.deploy(manifest("again", sound=True, node=worker))


@pytest.fixture
def on_this_cluster(podshare_cluster):
    """The environment of runs that use this very cluster, and leave it as it is."""
    return {
        **os.environ,
        "PODSHARE_CLUSTER_NAME": podshare_cluster.name,
        "PODSHARE_KEEP_CLUSTER": "never",
    }
