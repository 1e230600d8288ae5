"""What happened to deployed Pods by themselves; found at the end of a test, without waiting."""

from __future__ import annotations

from pytest_podshare.kube.client import pod_path
from pytest_podshare.kube.incidents import Incident
from pytest_podshare.kube.watch import Object
from pytest_podshare.pods.deployer import Podshare

# seconds for the API server to list the Pods
_TIMEOUT = 3.0


def find_incidents(podshare: Podshare) -> tuple[tuple[Incident, ...], list[Object]]:
    """Return what happened to the Pods since the last call, and the Pods as they are now.

    Costs one request, and one for each container that has ended. What podshare did itself is left
    out, for example a restart, a deletion or a drain.

    Raises:
        ClusterError: the API server does not list the Pods.
    """
    if not podshare.pods:
        return (), []
    path, selector = pod_path(podshare.namespace), podshare.objects.selector
    listed: list[Object] = podshare.cluster.api.get(path, timeout=_TIMEOUT, **selector)["items"]
    by_name = {raw["metadata"]["name"]: raw for raw in listed}
    incidents: list[Incident] = []
    for pod in podshare.pods:
        pod.incidents.update(by_name.get(pod.name))
        incidents += pod.incidents.take()
    return tuple(incidents), listed
