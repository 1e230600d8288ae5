"""The handle of one container."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from pytest_podshare import errors
from pytest_podshare.kube import once
from pytest_podshare.kube.client import pod_path
from pytest_podshare.kube.exec import ExecSession
from pytest_podshare.kube.feeding import feed
from pytest_podshare.kube.framing import LARGEST, Completed
from pytest_podshare.pods import restarting
from pytest_podshare.pods.entering import Way
from pytest_podshare.pods.files import Files
from pytest_podshare.pods.opening import Opening
from pytest_podshare.pods.restarting import Restart
from pytest_podshare.probe import rooted, shell

if TYPE_CHECKING:
    from pytest_podshare.pods.pod import Pod

T = TypeVar("T")

# seconds for what was posted to be run: before somebody looks from outside the check, who would
# see our own files, and before its session is closed
_SETTLING, _FAREWELL = 10.0, 1.0


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
        self._door = Opening(pod, name)
        self._opening = threading.Lock()
        self._closings = 0

    def __repr__(self) -> str:
        return f"<Container {self.pod.name}/{self.name}>"

    def exec(self, argv: Sequence[str], *, timeout: float | None = None) -> Completed:
        """Run a command in the container with an empty stdin: through its `sh`, if it has one.

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
        if self.way.process:
            # the shell is another image's
            pod, patience = self.pod, self._patience(timeout)
            return once.run(pod.api, pod.namespace, pod.name, self.name, argv, timeout=patience)
        return self.open(timeout).run(script, timeout=self._patience(timeout))

    def volume(self, name: str) -> Files:
        """The files of a volume, as this container sees them.

        Raises:
            UnknownVolume: it mounts no such volume; the error lists those that it does.
        """
        return Files(self, name)

    def step_aside(self) -> str | None:
        """Look into the container by an ephemeral one from now on, as its image lacks a program.

        Returns:
            None, or why that is impossible; its own shell then goes on looking.
        """
        if self.way.process:
            return ""
        self.close()
        self._door.lacks_tools = True
        try:
            self.open()
        except errors.ToolMissing as missing:
            self._door.lacks_tools = False
            return f" {missing.what}"
        return None

    @property
    def way(self) -> Way:
        """How the container is looked into; finds it out, the first time.

        Raises:
            ExecError: no way is open.
        """
        if self._door.way is None:
            self.open()
        return self._door.way or Way(self.name)

    @property
    def access(self) -> Way:
        """How the container was looked into at last; by its own shell as long as it was not."""
        return self._door.way or Way(self.name)

    def at(self, path: str, *, follow: bool = True) -> str:
        """Where the shell of the session has a path of the container; the same, if it is its own.

        Args:
            path: an absolute path, as the container names it.
            follow: whether to give what a link at its end leads to.

        Raises:
            ExecError: it could not be found out.
        """
        way = self._door.way
        if way is not None and not way.process:
            return path
        for again in (True, False):
            session, way = self.open(), self.way
            if not way.process:
                return path
            try:
                script = way.resolving(path, follow=follow)
                done = session.run(script, timeout=self._patience(None))
            except errors.SessionLost:
                session.close()
                if not again:
                    raise
                continue
            if done.returncode == 0:
                return rooted.resolved(done)
            # its container has another instance by now, which this shell does not see
            session.close()
        raise errors.SessionLost(
            f"The process of {self.name} of {self.pod} is not there any more.",
            "See whether the container still runs.",
        )

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
        whose = self.way.container
        return feed(pod.api, pod.namespace, pod.name, whose, script, pieces, timeout=patience)

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
            before = self._door.way
            deadline = self.pod.deadline("exec", timeout)
            opened = self._door.session(deadline, again=known is not None)
            if self._closings != closings:
                opened.close()
                raise errors.SessionLost(
                    f"The exec session to {opened.target} was closed while it was opened.",
                    "Use a Pod's handles no longer than the fixture that made it.",
                )
            self._session = opened
            # what was posted names files as they were named then
            is_as_before = before is not None and self.way.root == before.root
            for script in known.posted if known and is_as_before else ():
                opened.post(script, timeout=self._patience(timeout))
            return opened

    def settle(self, timeout: float = _SETTLING) -> None:
        """Wait until what was posted has been run; what cannot be run any more is let be."""
        session = self._session
        if session is not None and session.posted:
            with contextlib.suppress(errors.PodshareError):
                session.settle(timeout=min(timeout, self._patience(None)))

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
            NodeAccessMissing: no way is open but on the node, which cannot be reached.
            PodError: it does not become ready again.
        """
        self.pod.settle()
        deadline = self.pod.deadline("ready", timeout)
        return restarting.restart(self.pod, self.name, strategy, deadline)

    def logs(self, *, previous: bool = False) -> str:
        """What the container printed; with `previous`, what it printed before its last restart.

        Raises:
            OutputTooLarge: that is more than 64 MiB.
        """
        path = pod_path(self.pod.namespace, self.pod.name, "log")
        said = self.pod.api.text(
            path, container=self.name, previous=str(previous).lower(), limitBytes=str(LARGEST)
        )
        if len(said) > LARGEST // 4 and len(said.encode(errors="replace")) >= LARGEST:
            raise errors.OutputTooLarge(
                f"The log of {self.name} of {self.pod} is larger than {LARGEST // 2**20} MiB.",
                "Have the container print less, or look at the end of its log with kubectl.",
            )
        return said

    def close(self) -> None:
        """Close the session, when what was posted has been run; the next command opens another."""
        self._closings += 1
        self.settle(_FAREWELL)
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
        known, way = self._session, self._door.way
        session = self._the_same(way, timeout)
        try:
            return use(session)
        except errors.SessionLost:
            session.close()
            if session is not known or not may_again():
                raise
            return use(self._the_same(way, timeout))

    def _the_same(self, way: Way | None, timeout: float | None) -> ExecSession:
        """The session, if it has paths where they were: a script must not mean other files."""
        session = self.open(timeout)
        if way is not None and self._door.way is not way and self.way.root != way.root:
            raise errors.SessionLost(
                f"The way into {self.name} of {self.pod} is another one by now.",
                "See who restarts the container; a command after this finds the way.",
            )
        return session

    def _patience(self, timeout: float | None) -> float:
        return self.pod.timeouts.or_given("exec", timeout)
