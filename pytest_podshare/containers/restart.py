"""Restarting one container, or the whole sandbox, and proving that it happened.

From inside a container SIGKILL never reaches its process 1, and `kill` returns 0 all the same
(pid_namespaces(7)); so nothing counts here but what the kubelet reports afterwards.
"""

from __future__ import annotations

import dataclasses
import time

from pytest_podshare import errors
from pytest_podshare.containers import restart_strategies
from pytest_podshare.containers.container_shell import ContainerShell
from pytest_podshare.containers.live_pod import LivePod
from pytest_podshare.containers.proof import Proof
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube import container_status, pod_status
from pytest_podshare.kube.watch import Object


@dataclasses.dataclass(frozen=True)
class Restart(Proof):
    """The proof of a restart.

    Args:
        container: which one; "" for the whole sandbox.
        strategy: how.
        before: its container id, or the sandbox's.
        after: the id of the instance that came in its place.
        exit_code: of the instance that ended; None for a sandbox.
        seconds: until the new one was ready.
    """

    container: str
    strategy: str
    before: str
    after: str
    exit_code: int | None
    seconds: float

    @property
    def summary(self) -> str:
        """What was restarted how, and which instance came in whose place."""
        what = self.container or "the sandbox"
        code = "" if self.exit_code is None else f", exit code {self.exit_code}"
        return (
            f"{what} restarted ({self.strategy}{code}): {_short(self.before)} → "
            f"{_short(self.after)}"
        )


def restart(
    container: ContainerShell, strategy: str | None, deadline: Deadline
) -> tuple[Restart, LivePod]:
    """Restart one container; see `Container.restart`.

    Returns:
        The proof, and the Pod with the instance that came.
    """
    begun = time.monotonic()
    name, pod = container.name, container.pod
    live = pod.check_still_there()
    before = pod_status.find_container_status(live, name)
    if "running" not in before.get("state", {}):
        raise errors.RestartImpossible(
            f"Container {name} of {pod} does not run.", "Wait for it, or see why it ended."
        )
    used = restart_strategies.send(container, live, strategy)
    seen, ended = _wait_for_another(pod, live, name, used, deadline)
    after = pod_status.find_container_status(seen, name)
    _check_proof(pod, live, seen, name, ended)
    proof = Restart(
        container=name,
        strategy=used,
        before=before["containerID"],
        after=after["containerID"],
        exit_code=ended.get("exitCode"),
        seconds=time.monotonic() - begun,
    )
    return proof, dataclasses.replace(pod, raw=seen)


def restart_sandbox(pod: LivePod, deadline: Deadline) -> tuple[Restart, LivePod]:
    """Kill the Pod's sandbox on its node: all its containers start anew, in the same Pod.

    Returns:
        The proof, and the Pod with the instances that came.

    Raises:
        NodeAccessMissing: the cluster's nodes cannot be reached.
        RestartImpossible: it did not happen.
    """
    begun = time.monotonic()
    live = pod.check_still_there()
    before = restart_strategies.kill_sandbox(pod)
    old = dict(pod_status.read_identity(live).containers)

    def anew(seen: Object | None) -> bool:
        now = pod_status.read_identity(_same(pod, seen))
        return pod_status.is_ready(_alive(seen)) and all(
            running != old[name] for name, running in now.containers if old[name]
        )

    seen = pod.watch.wait_for(pod.name, anew, deadline, known=live)
    after = restart_strategies.sandbox_id(pod)
    if not anew(seen) or after == before:
        raise errors.RestartImpossible(
            f"The sandbox of {pod} was killed and did not come back within {deadline.seconds:g} s:"
            f" {pod_status.summarize(seen)}.",
            "See the events of the Pod.",
        )
    fresh = pod.refresh()
    return Restart("", "node", before, after, None, time.monotonic() - begun), fresh


def _wait_for_another(
    pod: LivePod, live: Object, name: str, strategy: str, deadline: Deadline
) -> tuple[Object, container_status.ContainerStatus]:
    """The Pod once another instance is ready, and how the old one ended."""
    old = pod_status.find_container_status(live, name)["containerID"]
    first = pod_status.next_restart_counts(live)
    ended: container_status.ContainerStatus = {}

    def another(seen: Object | None) -> bool:
        nonlocal ended
        now = pod_status.find_container_status(_same(pod, seen), name)
        # a start that fails in between takes its place in the status
        ended = container_status.find_termination(now, old) or ended
        _check_not_over(pod, _alive(seen), name, strategy)
        problem = pod_status.find_permanent_error(_alive(seen), first)
        if problem is not None and now["containerID"] != old:
            raise problem
        return now["containerID"] != old and now.get("ready", False) and "running" in now["state"]

    seen = pod.watch.wait_for(pod.name, another, deadline, known=live)
    if another(seen):
        return _alive(seen), ended
    now = pod_status.find_container_status(_alive(seen), name)
    raise errors.RestartImpossible(
        f"Container {name} of {pod} was not ready again within {deadline.seconds:g} s of being"
        f" restarted ({strategy}): "
        + (
            "its id is still the old one"
            if now["containerID"] == old
            else pod_status.summarize(seen)
        )
        + ".",
        "See its logs, or raise the timeout; an unchanged id means that nothing happened.",
    )


def _check_not_over(pod: LivePod, seen: Object, name: str, strategy: str) -> None:
    """Raise the error of a container that ended for good, as with 0 under OnFailure."""
    policy = pod.wiring.container(name).restart_policy
    if (ended := pod_status.find_final_termination(seen, name, policy)) is not None:
        raise errors.RestartForbidden(
            f"Container {name} of {pod} ended with exit code {ended['exitCode']}"
            f" ({strategy}), and restartPolicy {policy} leaves it ended.",
            "Its volumes are still there for the other containers; use restartPolicy Always to "
            "have it restarted.",
        )


def _check_proof(
    pod: LivePod, before: Object, after: Object, name: str, ended: container_status.ContainerStatus
) -> None:
    """Same Pod, a higher count, the old instance ended as the last one, and nobody else touched."""
    was, now = (pod_status.find_container_status(each, name) for each in (before, after))
    last = now.get("lastState", {}).get("terminated", {})
    # of starts that failed before the command ran, nothing has run in between
    is_last = bool(
        container_status.find_termination(now, was["containerID"])
        or container_status.start_failure(now.get("lastState", {}))
    )
    count = now["restartCount"] - was["restartCount"]
    if count > 1 and not is_last:
        raise errors.ContainerCrashing(
            f"Container {name} of Pod {pod.name} keeps crashing: what came after the restart ended"
            f" with exit code {last.get('exitCode')}, and was started again.",
            "Read its last words (kubectl logs --previous), and see what its start does to the"
            " volume.",
        )
    others = [
        (one, other)
        for (one, old), (other, new) in zip(
            pod_status.read_identity(before).containers,
            pod_status.read_identity(after).containers,
            strict=True,
        )
        if one != name and old != new
    ]
    proofs = {
        "restartCount did not grow": count > 0,
        "the old instance was not seen to end": bool(ended),
        "its last state is not the old instance": is_last,
        f"{', '.join(one for one, _ in others)} restarted as well": not others,
    }
    missing = [what for what, proved in proofs.items() if not proved]
    if missing:
        raise errors.RestartImpossible(
            f"The restart of container {name} of {pod} alone is not proved: {'; '.join(missing)}.",
            "Something else restarts containers of this Pod; see its events.",
        )


def _same(pod: LivePod, seen: Object | None) -> Object:
    live = _alive(seen)
    if live["metadata"]["uid"] != pod.uid:
        raise errors.PodGone(f"Pod {pod} was replaced meanwhile.", "See who deletes it.")
    return live


def _alive(seen: Object | None) -> Object:
    if seen is None:
        raise errors.PodGone("The Pod was deleted meanwhile.", "See who deletes it.")
    return seen


def _short(container_id: str) -> str:
    return container_status.runtime_id(container_id)[:12]
