"""The shell of a container, whose exec session opens on first use and again when it breaks."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator
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
from pytest_podshare.wiring.model import ContainerSpec

_Result = TypeVar("_Result")

# seconds for queued scripts to finish: before files are inspected from outside a check, where ours
# would be seen, and before their session is closed
_FLUSH_TIMEOUT, _CLOSE_TIMEOUT = 10.0, 1.0


class ContainerShell:
    """A shell with access to a container's files: its own, or an ephemeral container's.

    All methods that run something raise ExecError if it could not be run, or did not end in time.

    Args:
        current: the Pod that the container is in.
        name: the container's name.
    """

    def __init__(self, current: CurrentPod, name: str) -> None:
        self.name = name
        self._current = current
        self._session: ExecSession | None = None
        self._opener = SessionOpener(current, name)
        self._open_lock = threading.Lock()
        self._close_count = 0

    def __str__(self) -> str:
        return self.name

    @property
    def pod(self) -> LivePod:
        """Return the Pod that the container is in now."""
        return self._current.live

    @property
    def spec(self) -> ContainerSpec:
        """Return the container's spec in that Pod."""
        return self.pod.wiring.container(self.name)

    @property
    def access(self) -> ShellAccess:
        """Return how the container was last accessed, by default through its own shell."""
        return self._opener.access or ShellAccess(self.name)

    def use_ephemeral_shell(self) -> None:
        """Use an ephemeral container from now on, because the container's image lacks a tool.

        Raises:
            EphemeralContainerUnavailable: there is none, so the container's own shell stays in use;
                or it is already in use.
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
        """Return the path under which the shell finds a path of the container.

        With `follow`, a symlink at the end of the path is followed.
        """
        access = self._opener.access
        if access is not None and not access.is_ephemeral:
            return path
        for is_retry in (False, True):
            session, access = self.open(), self.access
            if not access.is_ephemeral:
                return path
            try:
                script = access.resolve_script(path, follow=follow)
                done = session.run(script, timeout=self._timeout(None))
            except errors.SessionLost:
                session.close()
                if is_retry:
                    raise
                continue
            if done.returncode == 0:
                return resolve_path.parse_resolved(done)
            # the container has a new instance, whose process this shell does not see
            session.close()
        raise errors.SessionLost(
            f"The process of container {self.name} of {self.pod} has exited.",
            "Check whether the container is still running.",
        )

    def run(self, script: bytes, *, timeout: float | None = None) -> Completed:
        """Run a POSIX shell script that may safely run twice.

        If a session breaks that earlier commands used, the script runs again in a new one.
        """
        seconds = self._timeout(timeout)
        return self._with_reconnect(lambda session: session.run(script, timeout=seconds), timeout)

    def run_inline(self, script: bytes) -> Completed:
        """Run such a script in the session's shell itself, without stderr; it must not exit."""
        seconds = self._timeout(None)
        return self._with_reconnect(lambda session: session.run_inline(script, timeout=seconds))

    def enqueue(self, script: bytes) -> None:
        """Queue such a script to run before the next command, without waiting for it."""
        seconds = self._timeout(None)
        self._with_reconnect(lambda session: session.enqueue(script, timeout=seconds))

    def stream(self, script: bytes, sink: Callable[[bytes], object]) -> Completed:
        """Run such a script and pass on its stdout in chunks, whatever its size."""
        seconds = self._timeout(None)
        has_output = False

        def pass_on(chunk: bytes) -> None:
            nonlocal has_output
            has_output = True
            sink(chunk)

        return self._with_reconnect(
            lambda session: session.run(script, timeout=seconds, to=pass_on),
            # what was passed on cannot be taken back
            may_repeat=lambda: not has_output,
        )

    def feed(self, script: str, chunks: Iterable[bytes]) -> Completed:
        """Run a script in an exec of its own that reads these bytes, but never to the end."""
        pod, seconds = self.pod, self._timeout(None)
        container = self._find_access().container
        with self._explaining_exit():
            return run_with_stdin(
                pod.api, pod.namespace, pod.name, container, script, chunks, timeout=seconds
            )

    def open(self, timeout: float | None = None) -> ExecSession:
        """Return the session; open one if there is none, or if it is known to be dead."""
        with self._open_lock:
            old, close_count = self._session, self._close_count
            if old is not None:
                try:
                    old.check()
                except errors.ExecError:
                    old.close()
                else:
                    return old
            access = self._opener.access
            new = self._opener.open(self.pod.deadline("exec", timeout), again=old is not None)
            if self._close_count != close_count:
                new.close()
                raise errors.SessionLost(
                    f"The exec session to {new.target} was closed while it was being opened.",
                    "Use a Pod only until the fixture that deployed it is torn down.",
                )
            self._session = new
            # queued scripts contain paths, which are only valid with the same root
            is_same_root = access is not None and self.access.root == access.root
            for script in old.pending if old and is_same_root else ():
                new.enqueue(script, timeout=self._timeout(timeout))
            return new

    def flush(self, timeout: float = _FLUSH_TIMEOUT) -> None:
        """Wait until queued scripts have run; drop those that cannot run any more."""
        session = self._session
        if session is not None and session.pending:
            with contextlib.suppress(errors.PodshareError):
                session.flush(timeout=min(timeout, self._timeout(None)))

    def flush_pod(self) -> None:
        """Wait until queued scripts of all the Pod's containers have run."""
        self._current.flush()

    def close(self) -> None:
        """Close the session once queued scripts have run; the next command opens another."""
        self._close_count += 1
        self.flush(_CLOSE_TIMEOUT)
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _find_access(self) -> ShellAccess:
        """Return how the container is accessed; open a session first if that is not known yet."""
        if self._opener.access is None:
            self.open()
        return self.access

    def _with_reconnect(
        self,
        use: Callable[[ExecSession], _Result],
        timeout: float | None = None,
        *,
        may_repeat: Callable[[], bool] = lambda: True,
    ) -> _Result:
        """Use the session; if one breaks that earlier commands used, use a new one."""
        old, access = self._session, self._opener.access
        session = self._open_for(access, timeout)
        try:
            return use(session)
        except errors.SessionLost as lost:
            session.close()
            if session is not old or not may_repeat():
                raise self._opener.explain_loss(lost) from None
        with self._explaining_exit():
            return use(self._open_for(access, timeout))

    @contextlib.contextmanager
    def _explaining_exit(self) -> Iterator[None]:
        """Raise ContainerExited for a session that was lost because the container has exited."""
        try:
            yield
        except errors.SessionLost as lost:
            raise self._opener.explain_loss(lost) from None

    def _open_for(self, access: ShellAccess | None, timeout: float | None) -> ExecSession:
        """Return the session if it has the root for which a script's paths were resolved."""
        session = self.open(timeout)
        if access is not None and self.access.root != access.root:
            raise errors.SessionLost(
                f"Container {self.name} of {self.pod} now needs a different access method.",
                "Find out what restarts the container. Later commands use the new method.",
            )
        return session

    def _timeout(self, timeout: float | None) -> float:
        return self.pod.timeouts.resolve("exec", timeout)
