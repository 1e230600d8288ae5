"""Proof that a Job completes."""

from __future__ import annotations

import dataclasses
import time

from pytest_podshare import errors
from pytest_podshare.assertions.failure import promise_broken
from pytest_podshare.assertions.recording import recorded
from pytest_podshare.deadline import poll
from pytest_podshare.diagnosis import completion_causes
from pytest_podshare.diagnosis.cause import Cause
from pytest_podshare.kube import container_log, evictions, jobs, pod_status
from pytest_podshare.kube.jobs import Completion
from pytest_podshare.kube.transient import is_transient
from pytest_podshare.kube.watch import Object
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.pod import Pod

# seconds between two looks at a Job: an account may be allowed to get it, and not to watch it
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 1.0


@recorded
def assert_completes(pod: Pod, *, timeout: float | None = None) -> Evidence:
    """Prove that a Job completes: that as many of its Pods succeed as it asks for.

    A Pod without a Job completes when all its containers have ended with exit code 0, and its
    restart policy leaves them so. A Pod that was evicted has not succeeded, even if its containers
    handle SIGTERM and exit with 0, which the Job counts as success.

    Kubernetes promises that a Job tracks successful completions, and that a Pod has succeeded when
    all containers under `containers` have ended with 0; sidecars (initContainers with
    restartPolicy Always) do not count (documentation: Jobs; Sidecar Containers).

    Args:
        pod: a Pod of the Job, as `podshare.deploy()` returns it.
        timeout: seconds until it must be complete; None for --podshare-ready-timeout.

    Returns:
        Evidence: how long the Job took, and which Pods succeeded.

    Raises:
        AssertionError: it has failed, never ends, or has not completed in time.
        PodGone: the Job, or a Pod without a Job, was deleted.
        ApiError: the API server rejects a request.
    """
    start = time.monotonic()
    deadline = pod.live.deadline("ready", timeout)
    follower = _Follower(pod)
    completion = poll(
        follower.look,
        until=_is_decided,
        deadline=deadline,
        first=_FIRST_PAUSE,
        most=_LONGEST_PAUSE,
    )
    if completion is None:
        # the API server has not answered once
        completion = jobs.read_completion(pod.api, pod.live.raw)
    if not completion.is_complete:
        reason = ": ".join(filter(None, completion.failure))
        raise _broken(
            pod,
            completion,
            got=f"it has failed: {reason}" if reason else f"not after {deadline.seconds:g} s",
            cause=completion_causes.explain_incomplete(
                pod, completion, follower.pods.values(), follower.last_lines
            ),
        )
    succeeded = [live for live in completion.pods if live["status"].get("phase") == "Succeeded"]
    for live in succeeded:
        eviction = evictions.find_event(pod.api, pod.namespace, live["metadata"]["uid"])
        if eviction is not None:
            cause = completion_causes.explain_evicted(live, eviction)
            raise _broken(pod, completion, got=f"Evicted: {eviction.message}", cause=cause)
    took = "" if completion.seconds is None else f", {completion.seconds:g} s after its start"
    names = ", ".join(live["metadata"]["name"] for live in succeeded)
    events = [f"{completion} has completed{took}", f"succeeded: Pod {names}"]
    method = "status of the Job" if completion.is_job else "status of the Pod"
    return pod.create_evidence(
        f"{completion} completes", method, start=start, events=events, containers=[]
    )


@dataclasses.dataclass
class _Follower:
    """Follows a Job, and remembers its Pods from before their deletion.

    Args:
        pod: the handle of a Pod of the Job.
    """

    pod: Pod
    pods: dict[str, Object] = dataclasses.field(default_factory=dict)
    last_lines: dict[str, str] = dataclasses.field(default_factory=dict)

    def look(self) -> Completion | None:
        """Return the state of the Job; None if the API server does not answer at the moment."""
        try:
            completion = jobs.read_completion(self.pod.api, self.pod.live.raw)
        except errors.ClusterError as error:
            if not is_transient(error, known=True):
                raise
            return None
        for live in completion.pods:
            # what a container does after the deletion of its Pod says nothing
            if "deletionTimestamp" not in live["metadata"]:
                self.pods[live["metadata"]["uid"]] = live
                self._read_last_lines(live)
        return completion

    def _read_last_lines(self, live: Object) -> None:
        """Read the last log line of each container that has failed, which may soon be gone."""
        for status, end in jobs.list_failed(live):
            instance = str(end.get("containerID"))
            if instance not in self.last_lines:
                lines = container_log.read_last_lines(self.pod.api, live, status["name"], 1)
                self.last_lines[instance] = lines[-1] if lines else ""


def _is_decided(completion: Completion | None) -> bool:
    """Return whether waiting changes nothing: it has completed, failed, or will never end."""
    if completion is None:
        return False
    is_endless = any(
        jobs.list_endless(live) for live in completion.pods if not pod_status.is_over(live)
    )
    return completion.is_complete or bool(completion.failure[0]) or is_endless


def _broken(pod: Pod, completion: Completion, *, got: str, cause: Cause) -> errors.PromiseBroken:
    expected = "as many Pods succeed as it asks for" if completion.is_job else "it succeeds"
    headline = f"{completion} does not complete"
    return promise_broken(pod, headline, expected=expected, got=got, cause=cause)
