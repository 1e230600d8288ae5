"""The errors of Pods that are not ready at the deadline, with the last words about them."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_podshare import errors
from pytest_podshare.kube import container_status, pod_status
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.events import Event, list_events
from pytest_podshare.kube.watch import Object

# seconds for the API server to list the Events of one object
_TIMEOUT = 5.0
REMEDY = "Fix what keeps it from becoming ready, or raise --podshare-ready-timeout."
_SCHEDULING = "FailedScheduling"
# what is over once a container has started
_BEFORE_START = ("FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox")
# kinds whose Pods a controller of another kind creates, which has another name
_INDIRECT = {"Deployment": "ReplicaSet"}


def not_ready(api: Api, namespace: str, pod: Object, seconds: float) -> errors.PodError:
    """Return the error of a Pod that was not ready in time.

    Args:
        api: the API server.
        namespace: the Pod's namespace.
        pod: its last state.
        seconds: the time that it had.
    """
    name = pod["metadata"]["name"]
    if pod_status.find_scheduler_message(pod):
        error = pod_status.unschedulable(pod, f"was not scheduled within {seconds:g} s")
        words = format_event(find_last_event(api, namespace, pod))
        return errors.PodUnschedulable(f"{error.what}{words}", error.remedy)
    if (problem := pod_status.find_permanent_error(pod)) is not None:
        # its state has not lasted long enough, but there is no time left
        return problem
    for status in pod_status.container_statuses(pod):
        if container_status.is_pull_failing(status):
            return container_status.not_pullable(name, status)
    summary = pod_status.summarize(pod)
    what = f"Pod {name} was not ready within {seconds:g} s: {summary}."
    words = format_event(find_last_event(api, namespace, pod))
    return errors.PodNotReady(f"{what}{words}", REMEDY)


def not_created(api: Api, namespace: str, subject: Object, seconds: float) -> errors.PodNotReady:
    """Return the error of a workload whose controller has created no Pod in time.

    Args:
        api: the API server.
        namespace: the workload's namespace.
        subject: the workload.
        seconds: the time that its controller had.
    """
    name = f"{subject['kind']} {subject['metadata'].get('name')}"
    if subject["kind"] == "Job" and (subject.get("spec") or {}).get("suspend"):
        return errors.PodNotReady(
            f"{name} is suspended, and created no Pod within {seconds:g} s.",
            "Remove suspend: true from its spec, or start what resumes the Job.",
        )
    return errors.PodNotReady(
        f"{name} created no Pod within {seconds:g} s."
        f"{format_event(find_controller_warning(api, namespace, subject))}",
        f"Check its events: kubectl describe --namespace {namespace} {name}",
    )


def gone(api: Api, namespace: str, pod: Object) -> errors.PodGone:
    """Return the error of a Pod that was deleted while it was starting, with its last Event."""
    found = _list(api, namespace, uid=pod["metadata"]["uid"])
    return errors.PodGone(
        f"Pod {pod['metadata']['name']} was deleted before it was ready."
        f"{format_event(found[-1] if found else None)}",
        "Find out what deletes it.",
    )


def find_last_event(api: Api, namespace: str, pod: Object) -> Event | None:
    """Return the latest warning about a Pod or its claims that its state does not contradict.

    Of a claim, every Event counts: that it waits for a provisioner is no warning.
    """
    found = [
        event
        for event in _list(api, namespace, uid=pod["metadata"]["uid"], type="Warning")
        if _is_current(event, pod)
    ]
    if not pod_status.has_started(pod):
        for claim in _claim_names(pod):
            kind = "PersistentVolumeClaim"
            found += _list(api, namespace, kind=kind, name=claim)[-1:]
    return max(found, key=lambda event: event.time, default=None)


def find_controller_warning(api: Api, namespace: str, subject: Object) -> Event | None:
    """Return the latest warning about the controller that creates the Pods of a workload."""
    kind, name = subject["kind"], str(subject["metadata"].get("name"))
    if kind not in _INDIRECT:
        found = _list(api, namespace, kind=kind, name=name, type="Warning")
        return found[-1] if found else None
    warnings = _list(api, namespace, kind=_INDIRECT[kind], type="Warning")
    found = tuple(event for event in warnings if event.name.startswith(f"{name}-"))
    return found[-1] if found else None


def format_event(event: Event | None) -> str:
    """Return the sentence that quotes an Event at the end of an error; "" without one."""
    return "" if event is None else f" The last event: {event}."


def _list(api: Api, namespace: str, **fields: str) -> tuple[Event, ...]:
    """List Events; () if that fails, since the error that they explain matters more."""
    try:
        return list_events(api, namespace, timeout=_TIMEOUT, **fields)
    except errors.ClusterError:
        return ()


def _is_current(event: Event, pod: Object) -> bool:
    """Return whether an Event may still say why a Pod is not ready."""
    if event.reason == _SCHEDULING:
        # until then its condition has the same words
        return False
    return event.reason not in _BEFORE_START or not pod_status.has_started(pod)


def _claim_names(pod: Object) -> Iterator[str]:
    for volume in pod.get("spec", {}).get("volumes") or ():
        if claim := volume.get("persistentVolumeClaim"):
            yield str(claim["claimName"])
        elif volume.get("ephemeral") is not None:
            yield f"{pod['metadata']['name']}-{volume['name']}"
