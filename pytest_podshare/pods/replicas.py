"""All Pods of one workload: how many there should be, and waiting until they are ready."""

from __future__ import annotations

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube import pod_status, resources
from pytest_podshare.kube.watch import Object, Objects
from pytest_podshare.pods.rollout import Rollout


def wait_for_replicas(rollout: Rollout, deadline: Deadline) -> list[Object]:
    """Wait until every Pod of a workload is ready, and return them in the order of their names.

    Raises:
        PodError: a Pod cannot become ready, or is not ready in time.
    """
    if rollout.manifest.is_bare:
        return [] if rollout.live is None else [rollout.live]
    count = _count(rollout)

    def list_ready(objects: Objects) -> list[Object]:
        pods = [
            pod
            for pod in rollout.controlled_pods(objects)
            if "deletionTimestamp" not in pod["metadata"]
        ]
        for pod in pods:
            if (problem := pod_status.find_permanent_error(pod)) is not None:
                raise problem
            if pod_status.is_over(pod):
                rollout.check_not_evicted(pod)
        return [pod for pod in pods if pod_status.is_ready(pod)]

    objects = rollout.watch.wait_until(lambda now: len(list_ready(now)) >= count, deadline)
    ready = sorted(list_ready(objects), key=_ordinal)
    if len(ready) < count:
        pods = sorted(rollout.controlled_pods(objects), key=_ordinal)
        states = "; ".join(
            f"{pod['metadata']['name']}: {pod_status.summarize(pod)}"
            for pod in pods
            if not pod_status.is_ready(pod)
        )
        raise errors.PodNotReady(
            f"{len(ready)} of {count} Pods of {_name(rollout)} were ready within"
            f" {deadline.seconds:g} s: {states or 'it has created no others'}.",
            "Fix what keeps the others from becoming ready, or raise --podshare-ready-timeout.",
        )
    return ready


def _count(rollout: Rollout) -> int:
    """Return how many Pods the workload should have."""
    subject = rollout.manifest.subject
    if subject["kind"] == "DaemonSet":
        # depends on the nodes, which its controller counts
        found = resources.find(rollout.api, subject, rollout.namespace)
        return int(found.live.get("status", {}).get("desiredNumberScheduled", 1)) if found else 1
    field = "parallelism" if subject["kind"] == "Job" else "replicas"
    count = subject["spec"].get(field)
    return 1 if count is None else int(count)


def _ordinal(pod: Object) -> tuple[int, str]:
    """Return the key that sorts db-2 before db-10."""
    name = pod["metadata"]["name"]
    return len(name), name


def _name(rollout: Rollout) -> str:
    subject = rollout.manifest.subject
    return f"{subject['kind']} {subject['metadata'].get('name')}"
