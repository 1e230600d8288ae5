"""Records of Pods that no cluster has."""

from types import SimpleNamespace

from pytest_podshare.cluster.record import Cluster
from pytest_podshare.deadline import Timeouts
from pytest_podshare.kube.watching import Watch
from pytest_podshare.pods.container import Container
from pytest_podshare.pods.live_pod import CurrentPod, LivePod

ADDRESS = "https://127.0.0.1:1"


def live_pod(spec, *, status=None, api=None, watch=None, own=True):
    """The record of a Pod `ns/p` of that spec, on the node `worker`.

    Args:
        spec: its spec.
        status: its status; an empty one if not given.
        api: what answers requests; nothing does if it is not given.
        watch: what gives its changes; one of that API if not given.
        own: whether its cluster is for tests alone.
    """
    raw = {
        "metadata": {"name": "p", "namespace": "ns", "uid": "u"},
        "spec": {"nodeName": "worker", **spec},
        "status": status or {},
    }
    api = api or SimpleNamespace(server=ADDRESS, close=lambda: None)
    cluster = Cluster("kind", "podshare", None, None, own, True, "v1.36.3", api)
    return LivePod(raw, cluster, Timeouts(), watch or Watch(api, "/api/v1/namespaces/ns/pods"))


def container(spec, name):
    """The handle of a container of such a Pod."""
    return Container(CurrentPod(live_pod(spec), settle=lambda: None), name)
