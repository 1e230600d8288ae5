"""The handle of one container."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_podshare import errors
from pytest_podshare.containers import restart
from pytest_podshare.containers.container_shell import ContainerShell
from pytest_podshare.containers.fileops.posix_shell import quote
from pytest_podshare.containers.restart import Restart
from pytest_podshare.containers.volume_files import VolumeFiles
from pytest_podshare.kube.client import pod_path
from pytest_podshare.kube.exec import oneshot
from pytest_podshare.kube.exec.protocol import MAX_OUTPUT, Completed


class Container(ContainerShell):
    """One container of a Pod; returned by `pod["c1"]`."""

    def __repr__(self) -> str:
        return f"<Container {self.pod.name}/{self.name}>"

    @property
    def qualified(self) -> Container:
        """Return the same container, whose text names its Pod as well: `web-0/app`."""
        # shares its session and all other state with this handle
        container = _QualifiedContainer.__new__(_QualifiedContainer)
        container.__dict__ = self.__dict__
        return container

    def exec(self, argv: Sequence[str], *, timeout: float | None = None) -> Completed:
        """Run a command in the container with an empty stdin, through its `sh` if it has one.

        Args:
            argv: the program and its arguments; if it does not exist, the returncode is 127.
            timeout: seconds for it to end.

        Returns:
            Its `.returncode`, `.stdout` and `.stderr` (bytes).

        Raises:
            ExecError: the command could not be run, or did not end in time.
            ContainerExited: the container exited while the command ran.
            ContainerCrashing: the container keeps crashing.
        """
        script = b" ".join(quote(word) for word in argv)
        self.flush_pod()
        # this command may run only once, so a harmless one finds out first whether a session broke
        self.run(b":", timeout=timeout)
        seconds, pod = self._timeout(timeout), self.pod
        with self._explaining_exit():
            if not self.access.is_ephemeral:
                return self.open(timeout).run(script, timeout=seconds)
            # the ephemeral container has the programs of another image
            return oneshot.run(pod.api, pod.namespace, pod.name, self.name, argv, timeout=seconds)

    def volume(self, name: str) -> VolumeFiles:
        """Return the files of a volume, as this container sees them.

        Raises:
            UnknownVolume: the container does not mount it; the error lists the volumes it mounts.
        """
        return VolumeFiles(self, name)

    def restart(self, *, strategy: str | None = None, timeout: float | None = None) -> Restart:
        """Restart this container alone, and prove that it was restarted.

        Args:
            strategy: `node`, `resize`, `term` or `image`; None for the first that is possible.
            timeout: seconds until it is running and ready again.

        Returns:
            The proof: the strategy, the container IDs before and after, and the exit code.

        Raises:
            RestartForbidden: its restart policy does not restart it.
            RestartImpossible: no strategy is possible, or the restart cannot be proved.
            NodeAccessMissing: only the node strategy is possible, and the node cannot be accessed.
            PodError: it does not become ready again.
        """
        self.flush_pod()
        deadline = self.pod.deadline("ready", timeout)
        with self._current.own_change():
            proof, self._current.live = restart.restart(self, strategy, deadline)
        return proof

    def logs(self, *, previous: bool = False) -> str:
        """Return the container's log; with `previous`, the log from before its last restart.

        Raises:
            OutputTooLarge: the log is larger than 64 MiB.
        """
        pod = self.pod
        path = pod_path(pod.namespace, pod.name, "log")
        printed = pod.api.get_text(
            path, container=self.name, previous=str(previous).lower(), limitBytes=str(MAX_OUTPUT)
        )
        if len(printed) > MAX_OUTPUT // 4 and len(printed.encode(errors="replace")) >= MAX_OUTPUT:
            raise errors.OutputTooLarge(
                f"The log of {self.name} of {pod} is larger than {MAX_OUTPUT // 2**20} MiB.",
                "Reduce the container's log output, or read the end of the log with kubectl.",
            )
        return printed


class _QualifiedContainer(Container):
    """A container in a text about several Pods, in which its name alone would be ambiguous."""

    def __str__(self) -> str:
        return f"{self.pod.name}/{self.name}"
