"""Opening exec sessions to a container, through its own shell or an ephemeral container's."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from pytest_podshare import errors
from pytest_podshare.containers import shell_access
from pytest_podshare.containers.fileops.posix_shell import EphemeralContainerUnavailable
from pytest_podshare.containers.live_pod import CurrentPod
from pytest_podshare.containers.shell_access import ShellAccess
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube import container_log, container_status, pod_status
from pytest_podshare.kube.exec.session import ExecSession
from pytest_podshare.kube.transient import OUTAGE, is_transient
from pytest_podshare.kube.watch import Object

# seconds for the API server to say which Pod has the name; a retry uses another connection
_IDENTITY_TIMEOUT = 5.0
# seconds in which the kubelet reports that a container has exited, and for one answer about it
_EXIT_REPORT, _EXIT_TIMEOUT = 2.0, 1.0


@dataclasses.dataclass
class SessionOpener:
    """Opens the sessions of one container, and remembers how.

    Args:
        current: the Pod that the container is in.
        name: the container's name.
        access: how the last session accesses the container; None before the first.
        lacks_tools: whether to avoid the container's own shell, because its image lacks a tool.
    """

    current: CurrentPod
    name: str
    access: ShellAccess | None = None
    lacks_tools: bool = False
    # the ID of the container in which the last session was opened
    _instance: str = ""
    # the ID of a container that cannot be accessed at all, and the error that explains why
    _inaccessible: tuple[str, errors.ToolMissing] | None = None

    def open(self, deadline: Deadline, *, again: bool) -> ExecSession:
        """Open a session; wait for a container or an API server that is about to come back.

        Args:
            deadline: when to give up.
            again: whether there was a session before.

        Raises:
            PodError: no session could be opened.
        """
        outage = Deadline(min(OUTAGE, deadline.seconds))
        raw: Object = {}
        first: dict[str, int] = {}

        def attempt() -> ExecSession | errors.PodshareError:
            nonlocal raw, first
            result: ExecSession | errors.PodshareError | None = None
            try:
                result = self._attempt(max(1.0, deadline.left))
                # after opening: a session is opened by name, which may now be another Pod's
                timeout = max(1.0, min(_IDENTITY_TIMEOUT, deadline.left))
                raw = self.current.live.check_still_there(timeout)
                first = first or pod_status.next_restart_counts(raw)
                self._check_not_ended(raw, first)
            except BaseException as error:
                if isinstance(result, ExecSession):
                    result.close()
                if (
                    isinstance(error, errors.ClusterError)
                    and is_transient(error, known=again)
                    and not outage.over
                ):
                    return error
                raise
            return result

        final = (ExecSession, errors.ToolMissing, errors.ExecTimeout)
        try:
            result = poll(
                attempt,
                until=lambda result: isinstance(result, final),
                deadline=deadline,
                first=0.05,
            )
            status = pod_status.find_container_status(raw, self.name)
            if isinstance(result, ExecSession):
                self._instance = status["containerID"]
                return result
            # a crash explains more than the error of the last attempt
            since = first.get(self.name)
            name = self.current.live.name
            raise container_status.crashing(name, status, since=since) or result
        except (errors.ContainerCrashing, errors.ContainerEnded) as error:
            raise self._with_log(error, raw) from None

    def explain_loss(self, lost: errors.SessionLost) -> errors.SessionLost:
        """Return the error of a lost session, which is another one if its container has exited."""

        def find_exit() -> tuple[Object, Mapping[str, Any] | None]:
            raw = self.current.live.check_still_there(_EXIT_TIMEOUT)
            status = pod_status.find_container_status(raw, self.name)
            end = container_status.find_termination(status, self._instance)
            is_other = status["containerID"] not in ("", self._instance)
            return raw, end if end or is_other else None

        if isinstance(lost, errors.ContainerExited) or not self._instance:
            return lost
        try:
            deadline = Deadline(_EXIT_REPORT)
            raw, end = poll(find_exit, until=lambda found: found[1] is not None, deadline=deadline)
        except errors.PodshareError:
            return lost
        if end is None:
            return lost
        live = self.current.live
        reason = f" ({end['reason']})" if end.get("reason") else ""
        exited = f"exited with code {end['exitCode']}{reason}" if end else "exited"
        lines = container_log.read_last_lines(live.api, raw, self.name, 1, timeout=_EXIT_TIMEOUT)
        last_line = f"; its last log line: {lines[-1]}" if lines else "."
        return errors.ContainerExited(
            f"Container {self.name} of {live} {exited} while a command ran in it{last_line}",
            "Find out why it exits, and what it does to the volume when it starts.",
        )

    def _with_log(self, error: errors.PodError, raw: Object) -> errors.PodError:
        """Return the error with the last log lines of the container that has crashed."""
        state = pod_status.find_container_status(raw, self.name)["state"]
        is_other = "running" in state and pod_status.find_crashed_container(raw)
        name, api = is_other or self.name, self.current.live.api
        count = container_log.LAST_LINES
        lines = container_log.read_last_lines(api, raw, name, count, timeout=_EXIT_TIMEOUT)
        return container_log.with_lines(error, name, lines)

    def _attempt(self, timeout: float) -> ExecSession | errors.ExecError:
        """Return a session with the Pod that has the name now, or why there is none."""
        pod = self.current.live
        try:
            # an image that had no shell will not get one
            if not self.lacks_tools and (self.access is None or not self.access.is_ephemeral):
                session = ExecSession(pod.api, pod.namespace, pod.name, self.name, timeout=timeout)
                self.access = ShellAccess(self.name)
                return session
        except errors.ToolMissing as missing:
            return self._attempt_ephemeral(f"{missing.what.rstrip('.')}. ", timeout)
        except errors.ExecError as error:
            return error
        return self._attempt_ephemeral("", timeout)

    def _attempt_ephemeral(self, problem: str, timeout: float) -> ExecSession | errors.ExecError:
        """Return a session with an ephemeral container, or why there is none."""
        pod = self.current.live
        raw = pod.check_still_there()
        container_id = str(pod_status.find_container_status(raw, self.name)["containerID"])
        if self._inaccessible is not None and self._inaccessible[0] == container_id:
            return self._inaccessible[1]
        try:
            session, self.access = shell_access.open_ephemeral_shell(
                pod, raw, self.name, Deadline(timeout)
            )
        except EphemeralContainerUnavailable as unavailable:
            error = errors.ToolMissing(
                f"{problem}Cannot fall back to an ephemeral container: {unavailable}.",
                "Use an image with `sh`, or allow ephemeral containers",
            )
            if not unavailable.is_transient:
                self._inaccessible = container_id, error
            return error
        except errors.ExecError as error:
            return error
        return session

    def _check_not_ended(self, raw: Object, first: dict[str, int]) -> None:
        """Raise if the container will not run again, or the Pod will never be ready."""
        if problem := pod_status.find_permanent_error(raw, first):
            raise problem
        pod = self.current.live
        policy = pod.wiring.container(self.name).restart_policy
        if (ended := pod_status.find_final_termination(raw, self.name, policy)) is not None:
            # the kubelet may have ended it, and not have changed the Pod's phase yet
            pod.check_not_evicted(raw, _IDENTITY_TIMEOUT)
            raise errors.ContainerEnded(
                f"Container {self.name} of {pod} has exited with code"
                f" {ended.get('exitCode')}, and restartPolicy {policy} does not restart it.",
                "Keep its command running until all checks are done.",
            )
