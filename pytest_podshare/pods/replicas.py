"""All Pods of one workload: how many there should be, and waiting until they are ready."""

from __future__ import annotations

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube import pod_status, resources
from pytest_podshare.kube.watch import Object, Objects
from pytest_podshare.pods import not_ready
from pytest_podshare.pods.rollout import Rollout
from pytest_podshare.pods.start_failures import INTERVAL, StartFailures


def wait_for_replicas(rollout: Rollout, deadline: Deadline) -> list[Object]:
    """Wait until every Pod of a workload is ready, and return them in the order of their names.

    Raises:
        PodError: a Pod cannot become ready, or is not ready in time.
    """
    if rollout.manifest.is_bare:
        return [] if rollout.live is None else [rollout.live]
    count = _count(rollout)
    others = rollout.manifest.others
    failures = StartFailures(rollout.api, rollout.namespace, deadline, others)

    def list_ready(objects: Objects) -> list[Object]:
        pods = [
            pod
            for pod in rollout.controlled_pods(objects)
            if "deletionTimestamp" not in pod["metadata"]
        ]
        for pod in pods:
            if (problem := failures.find(pod, objects)) is not None:
                raise problem
            if pod_status.is_over(pod):
                rollout.check_not_evicted(pod)
        return [pod for pod in pods if pod_status.is_ready(pod)]

    objects = rollout.watch.wait_until(
        lambda now: len(list_ready(now)) >= count, deadline, interval=INTERVAL
    )
    ready = sorted(list_ready(objects), key=_ordinal)
    if len(ready) < count:
        raise _missing(rollout, objects, f"{len(ready)} of {count}", deadline)
    return ready


def _missing(rollout: Rollout, objects: Objects, ready: str, deadline: Deadline) -> errors.PodError:
    """Return the error of a workload of which only some Pods were ready in time."""
    where = (rollout.api, rollout.namespace)
    pods = sorted(rollout.controlled_pods(objects), key=_ordinal)
    unready = [pod for pod in pods if not pod_status.is_ready(pod)]
    states = "; ".join(f"{pod['metadata']['name']}: {pod_status.summarize(pod)}" for pod in unready)
    event = (
        not_ready.find_last_event(*where, unready[0])
        if unready
        else not_ready.find_controller_warning(*where, rollout.manifest.subject)
    )
    is_unscheduled = any(map(pod_status.find_scheduler_message, unready))
    kind = errors.PodUnschedulable if is_unscheduled else errors.PodNotReady
    return kind(
        f"{ready} Pods of {_name(rollout)} were ready within"
        f" {deadline.seconds:g} s: {states or 'it has created no others'}."
        f"{not_ready.format_event(event)}",
        "Fix what keeps the others from becoming ready, or raise --podshare-ready-timeout.",
    )


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
