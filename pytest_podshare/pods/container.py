"""The handle of one container."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube.client import pod_path
from pytest_podshare.kube.exec import ExecSession
from pytest_podshare.kube.feeding import feed
from pytest_podshare.kube.framing import Completed
from pytest_podshare.pods import restarting, state
from pytest_podshare.pods.files import Files
from pytest_podshare.pods.restarting import Restart
from pytest_podshare.probe import shell

if TYPE_CHECKING:
    from pytest_podshare.pods.pod import Pod

T = TypeVar("T")

# seconds for what was posted to be run, before its session is closed
_FAREWELL = 1.0


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
        self._opening = threading.Lock()
        self._closings = 0

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
        script = b" ".join(shell.quoted(word) for word in argv)
        self.pod.settle()
        # a session that broke while nobody used it is found out by a command that changes nothing
        self.run(b":", timeout=timeout)
        return self.open(timeout).run(script, timeout=self._patience(timeout))

    def volume(self, name: str) -> Files:
        """The files of a volume, as this container sees them.

        Raises:
            UnknownVolume: it mounts no such volume; the error lists those that it does.
        """
        return Files(self, name)

    def run(self, script: bytes, *, timeout: float | None = None) -> Completed:
        """Run a POSIX shell script that may be run twice without harm.

        If the session breaks that earlier commands used, the script is run again in a new one.

        Raises:
            ExecError: it could not be run, or did not end in time.
        """
        patience = self._patience(timeout)
        return self._twice(lambda session: session.run(script, timeout=patience), timeout)

    def quick(self, script: bytes) -> Completed:
        """Run such a script in the session's shell itself; it must not exit, and has no stderr.

        Raises:
            ExecError: as of `run`.
        """
        patience = self._patience(None)
        return self._twice(lambda session: session.quick(script, timeout=patience))

    def post(self, script: bytes) -> None:
        """Have such a script run before the next command, and do not wait for it.

        Raises:
            ExecError: there is no session for it.
        """
        patience = self._patience(None)
        self._twice(lambda session: session.post(script, timeout=patience))

    def stream(self, script: bytes, to: Callable[[bytes], object]) -> Completed:
        """Run such a script and hand on its stdout as it comes, whatever its length.

        Raises:
            ExecError: it could not be run, or nothing came for too long.
        """
        patience = self._patience(None)
        handed_on = 0

        def hand_on(part: bytes) -> None:
            nonlocal handed_on
            handed_on += len(part)
            to(part)

        return self._twice(
            lambda session: session.run(script, timeout=patience, to=hand_on),
            # what was handed on cannot be taken back
            may_again=lambda: not handed_on,
        )

    def feed(self, script: str, pieces: Iterable[bytes]) -> Completed:
        """Run a script that reads these bytes, in an exec of its own; it knows where they end.

        Raises:
            ExecError: it could not be run, or took nothing for too long.
        """
        pod = self.pod
        patience = self._patience(None)
        return feed(pod.api, pod.namespace, pod.name, self.name, script, pieces, timeout=patience)

    def open(self, timeout: float | None = None) -> ExecSession:
        """The session, opened if there is none or if it is known to be dead.

        Raises:
            ExecError: it could not be opened.
        """
        with self._opening:
            known, closings = self._session, self._closings
            if known is not None:
                try:
                    known.check()
                except errors.ExecError:
                    known.close()
                else:
                    return known
            opened = self._opened(self.pod.deadline("exec", timeout))
            if self._closings != closings:
                opened.close()
                raise errors.SessionLost(
                    f"The exec session to {opened.target} was closed while it was opened.",
                    "Use a Pod's handles no longer than the fixture that made it.",
                )
            self._session = opened
            for script in known.posted if known else ():
                opened.post(script, timeout=self._patience(timeout))
            return opened

    def settle(self) -> None:
        """Wait until what was posted has been run; what cannot be run any more is let be."""
        session = self._session
        if session is not None and session.posted:
            with contextlib.suppress(errors.PodshareError):
                session.settle(timeout=_FAREWELL)

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
        self.pod.settle()
        deadline = self.pod.deadline("ready", timeout)
        return restarting.restart(self.pod, self.name, strategy, deadline)

    def logs(self, *, previous: bool = False) -> str:
        """What the container printed; with `previous`, what it printed before its last restart."""
        path = pod_path(self.pod.namespace, self.pod.name, "log")
        return self.pod.api.text(path, container=self.name, previous=str(previous).lower())

    def close(self) -> None:
        """Close the session, when what was posted has been run; the next command opens another."""
        self._closings += 1
        self.settle()
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _twice(
        self,
        use: Callable[[ExecSession], T],
        timeout: float | None = None,
        *,
        may_again: Callable[[], bool] = lambda: True,
    ) -> T:
        """Use the session; if it breaks that earlier commands used, use a new one."""
        known = self._session
        session = self.open(timeout)
        try:
            return use(session)
        except errors.SessionLost:
            session.close()
            if session is not known or not may_again():
                raise
            return use(self.open(timeout))

    def _opened(self, deadline: Deadline) -> ExecSession:
        """Open a session, waiting for a container that is about to come back."""

        def attempt() -> ExecSession | errors.SessionLost:
            self._check_not_ended(self.pod.check_still_there())
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

    def _check_not_ended(self, live: dict[str, Any]) -> None:
        """Raise the error of a container that will not run again, or of a Pod that is hopeless."""
        if problem := state.hopeless(live):
            raise problem
        policy = self.pod.wiring.container(self.name).restart_policy
        if (ended := state.has_ended(live, self.name, policy)) is not None:
            code = ended.get("exitCode")
            raise errors.ContainerEnded(
                f"{self.name} of {self.pod} has ended with exit code {code}, and its restartPolicy"
                f" {policy} lets it stay so.",
                "Keep its command running for as long as it is to be looked into.",
            )

    def _patience(self, timeout: float | None) -> float:
        return self.pod.timeouts.or_given("exec", timeout)
