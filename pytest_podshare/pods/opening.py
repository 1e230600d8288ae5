"""Opening a session with a container, by the first way that is open into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube.exec import ExecSession
from pytest_podshare.kube.outage import OUTAGE, may_pass
from pytest_podshare.pods import entering, state
from pytest_podshare.pods.entering import Way
from pytest_podshare.pods.ephemeral import Unable

if TYPE_CHECKING:
    from pytest_podshare.pods.pod import Pod

# seconds for the API server to say which Pod has the name; it is asked again by another connection
_WHO = 5.0


class Opening:
    """Opens the sessions of one container, and remembers by which way.

    Args:
        pod: its Pod.
        name: its name.

    Attributes:
        way: how the last one was opened; None before the first.
        lacks_tools: whether its own shell is of no use, if there is another.
    """

    def __init__(self, pod: Pod, name: str) -> None:
        self._pod = pod
        self._name = name
        self.way: Way | None = None
        self.lacks_tools = False
        # the id of an instance that no way leads into, and what is to be said of it
        self._closed: tuple[str, errors.ToolMissing] | None = None

    def session(self, deadline: Deadline, *, again: bool) -> ExecSession:
        """Open a session, waiting for a container or an API server that is about to come back."""
        outage = Deadline(min(OUTAGE, deadline.seconds))
        live: dict[str, Any] = {}
        first: dict[str, int] = {}

        def attempt() -> ExecSession | errors.PodshareError:
            nonlocal live, first
            opened: ExecSession | errors.PodshareError | None = None
            try:
                opened = self._attempt(max(1.0, deadline.left))
                # only now: it is known by name, which by now may be another Pod's
                live = self._pod.check_still_there(max(1.0, min(_WHO, deadline.left)))
                first = first or state.next_starts(live)
                self._check_not_ended(live, first)
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
        status = state.container_status(live, self._name)
        raise state.crash_loop(self._pod.name, status) or opened

    def _attempt(self, timeout: float) -> ExecSession | errors.ExecError:
        """A session with whatever Pod has the name now, or why there is none."""
        pod = self._pod
        try:
            # an image that had no shell will have none
            if not self.lacks_tools and (self.way is None or not self.way.process):
                opened = ExecSession(pod.api, pod.namespace, pod.name, self._name, timeout=timeout)
                self.way = Way(self._name)
                return opened
        except errors.ToolMissing as missing:
            return self._beside(f"{missing.what.rstrip('.')}. ", timeout)
        except errors.ExecError as error:
            return error
        return self._beside("", timeout)

    def _beside(self, why: str, timeout: float) -> ExecSession | errors.ExecError:
        """A session of another container that is let at this one's files, or why there is none."""
        live = self._pod.check_still_there()
        instance = str(state.container_status(live, self._name)["containerID"])
        if self._closed is not None and self._closed[0] == instance:
            return self._closed[1]
        try:
            opened, way = entering.beside(self._pod, live, self._name, Deadline(timeout))
            self.way = self._pod.beside[self._name] = way
        except Unable as unable:
            closed = errors.ToolMissing(
                f"{why}No ephemeral container can look instead: {unable}.",
                "Use an image with `sh`, or let an ephemeral container in",
            )
            if not unable.may_pass:
                self._closed = instance, closed
            return closed
        except errors.ExecError as error:
            return error
        return opened

    def _check_not_ended(self, live: dict[str, Any], first: dict[str, int]) -> None:
        """Raise the error of a container that will not run again, or of a Pod that is hopeless."""
        if problem := state.hopeless(live, first):
            raise problem
        policy = self._pod.wiring.container(self._name).restart_policy
        if (ended := state.has_ended(live, self._name, policy)) is not None:
            code = ended.get("exitCode")
            raise errors.ContainerEnded(
                f"{self._name} of {self._pod} has ended with exit code {code}, and its"
                f" restartPolicy {policy} lets it stay so.",
                "Keep its command running for as long as it is to be looked into.",
            )
