"""A shell with the user of a container's first process, which may have given up root.

Commands run as the user in the container's spec or image. The entrypoints of many images, such as
those of redis and postgres, start as root and switch to another user. What root may do proves
nothing about that one.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from pytest_podshare import errors
from pytest_podshare.containers.container_shell import ContainerShell
from pytest_podshare.containers.fileops.path_walk import User
from pytest_podshare.containers.fileops.posix_shell import (
    EphemeralContainerUnavailable,
    Shell,
    quote,
)
from pytest_podshare.containers.fileops.process_credentials import Credentials, read_credentials
from pytest_podshare.kube.exec.protocol import Completed

_PERL = '$) = "{gid} {groups}"; $( = {gid}; ($<, $>) = ({uid}, {uid}); exec @ARGV'


class ProcessShell:
    """The shell of a container, in which each command first switches to another user.

    Args:
        container: the container.
        switch: the command that runs another one as that user.
    """

    def __init__(self, container: ContainerShell, switch: bytes) -> None:
        self.name = container.name
        self._container, self._switch = container, switch

    def resolve_path(self, path: str, *, follow: bool = True) -> str:
        """Return the path itself: the shell is the container's own."""
        return self._container.resolve_path(path, follow=follow)

    def run(self, script: bytes) -> Completed:
        """Run a script as the user."""
        text = script.decode("utf-8", "surrogateescape")
        return self._container.run(b"exec %s sh -c %s" % (self._switch, quote(text)))

    def use_ephemeral_shell(self) -> None:
        """Refuse, since an ephemeral container has the user of the spec.

        Raises:
            EphemeralContainerUnavailable: always.
        """
        raise EphemeralContainerUnavailable


def open_process_shell(container: ContainerShell) -> tuple[Shell, Credentials]:
    """Return a shell that may do what the container's first process may, and its credentials.

    If containers share their processes, it is not known which one is the first: then the shell has
    the user of the spec. So has an ephemeral container, which is only used if that is the same.

    Raises:
        Unprovable: the process has another user, to which no program of the image can switch.
    """
    container.open()
    own = read_credentials(container)
    if container.access.is_ephemeral or shares_processes(container):
        return container, own
    first = read_credentials(container, "1")
    if is_same(first, own):
        return container, own
    if shell := switch_user(container, first):
        return shell, first
    raise errors.Unprovable(
        f"The process of container {container.name} of {container.pod} runs as {first.user}, but"
        f" commands in it run as {own.user}, and no program of its image can switch to the user of"
        " the process (setpriv, gosu, su-exec, perl).",
        f"Set runAsUser: {first.user.uid} in its securityContext.",
    )


def switch_user(container: ContainerShell, credentials: Credentials) -> Shell | None:
    """Return a shell with these credentials; None if no program of the image can switch to them."""
    for switch in _list_switches(credentials.user):
        shell = ProcessShell(container, switch)
        with contextlib.suppress(errors.ToolMissing):
            if is_same(read_credentials(shell), credentials):
                return shell
    return None


def shares_processes(container: ContainerShell) -> bool:
    """Return whether the container sees the processes of others."""
    spec = container.pod.spec
    return bool(spec.get("shareProcessNamespace") or spec.get("hostPID"))


def is_same(one: Credentials, other: Credentials) -> bool:
    """Return whether two processes have the same permissions, in whatever order of groups."""
    users = one.user, other.user
    groups = [(user.uid, user.gids[0], set(user.gids)) for user in users]
    return groups[0] == groups[1] and one.ignores_modes == other.ignores_modes


def _list_switches(user: User) -> Iterator[bytes]:
    uid, gid, groups = user.uid, user.gids[0], " ".join(map(str, user.gids))
    ids = f"--reuid={uid} --regid={gid} --groups={groups.replace(' ', ',')}"
    yield f"setpriv {ids}".encode()
    yield f"gosu {uid}:{gid}".encode()
    yield f"su-exec {uid}:{gid}".encode()
    yield b"perl -e %s" % quote(_PERL.format(uid=uid, gid=gid, groups=groups))
