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
from pytest_podshare.containers.fileops.path_walk import User
from pytest_podshare.containers.fileops.posix_shell import Shell
from pytest_podshare.containers.fileops.process_credentials import Credentials
from pytest_podshare.containers.fileops.stat import Stat, describe_permissions, describe_type
from pytest_podshare.containers.process_shell import open_process_shell, shares_processes
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.diagnosis import file_causes
from pytest_podshare.diagnosis.facts import FileLocation
from pytest_podshare.pods.pod import Pod

_Result = TypeVar("_Result")


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
        use: Callable[[FinalFile], object],
        success: type[_Result],
        timeout: float,
        *,
        is_socket: bool,
    ) -> tuple[FinalFile, _Result]:
        """Use the file until that succeeds, and return what it is and the result.

        Args:
            use: uses what is at the path once symlinks are followed; returns why not, or its
                status if it is of the wrong type.
            success: the type of the result of a use that succeeds.
            timeout: seconds.
            is_socket: whether to connect to it, rather than to read it.

        Raises:
            AssertionError: it did not succeed in time.
        """
        container, location = self.location.container, self.location

        def attempt() -> tuple[FinalFile, object]:
            final = follow_links(self.shell, location.path, location.root)
            is_there = isinstance(final.status, Stat)
            return final, use(final) if is_there else final.status

        deadline = Deadline(timeout)
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
            got=f"{location}  {got}  (for {timeout:g} s)",
            cause=file_causes.not_usable(
                self.pod, location, final, seen, self.user.user, is_socket=is_socket
            ),
        )

    def describe(self, final: FinalFile) -> list[str]:
        """Return the evidence about the file and its user."""
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
        others = [other for other in self._list_users() if other.uid != user.uid]
        if others:
            names = ", ".join(str(other) for other in others)
            lines.append(f"not proved for other processes of {container}, which are {names}")
        return lines

    def _list_users(self) -> list[User]:
        """Return the users of the container's processes, unless those of others are among them."""
        container = self.location.container
        if shares_processes(container):
            return []
        with contextlib.suppress(errors.PodshareError):
            return process_credentials.list_process_users(container)
        return []
