"""Opening a session with a container, by the first way that is open into it."""

from __future__ import annotations

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

# seconds for the API server to say which Pod has the name; it is asked again by another connection
_WHO = 5.0


class SessionOpener:
    """Opens the sessions of one container, and remembers by which way.

    Args:
        current: the Pod it is in.
        name: its name.

    Attributes:
        access: how the last one was opened; None before the first.
        lacks_tools: whether its own shell is of no use, if there is another.
    """

    def __init__(self, current: CurrentPod, name: str) -> None:
        self._current = current
        self._name = name
        self.access: ShellAccess | None = None
        self.lacks_tools = False
        # the id of an instance that no way leads into, and the error that says so
        self._closed: tuple[str, errors.ToolMissing] | None = None

    def open(self, deadline: Deadline, *, again: bool) -> ExecSession:
        """Open a session, waiting for a container or an API server that is about to come back.

        Args:
            deadline: until when to try.
            again: whether there was a session before.

        Raises:
            PodError: there is none to be had.
        """
        outage = Deadline(min(OUTAGE, deadline.seconds))
        raw: Object = {}
        first: dict[str, int] = {}

        def attempt() -> ExecSession | errors.PodshareError:
            nonlocal raw, first
            opened: ExecSession | errors.PodshareError | None = None
            try:
                opened = self._attempt(max(1.0, deadline.left))
                # only now: it is known by name, which by now may be another Pod's
                raw = self._current.live.check_still_there(max(1.0, min(_WHO, deadline.left)))
                first = first or pod_status.next_restart_counts(raw)
                self._check_not_ended(raw, first)
            except BaseException as error:
                if isinstance(opened, ExecSession):
                    opened.close()
                if (
                    isinstance(error, errors.ClusterError)
                    and is_transient(error, known=again)
                    and not outage.over
                ):
                    return error
                raise
            return opened

        opened = poll(
            attempt,
            until=lambda it: isinstance(it, ExecSession | errors.ToolMissing | errors.ExecTimeout),
            deadline=deadline,
            first=0.05,
        )
        if isinstance(opened, ExecSession):
            return opened
        # of one that did not come back in time, this says more than that nothing could be opened
        status = pod_status.find_container_status(raw, self._name)
        raise container_status.crash_loop(self._current.live.name, status) or opened

    def _attempt(self, timeout: float) -> ExecSession | errors.ExecError:
        """Open a session with whatever Pod has the name now, or return why there is none."""
        pod = self._current.live
        try:
            # an image that had no shell will have none
            if not self.lacks_tools and (self.access is None or not self.access.is_ephemeral):
                opened = ExecSession(pod.api, pod.namespace, pod.name, self._name, timeout=timeout)
                self.access = ShellAccess(self._name)
                return opened
        except errors.ToolMissing as missing:
            return self._attempt_ephemeral(f"{missing.what.rstrip('.')}. ", timeout)
        except errors.ExecError as error:
            return error
        return self._attempt_ephemeral("", timeout)

    def _attempt_ephemeral(self, why: str, timeout: float) -> ExecSession | errors.ExecError:
        """Open a session with an ephemeral container, or return why there is none."""
        pod = self._current.live
        raw = pod.check_still_there()
        instance = str(pod_status.find_container_status(raw, self._name)["containerID"])
        if self._closed is not None and self._closed[0] == instance:
            return self._closed[1]
        try:
            opened, self.access = shell_access.open_ephemeral_shell(
                pod, raw, self._name, Deadline(timeout)
            )
        except EphemeralContainerUnavailable as unavailable:
            closed = errors.ToolMissing(
                f"{why}No ephemeral container can look instead: {unavailable}.",
                "Use an image with `sh`, or let an ephemeral container in",
            )
            if not unavailable.is_transient:
                self._closed = instance, closed
            return closed
        except errors.ExecError as error:
            return error
        return opened

    def _check_not_ended(self, raw: Object, first: dict[str, int]) -> None:
        """Raise the error of a container that will not run again, or of a Pod that is hopeless."""
        if problem := pod_status.find_permanent_error(raw, first):
            raise problem
        pod = self._current.live
        policy = pod.wiring.container(self._name).restart_policy
        if (ended := pod_status.find_final_termination(raw, self._name, policy)) is not None:
            code = ended.get("exitCode")
            raise errors.ContainerEnded(
                f"{self._name} of {pod} has ended with exit code {code}, and its"
                f" restartPolicy {policy} lets it stay so.",
                "Keep its command running for as long as it is to be looked into.",
            )
