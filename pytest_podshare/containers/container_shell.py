"""The shell of a container: sessions that are opened when they are needed, and opened again."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

from pytest_podshare import errors
from pytest_podshare.containers.fileops import resolve_path
from pytest_podshare.containers.fileops.posix_shell import EphemeralContainerUnavailable
from pytest_podshare.containers.live_pod import CurrentPod, LivePod
from pytest_podshare.containers.session_opener import SessionOpener
from pytest_podshare.containers.shell_access import ShellAccess
from pytest_podshare.kube.exec.oneshot import run_with_stdin
from pytest_podshare.kube.exec.protocol import Completed
from pytest_podshare.kube.exec.session import ExecSession
from pytest_podshare.wiring.model import VolumeMount

T = TypeVar("T")

# seconds for what was posted to be run: before somebody looks from outside the check, who would
# see our own files, and before its session is closed
_FLUSH, _FAREWELL = 10.0, 1.0


class ContainerShell:
    """A shell that looks into a container: its own, or an ephemeral container's.

    Args:
        current: the Pod it is in.
        name: its name.
    """

    def __init__(self, current: CurrentPod, name: str) -> None:
        self.name = name
        self._current = current
        self._session: ExecSession | None = None
        self._opener = SessionOpener(current, name)
        self._opening = threading.Lock()
        self._closings = 0

    def __str__(self) -> str:
        return self.name

    @property
    def pod(self) -> LivePod:
        """The Pod it is in now."""
        return self._current.live

    @property
    def mounts(self) -> tuple[VolumeMount, ...]:
        """Its volumeMounts, as its Pod has them now."""
        return self.pod.wiring.container(self.name).mounts

    @property
    def access(self) -> ShellAccess:
        """How it was looked into at last; by its own shell as long as it was not."""
        return self._opener.access or ShellAccess(self.name)

    def use_ephemeral_shell(self) -> None:
        """Look into the container by an ephemeral one from now on, as its image lacks a program.

        Raises:
            EphemeralContainerUnavailable: there is none, or it looks already; where there is none,
                the container's own shell goes on looking.
        """
        if self._find_access().is_ephemeral:
            raise EphemeralContainerUnavailable
        self.close()
        self._opener.lacks_tools = True
        try:
            self.open()
        except errors.ToolMissing as missing:
            self._opener.lacks_tools = False
            raise EphemeralContainerUnavailable(missing.what) from None

    def resolve_path(self, path: str, *, follow: bool = True) -> str:
        """Return where the shell has a path of the container; the same, if it is its own.

        Args:
            path: an absolute path, as the container names it.
            follow: whether to give what a link at its end leads to.

        Raises:
            ExecError: it could not be found out.
        """
        access = self._opener.access
        if access is not None and not access.is_ephemeral:
            return path
        for again in (True, False):
            session, access = self.open(), self.access
            if not access.is_ephemeral:
                return path
            try:
                script = access.resolving(path, follow=follow)
                done = session.run(script, timeout=self._timeout(None))
            except errors.SessionLost:
                session.close()
                if not again:
                    raise
                continue
            if done.returncode == 0:
                return resolve_path.resolved(done)
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
        seconds = self._timeout(timeout)
        return self._with_reconnect(lambda session: session.run(script, timeout=seconds), timeout)

    def run_inline(self, script: bytes) -> Completed:
        """Run such a script in the session's shell itself; it must not exit, and has no stderr.

        Raises:
            ExecError: as of `run`.
        """
        seconds = self._timeout(None)
        return self._with_reconnect(lambda session: session.run_inline(script, timeout=seconds))

    def enqueue(self, script: bytes) -> None:
        """Have such a script run before the next command, and do not wait for it.

        Raises:
            ExecError: there is no session for it.
        """
        seconds = self._timeout(None)
        self._with_reconnect(lambda session: session.enqueue(script, timeout=seconds))

    def stream(self, script: bytes, to: Callable[[bytes], object]) -> Completed:
        """Run such a script and hand on its stdout as it comes, whatever its length.

        Raises:
            ExecError: it could not be run, or nothing came for too long.
        """
        seconds = self._timeout(None)
        handed_on = 0

        def hand_on(part: bytes) -> None:
            nonlocal handed_on
            handed_on += len(part)
            to(part)

        return self._with_reconnect(
            lambda session: session.run(script, timeout=seconds, to=hand_on),
            # what was handed on cannot be taken back
            may_again=lambda: not handed_on,
        )

    def feed(self, script: str, pieces: Iterable[bytes]) -> Completed:
        """Run a script that reads these bytes, in an exec of its own; it knows where they end.

        Raises:
            ExecError: it could not be run, or took nothing for too long.
        """
        pod, seconds = self.pod, self._timeout(None)
        container = self._find_access().container
        return run_with_stdin(
            pod.api, pod.namespace, pod.name, container, script, pieces, timeout=seconds
        )

    def open(self, timeout: float | None = None) -> ExecSession:
        """Return the session, opened if there is none or if it is known to be dead.

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
            before = self._opener.access
            opened = self._opener.open(self.pod.deadline("exec", timeout), again=known is not None)
            if self._closings != closings:
                opened.close()
                raise errors.SessionLost(
                    f"The exec session to {opened.target} was closed while it was opened.",
                    "Use a Pod's handles no longer than the fixture that made it.",
                )
            self._session = opened
            # what was posted names files as they were named then
            is_as_before = before is not None and self.access.root == before.root
            for script in known.pending if known and is_as_before else ():
                opened.enqueue(script, timeout=self._timeout(timeout))
            return opened

    def flush(self, timeout: float = _FLUSH) -> None:
        """Wait until what was posted has been run; what cannot be run any more is let be."""
        session = self._session
        if session is not None and session.pending:
            with contextlib.suppress(errors.PodshareError):
                session.flush(timeout=min(timeout, self._timeout(None)))

    def settle_pod(self) -> None:
        """Wait until what was posted to any container of the Pod has been run."""
        self._current.flush()

    def close(self) -> None:
        """Close the session, when what was posted has been run; the next command opens another."""
        self._closings += 1
        self.flush(_FAREWELL)
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _find_access(self) -> ShellAccess:
        """Return how the container is looked into; find it out, the first time."""
        if self._opener.access is None:
            self.open()
        return self.access

    def _with_reconnect(
        self,
        use: Callable[[ExecSession], T],
        timeout: float | None = None,
        *,
        may_again: Callable[[], bool] = lambda: True,
    ) -> T:
        """Use the session; if it breaks that earlier commands used, use a new one."""
        known, access = self._session, self._opener.access
        session = self._open_same(access, timeout)
        try:
            return use(session)
        except errors.SessionLost:
            session.close()
            if session is not known or not may_again():
                raise
            return use(self._open_same(access, timeout))

    def _open_same(self, access: ShellAccess | None, timeout: float | None) -> ExecSession:
        """Return the session if its paths are those of that access: a script is made for them."""
        session = self.open(timeout)
        if access is not None and self.access.root != access.root:
            raise errors.SessionLost(
                f"The way into {self.name} of {self.pod} is another one by now.",
                "See who restarts the container; a command after this finds the way.",
            )
        return session

    def _timeout(self, timeout: float | None) -> float:
        return self.pod.timeouts.or_given("exec", timeout)
