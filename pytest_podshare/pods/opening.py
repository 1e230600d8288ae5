"""Opening a session with a container, by the first way that is open into it."""

from __future__ import annotations

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube.exec import ExecSession
from pytest_podshare.kube.outage import OUTAGE, may_pass
from pytest_podshare.kube.watching import Object
from pytest_podshare.pods import entering, state
from pytest_podshare.pods.entering import ShellAccess
from pytest_podshare.pods.live_pod import CurrentPod
from pytest_podshare.probe.shell import EphemeralContainerUnavailable

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
                first = first or state.next_starts(raw)
                self._check_not_ended(raw, first)
            except BaseException as error:
                if isinstance(opened, ExecSession):
                    opened.close()
                if (
                    isinstance(error, errors.ClusterError)
                    and may_pass(error, known=again)
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
        status = state.container_status(raw, self._name)
        raise state.crash_loop(self._current.live.name, status) or opened

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
        instance = str(state.container_status(raw, self._name)["containerID"])
        if self._closed is not None and self._closed[0] == instance:
            return self._closed[1]
        try:
            opened, self.access = entering.open_ephemeral_shell(
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
        if problem := state.hopeless(raw, first):
            raise problem
        pod = self._current.live
        policy = pod.wiring.container(self._name).restart_policy
        if (ended := state.has_ended(raw, self._name, policy)) is not None:
            code = ended.get("exitCode")
            raise errors.ContainerEnded(
                f"{self._name} of {pod} has ended with exit code {code}, and its"
                f" restartPolicy {policy} lets it stay so.",
                "Keep its command running for as long as it is to be looked into.",
            )
