"""Fixtures of runs whose cluster is a `FakeApi`: a conftest imports them, or makes its own."""

import contextlib

import pytest

from tests.support.fake_api import FakeApi

APP = {"name": "app", "env": [{"name": "TOKEN", "value": "s3same-open"}]}
POD = {
    "metadata": {"name": "web", "namespace": "ns", "uid": "u"},
    "spec": {"containers": [APP]},
    "status": {},
}
LOG = "started with s3same-open\n"


@contextlib.contextmanager
def fake_cluster(folder, *, pod=POD, events=(), log=LOG):
    """Serve a namespace `ns` with one Pod.

    Args:
        folder: where the kubeconfig goes.
        pod: the Pod.
        events: its events.
        log: the log of its container `app`.

    Yields:
        The record of the cluster.
    """
    server = FakeApi()
    namespace = "/api/v1/namespaces/ns"
    server.answers |= {
        f"{namespace}/pods": (200, {"items": [pod]}),
        f"{namespace}/events": (200, {"items": list(events)}),
        f"{namespace}/secrets": (200, {"items": []}),
        f"{namespace}/pods/web/log": (200, log),
    }
    with server.cluster(folder) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def podshare_cluster(tmp_path_factory):
    """Yield a fake cluster instead of a real one."""
    with fake_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        yield cluster


@pytest.fixture
def podshare_namespace():
    """Return the namespace of its Pod."""
    return "ns"
