"""Jobs, and Pods that run to completion: whether they have completed, or never will.

The functions take objects as the API server returns them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from pytest_podshare import errors
from pytest_podshare.kube import container_status, pod_status
from pytest_podshare.kube.client import Api, pod_path
from pytest_podshare.kube.conditions import find_condition
from pytest_podshare.kube.container_status import ContainerStatus
from pytest_podshare.kube.watch import Object


@dataclasses.dataclass(frozen=True)
class Completion:
    """The state of a Job and its Pods, or of a Pod without a Job.

    Args:
        subject: the Job or the Pod.
        pods: the Pods of the Job, or that Pod, without those that were deleted.
    """

    subject: Object
    pods: tuple[Object, ...]

    def __str__(self) -> str:
        kind = "Job" if self.is_job else "Pod"
        return f"{kind} {self.subject['metadata']['name']}"

    @property
    def is_job(self) -> bool:
        """Return whether it is a Job."""
        return "template" in self.subject["spec"]

    @property
    def is_complete(self) -> bool:
        """Return whether it has completed successfully."""
        if self.is_job:
            return find_condition(self.subject, "Complete").get("status") == "True"
        return bool(self._phase == "Succeeded")

    @property
    def failure(self) -> tuple[str, str]:
        """Return why it has failed, as reason and message; "" if it has not."""
        if self.is_job:
            condition = find_condition(self.subject, "Failed")
            has_failed = condition.get("status") == "True"
        else:
            condition, has_failed = self.subject.get("status", {}), self._phase == "Failed"
        reason, message = condition.get("reason", ""), condition.get("message", "")
        return (str(reason or "Failed"), str(message)) if has_failed else ("", "")

    @property
    def is_suspended(self) -> bool:
        """Return whether it is a Job that creates no Pods at the moment."""
        return self.is_job and bool(self.subject["spec"].get("suspend"))

    @property
    def seconds(self) -> float | None:
        """Return how long a Job that has completed took; None for others."""
        status = self.subject.get("status", {})
        if not self.is_job or not status.get("completionTime") or not status.get("startTime"):
            return None
        start, end = (_time(status[field]) for field in ("startTime", "completionTime"))
        return (end - start).total_seconds()

    @property
    def _phase(self) -> str:
        return str(self.subject.get("status", {}).get("phase", ""))


def read_completion(api: Api, pod: Object) -> Completion:
    """Return the state of the Job that controls a Pod, or of the Pod itself if none does.

    Raises:
        PodGone: the Job or the Pod no longer exists.
        ApiError: the API server rejects a request.
    """
    metadata = pod["metadata"]
    namespace, owner = metadata["namespace"], find_owner(pod)
    try:
        if owner is None:
            live = api.get(pod_path(namespace, metadata["name"]))
            _check_same(live, metadata["uid"], "Pod")
            return Completion(live, (live,))
        name = quote(owner["name"], safe="")
        job = api.get(f"/apis/batch/v1/namespaces/{quote(namespace, safe='')}/jobs/{name}")
        _check_same(job, owner["uid"], "Job")
    except errors.ApiError as error:
        if error.status != 404:
            raise
        kind, name = ("Pod", metadata["name"]) if owner is None else ("Job", owner["name"])
        raise _gone(kind, name) from None
    listed = api.get(pod_path(namespace), labelSelector=f"job-name={owner['name']}")["items"]
    pods = [live for live in listed if (find_owner(live) or {}).get("uid") == owner["uid"]]
    return Completion(job, tuple(pods))


def find_owner(pod: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the owner reference of the Job that controls a Pod; None if none does."""
    references = pod["metadata"].get("ownerReferences") or ()
    found = (ref for ref in references if ref.get("controller") and ref["kind"] == "Job")
    return next(found, None)


def list_endless(pod: Object) -> list[str]:
    """Return the containers that keep a Pod from completing once all the others have ended.

    They are regular containers whose restart policy is Always, so that they never end for good.
    """
    policies = _policies(pod)
    endless = [name for name, policy in policies.items() if policy == "Always"]
    others = [name for name in policies if name not in endless]
    has_ended = all(pod_status.find_final_termination(pod, name, policies[name]) for name in others)
    return endless if has_ended else []


def list_running(pod: Object) -> list[str]:
    """Return the regular containers that have not ended for good."""
    return [
        name
        for name, policy in _policies(pod).items()
        if pod_status.find_final_termination(pod, name, policy) is None
    ]


def list_ended(pod: Object) -> list[str]:
    """Return the regular containers that have ended for good."""
    running = list_running(pod)
    return [name for name in _policies(pod) if name not in running]


def list_failed(pod: Object) -> Iterator[tuple[ContainerStatus, dict[str, Any]]]:
    """Yield each container whose last instance that ended has failed, with how it ended."""
    for status in pod_status.container_statuses(pod):
        end = container_status.find_last_termination(status)
        if end.get("exitCode"):
            yield status, end


def _policies(pod: Object) -> dict[str, str]:
    """Return the restart policy of each regular container."""
    default = pod["spec"].get("restartPolicy", "Always")
    entries = pod["spec"].get("containers") or ()
    return {entry["name"]: entry.get("restartPolicy") or default for entry in entries}


def _check_same(live: Object, uid: str, kind: str) -> None:
    if live["metadata"]["uid"] != uid:
        raise _gone(kind, live["metadata"]["name"])


def _gone(kind: str, name: str) -> errors.PodGone:
    return errors.PodGone(
        f"{kind} {name} no longer exists.",
        "Find out what deletes it; ttlSecondsAfterFinished does so after its end.",
    )


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
