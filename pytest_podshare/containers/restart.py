"""Restarting one container, or the whole sandbox, with proof.

Sent from inside a container, SIGKILL never reaches its process 1, although `kill` returns 0
(pid_namespaces(7)). So the only proof is what the kubelet reports afterwards.
"""

from __future__ import annotations

import dataclasses
import time

from pytest_podshare import errors
from pytest_podshare.containers import restart_strategies
from pytest_podshare.containers.container_shell import ContainerShell
from pytest_podshare.containers.evidence_entries import Proof
from pytest_podshare.containers.live_pod import LivePod
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube import container_status, pod_status
from pytest_podshare.kube.watch import Object


@dataclasses.dataclass(frozen=True)
class Restart(Proof):
    """The proof of a restart.

    Args:
        container: the container's name; "" for the whole sandbox.
        strategy: the strategy that was used.
        before: the old ID of the container, or of the sandbox.
        after: the new ID.
        exit_code: the exit code of the old instance; None for a sandbox.
        seconds: the time until the new one was ready.
    """

    container: str
    strategy: str
    before: str
    after: str
    exit_code: int | None
    seconds: float

    @property
    def summary(self) -> str:
        """Return what was restarted how, with the old and the new ID."""
        name = self.container or "the sandbox"
        code = "" if self.exit_code is None else f", exit code {self.exit_code}"
        old, new = (container_status.runtime_id(full)[:12] for full in (self.before, self.after))
        return f"{name} restarted ({self.strategy}{code}): {old} → {new}"


def restart(
    container: ContainerShell, strategy: str | None, deadline: Deadline
) -> tuple[Restart, LivePod]:
    """Restart one container; see `Container.restart`.

    Returns:
        The proof, and the Pod with the new instance.
    """
    started = time.monotonic()
    name, pod = container.name, container.pod
    live = pod.check_still_there()
    before = pod_status.find_container_status(live, name)
    if "running" not in before.get("state", {}):
        raise _not_running(pod, live, before)
    used = restart_strategies.apply(container, live, strategy)
    latest, ended = _wait_for_new_instance(pod, live, name, used, deadline)
    after = pod_status.find_container_status(latest, name)
    _check_proof(pod, live, latest, name, ended)
    old, new, code = before["containerID"], after["containerID"], ended.get("exitCode")
    proof = Restart(name, used, old, new, code, time.monotonic() - started)
    return proof, dataclasses.replace(pod, raw=latest)


def _not_running(
    pod: LivePod, live: Object, status: container_status.ContainerStatus
) -> errors.PodError:
    """Return the error of a container that does not run: it is crashing, or is over."""
    name = status["name"]
    policy = pod.wiring.container(name).restart_policy
    is_over = pod_status.find_final_termination(live, name, policy) is not None
    crash = None if is_over else container_status.crashing(pod.name, status)
    return crash or errors.RestartImpossible(
        f"Container {name} of {pod} is not running.",
        "Wait until it runs, or find out why it exited.",
    )


def restart_sandbox(pod: LivePod, deadline: Deadline) -> tuple[Restart, LivePod]:
    """Kill the Pod's sandbox on its node, so that all its containers restart in the same Pod.

    Returns:
        The proof, and the Pod with the new instances.

    Raises:
        NodeAccessMissing: the cluster's nodes cannot be accessed.
        RestartImpossible: the restart cannot be proved.
    """
    started = time.monotonic()
    live = pod.check_still_there()
    before = restart_strategies.kill_sandbox(pod)
    old = dict(pod_status.read_identity(live).containers)

    def is_restarted(latest: Object | None) -> bool:
        same = _require_same(pod, latest)
        return pod_status.is_ready(same) and all(
            container_id != old[name]
            for name, container_id in pod_status.read_identity(same).containers
            if old[name]
        )

    latest = pod.watch.wait_for(pod.name, is_restarted, deadline, known=live)
    after = restart_strategies.find_sandbox(pod)
    if not is_restarted(latest) or after == before:
        raise errors.RestartImpossible(
            f"The sandbox of {pod} was not replaced within {deadline.seconds:g} s of being killed:"
            f" {pod_status.summarize(latest)}.",
            "Check the Pod's events.",
        )
    fresh = pod.refresh()
    return Restart("", "node", before, after, None, time.monotonic() - started), fresh


def _wait_for_new_instance(
    pod: LivePod, live: Object, name: str, strategy: str, deadline: Deadline
) -> tuple[Object, container_status.ContainerStatus]:
    """Return the Pod once a new instance is ready, and how the old one ended."""
    old = pod_status.find_container_status(live, name)["containerID"]
    first = pod_status.next_restart_counts(live)
    ended: container_status.ContainerStatus = {}

    def is_restarted(latest: Object | None) -> bool:
        nonlocal ended
        same = _require_same(pod, latest)
        status = pod_status.find_container_status(same, name)
        # a failed start in between replaces the old instance in the status
        ended = container_status.find_termination(status, old) or ended
        _check_not_over(pod, same, name, strategy)
        is_new = status["containerID"] != old
        if is_new and (problem := pod_status.find_permanent_error(same, first)):
            raise problem
        return is_new and status.get("ready", False) and "running" in status["state"]

    latest = pod.watch.wait_for(pod.name, is_restarted, deadline, known=live)
    if is_restarted(latest):
        return _require_same(pod, latest), ended
    status = pod_status.find_container_status(_require_same(pod, latest), name)
    is_unchanged = status["containerID"] == old
    raise errors.RestartImpossible(
        f"Container {name} of {pod} was not ready again within {deadline.seconds:g} s of its"
        f" restart ({strategy}):"
        f" {'its container ID has not changed' if is_unchanged else pod_status.summarize(latest)}.",
        "Check its logs, or raise the timeout. An unchanged ID means that it was not restarted.",
    )


def _check_not_over(pod: LivePod, latest: Object, name: str, strategy: str) -> None:
    """Raise if the container ended for good, for example with exit code 0 under OnFailure."""
    policy = pod.wiring.container(name).restart_policy
    if (ended := pod_status.find_final_termination(latest, name, policy)) is not None:
        raise errors.RestartForbidden(
            f"Container {name} of {pod} exited with code {ended['exitCode']}"
            f" ({strategy}), and restartPolicy {policy} does not restart it.",
            "Use restartPolicy Always. The other containers can still use its volumes.",
        )


def _check_proof(
    pod: LivePod, before: Object, after: Object, name: str, ended: container_status.ContainerStatus
) -> None:
    """Raise unless exactly this container was restarted, exactly once."""
    old, new = (pod_status.find_container_status(raw, name) for raw in (before, after))
    last = new.get("lastState", {}).get("terminated", {})
    # a start that failed before the command ran does not count as an instance in between
    is_last = bool(
        container_status.find_termination(new, old["containerID"])
        or container_status.start_failure(new.get("lastState", {}))
    )
    count = new["restartCount"] - old["restartCount"]
    if count > 1 and not is_last:
        raise errors.ContainerCrashing(
            f"Container {name} of Pod {pod.name} keeps crashing: after the restart it exited"
            f" with code {last.get('exitCode')}, and was restarted again.",
            "Read its last log lines (kubectl logs --previous), and check what it does to the"
            " volume when it starts.",
        )
    old_ids = dict(pod_status.read_identity(before).containers)
    others = [
        other
        for other, container_id in pod_status.read_identity(after).containers
        if other != name and container_id != old_ids[other]
    ]
    checks = {
        "restartCount did not increase": count > 0,
        "the end of the old instance was not reported": bool(ended),
        "its last state belongs to another instance": is_last,
        f"{', '.join(others)} was restarted as well": not others,
    }
    failed = [text for text, is_passed in checks.items() if not is_passed]
    if failed:
        raise errors.RestartImpossible(
            f"Cannot prove that container {name} of {pod} alone was restarted:"
            f" {'; '.join(failed)}.",
            "Check the Pod's events for what else restarts its containers.",
        )


def _require_same(pod: LivePod, latest: Object | None) -> Object:
    """Return the Pod; raise if it was deleted or replaced."""
    if latest is None or latest["metadata"]["uid"] != pod.uid:
        change = "deleted" if latest is None else "replaced"
        raise pod.to_gone(f"Pod {pod} was {change} during the restart.")
    if pod_status.is_over(latest):
        pod.check_not_evicted(latest)
    return latest
