"""What the proofs about files and sockets of the application itself have in common."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from typing import TypeVar

from pytest_podshare import errors
from pytest_podshare.assertions import failure
from pytest_podshare.assertions.mount_selection import mount_around
from pytest_podshare.containers.container import Container
from pytest_podshare.containers.fileops import mountinfo, process_credentials
from pytest_podshare.containers.fileops.follow_links import FinalFile, follow_links
from pytest_podshare.containers.fileops.posix_shell import Shell
from pytest_podshare.containers.fileops.process_credentials import Credentials
from pytest_podshare.containers.fileops.stat import Stat, describe_permissions, describe_type
from pytest_podshare.containers.process_shell import (
    open_process_shell,
    shares_processes,
    switch_user,
)
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.diagnosis import file_causes
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.pods.pod import Pod

_Result = TypeVar("_Result")
_Use = Callable[[Shell, Credentials, FinalFile], object]


@dataclasses.dataclass(frozen=True)
class ApplicationFile:
    """A file or socket that a container should be able to use.

    Args:
        pod: the Pod.
        location: its path in the container, and the mount that the path is in.
        shell: a shell that may do what the container's first process may.
        user: the credentials of that shell.
    """

    pod: Pod
    location: FileLocation
    shell: Shell
    user: Credentials

    @classmethod
    def find(cls, pod: Pod, container: Container, path: str) -> ApplicationFile:
        """Return the file at a path.

        Raises:
            NoSharedVolume: the path is not in a volume of the container.
            Unprovable: no shell has the user of the container's process.
        """
        location = FileLocation(container, path, mount_around(container, path))
        return cls(pod, location, *open_process_shell(container))

    def wait_until(
        self,
        use: _Use,
        success: type[_Result],
        deadline: Deadline,
        *,
        is_socket: bool,
    ) -> tuple[FinalFile, _Result]:
        """Use the file until that succeeds, and return what it is and the result.

        Args:
            use: uses what is at the path once symlinks are followed, by a shell with these
                credentials; returns why not, or its status if it is of the wrong type.
            success: the type of the result of a use that succeeds.
            deadline: when it must have succeeded.
            is_socket: whether to connect to it, rather than to read it.

        Raises:
            AssertionError: it did not succeed in time.
        """
        container, location = self.location.container, self.location

        def attempt() -> tuple[FinalFile, object]:
            final = follow_links(self.shell, location.path, location.root)
            is_there = isinstance(final.status, Stat)
            return final, use(self.shell, self.user, final) if is_there else final.status

        final, seen = poll(
            attempt, until=lambda result: isinstance(result[1], success), deadline=deadline
        )
        if isinstance(seen, success):
            return final, seen
        verb = "connect to" if is_socket else "read"
        got = describe_type(seen) if isinstance(seen, Stat) else seen
        raise failure.promise_broken(
            self.pod,
            f"{str(container)!r} cannot {verb} {location.path}",
            location,
            expected=f"{location}  {'a socket that answers' if is_socket else 'a readable file'}",
            got=f"{location}  {got}  (for {deadline.seconds:g} s)",
            cause=file_causes.not_usable(
                self.pod, location, final, seen, self.user.user, is_socket=is_socket
            ),
        )

    def describe(self, final: FinalFile, use: _Use, success: type[object]) -> list[str]:
        """Return the evidence about the file, its user, and other users in the container.

        The arguments are those of `wait_until`.
        """
        container, location, status = self.location.container, self.location, final.status
        user = self.user.user
        target = f", through the symlink {final.link}" if final.link else ""
        lines = []
        if isinstance(status, Stat):
            lines.append(f"{final.path} {describe_permissions(status)}{target}")
        lines.append(f"{container} is {user}, and mounts {location.mount}")
        with contextlib.suppress(errors.ToolMissing):
            if entry := mountinfo.find_covering(mountinfo.read_mounts(container), location.path):
                lines.append(str(entry))
        for other in self._list_others():
            shell = switch_user(container, other)
            result = use(shell, other, final) if shell else "not proved"
            verdict = "the same" if isinstance(result, success) else result
            lines.append(f"its processes that are {other.user}: {verdict}")
        return lines

    def _list_others(self) -> list[Credentials]:
        """Return those of processes with another user, unless other containers are among them."""
        container = self.location.container
        if container.access.is_ephemeral or shares_processes(container):
            return []
        # those of podshare have that of the container's own shell
        known = {self.user.user.uid, process_credentials.read_credentials(container).user.uid}
        found = process_credentials.list_credentials(container)
        return [other for other in found if other.user.uid not in known]
