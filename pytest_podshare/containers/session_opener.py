"""Opening exec sessions to a container, through its own shell or an ephemeral container's."""

from __future__ import annotations

import dataclasses

from pytest_podshare import errors
from pytest_podshare.containers import shell_access
from pytest_podshare.containers.fileops.posix_shell import EphemeralContainerUnavailable
from pytest_podshare.containers.live_pod import CurrentPod
from pytest_podshare.containers.shell_access import ShellAccess
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube import container_status, pod_status
from pytest_podshare.kube.exec.session import ExecSession
from pytest_podshare.kube.transient import OUTAGE, is_transient
from pytest_podshare.kube.watch import Object

# seconds for the API server to say which Pod has the name; a retry uses another connection
_IDENTITY_TIMEOUT = 5.0


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
        result = poll(
            attempt, until=lambda result: isinstance(result, final), deadline=deadline, first=0.05
        )
        if isinstance(result, ExecSession):
            return result
        # a crash loop explains more than the error of the last attempt
        status = pod_status.find_container_status(raw, self.name)
        raise container_status.crash_loop(self.current.live.name, status) or result

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
            raise errors.ContainerEnded(
                f"Container {self.name} of {pod} has exited with code"
                f" {ended.get('exitCode')}, and restartPolicy {policy} does not restart it.",
                "Keep its command running until all checks are done.",
            )
