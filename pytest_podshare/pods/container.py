"""The handle of one container."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube.client import pod_path
from pytest_podshare.kube.exec import ExecSession
from pytest_podshare.kube.framing import Completed
from pytest_podshare.pods import restarting, state
from pytest_podshare.pods.restarting import Restart

if TYPE_CHECKING:
    from pytest_podshare.pods.pod import Pod


class Container:
    """One container of a Pod; got by `pod["c1"]`.

    Args:
        pod: its Pod.
        name: its name.
    """

    def __init__(self, pod: Pod, name: str) -> None:
        self.pod = pod
        self.name = name
        self._session: ExecSession | None = None

    def __repr__(self) -> str:
        return f"<Container {self.pod.name}/{self.name}>"

    def exec(self, argv: Sequence[str], *, timeout: float | None = None) -> Completed:
        """Run a command in the container, through its `sh`, with an empty stdin.

        Args:
            argv: the program and its arguments; a program that is not there gives returncode 127.
            timeout: seconds for it to end.

        Returns:
            Its `.returncode`, `.stdout` and `.stderr` (bytes).

        Raises:
            ExecError: it could not be run, or did not end in time.
        """
        # a session that broke while nobody used it is found out by a command that changes nothing
        self.run(b":", timeout=timeout)
        return self._open(timeout).run(shlex.join(argv).encode(), timeout=self._patience(timeout))

    def run(self, script: bytes, *, timeout: float | None = None) -> Completed:
        """Run a POSIX shell script that may be run twice without harm.

        If the session breaks that earlier commands used, the script is run again in a new one.

        Raises:
            ExecError: it could not be run, or did not end in time.
        """
        known = self._session
        try:
            return self._open(timeout).run(script, timeout=self._patience(timeout))
        except errors.SessionLost:
            self.close()
            if known is None:
                raise
            return self._open(timeout).run(script, timeout=self._patience(timeout))

    def restart(self, *, strategy: str | None = None, timeout: float | None = None) -> Restart:
        """Restart this container alone, and prove that it happened.

        Args:
            strategy: `node`, `resize`, `term` or `image`; None for the first that is possible.
            timeout: seconds until it runs and is ready again.

        Returns:
            The proof: which way, the container's id before and after, its exit code.

        Raises:
            RestartForbidden: its restart policy says that it stays ended.
            RestartImpossible: no way is open, or it did not happen.
            PodError: it does not become ready again.
        """
        deadline = self.pod.deadline("ready", timeout)
        return restarting.restart(self.pod, self.name, strategy, deadline)

    def logs(self, *, previous: bool = False) -> str:
        """What the container printed; with `previous`, what it printed before its last restart."""
        path = pod_path(self.pod.namespace, self.pod.name, "log")
        return self.pod.api.text(path, container=self.name, previous=str(previous).lower())

    def close(self) -> None:
        """Close the session; the next command opens another."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _open(self, timeout: float | None) -> ExecSession:
        if self._session is None:
            self._session = self._opened(self.pod.deadline("exec", timeout))
        return self._session

    def _opened(self, deadline: Deadline) -> ExecSession:
        """Open a session, waiting for a container that is about to come back."""

        def attempt() -> ExecSession | errors.SessionLost:
            if problem := state.hopeless(self.pod.check_still_there()):
                raise problem
            try:
                return ExecSession(
                    self.pod.api,
                    self.pod.namespace,
                    self.pod.name,
                    self.name,
                    timeout=max(1.0, deadline.left),
                )
            except errors.SessionLost as lost:
                return lost

        opened = poll(
            attempt, until=lambda it: isinstance(it, ExecSession), deadline=deadline, first=0.05
        )
        if isinstance(opened, ExecSession):
            return opened
        raise opened

    def _patience(self, timeout: float | None) -> float:
        return self.pod.timeouts.or_given("exec", timeout)
