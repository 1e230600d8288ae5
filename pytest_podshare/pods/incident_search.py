"""What happened to deployed Pods by themselves; found at the end of a test, without waiting."""

from __future__ import annotations

import dataclasses

from pytest_podshare.kube.client import pod_path
from pytest_podshare.kube.container_log import read_last_lines
from pytest_podshare.kube.incidents import Incident
from pytest_podshare.kube.watch import Object
from pytest_podshare.pods.deployer import Podshare

# seconds for the API server to list the Pods, and to return a log
TIMEOUT = 3.0


def find_incidents(podshare: Podshare) -> tuple[tuple[Incident, ...], list[Object]]:
    """Return what happened to the Pods since the last call, and the Pods as they are now.

    Costs one request, and one for each container that has ended. What podshare did itself is left
    out, for example a restart, a deletion or a drain.

    Raises:
        ClusterError: the API server does not list the Pods.
    """
    if not podshare.pods:
        return (), []
    selector = podshare.objects.selector
    path = pod_path(podshare.namespace)
    listed: list[Object] = podshare.cluster.api.get(path, timeout=TIMEOUT, **selector)["items"]
    by_name = {raw["metadata"]["name"]: raw for raw in listed}
    incidents: list[Incident] = []
    for pod in podshare.pods:
        raw = by_name.get(pod.name)
        pod.incidents.update(raw)
        incidents += (_with_last_line(podshare, raw, item) for item in pod.incidents.take())
    return tuple(incidents), listed


def _with_last_line(podshare: Podshare, raw: Object | None, incident: Incident) -> Incident:
    """Return the incident with the last log line of the instance that ended."""
    if raw is None or not incident.has_ended:
        return incident
    lines = read_last_lines(podshare.cluster.api, raw, incident.container, 1, timeout=TIMEOUT)
    return dataclasses.replace(incident, last_line=lines[-1]) if lines else incident
