"""The handle of one container."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_podshare import errors
from pytest_podshare.containers import restart
from pytest_podshare.containers.container_shell import ContainerShell
from pytest_podshare.containers.fileops import posix_shell
from pytest_podshare.containers.restart import Restart
from pytest_podshare.containers.volume_files import VolumeFiles
from pytest_podshare.kube.client import pod_path
from pytest_podshare.kube.exec import oneshot
from pytest_podshare.kube.exec.protocol import MAX_OUTPUT, Completed


class Container(ContainerShell):
    """One container of a Pod; got by `pod["c1"]`."""

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
        script = b" ".join(posix_shell.quoted(word) for word in argv)
        self.settle_pod()
        # a session that broke while nobody used it is found out by a command that changes nothing
        self.run(b":", timeout=timeout)
        seconds = self._timeout(timeout)
        if self.access.is_ephemeral:
            # the shell is another image's
            pod = self.pod
            return oneshot.run(pod.api, pod.namespace, pod.name, self.name, argv, timeout=seconds)
        return self.open(timeout).run(script, timeout=seconds)

    def volume(self, name: str) -> VolumeFiles:
        """The files of a volume, as this container sees them.

        Raises:
            UnknownVolume: it mounts no such volume; the error lists those that it does.
        """
        return VolumeFiles(self, name)

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
        self.settle_pod()
        deadline = self.pod.deadline("ready", timeout)
        proof, self._current.live = restart.restart(self, strategy, deadline)
        return proof

    def logs(self, *, previous: bool = False) -> str:
        """What the container printed; with `previous`, what it printed before its last restart.

        Raises:
            OutputTooLarge: that is more than 64 MiB.
        """
        pod = self.pod
        path = pod_path(pod.namespace, pod.name, "log")
        printed = pod.api.get_text(
            path, container=self.name, previous=str(previous).lower(), limitBytes=str(MAX_OUTPUT)
        )
        if len(printed) > MAX_OUTPUT // 4 and len(printed.encode(errors="replace")) >= MAX_OUTPUT:
            raise errors.OutputTooLarge(
                f"The log of {self.name} of {pod} is larger than {MAX_OUTPUT // 2**20} MiB.",
                "Have the container print less, or look at the end of its log with kubectl.",
            )
        return printed
