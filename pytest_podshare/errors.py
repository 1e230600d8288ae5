"""Every error that a user can meet, one class per situation.

The message of an error is two lines: what happened and what to do. Once its cause is known, it is
what happened and labeled facts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pytest_podshare.messages import Fact as Fact
from pytest_podshare.messages import Remedy as Remedy
from pytest_podshare.messages import StructuredError, format_message


class PodshareError(StructuredError):
    """Something that the user can fix; the base of all errors except `PromiseBroken`."""


class PromiseBroken(AssertionError):
    """A promise of the manifest does not hold.

    Args:
        what: which container does not do what, in one line.
        facts: what was expected, what was seen, why, and what to do.
        cause: why, in two or three words, for example `different subPath`.
        at: `file:line` of the mount to blame; "" if there is none.
        volume: the name of the volume; "" if the promise is not about one volume.
    """

    def __init__(
        self,
        what: str,
        facts: Iterable[Fact] = (),
        *,
        cause: str = "unknown",
        at: str = "",
        volume: str = "",
    ) -> None:
        self.what, self.facts = what, tuple(facts)
        super().__init__(format_message(what, self.facts))
        self.cause, self.at, self.volume = cause, at, volume


class ManifestError(PodshareError):
    """A manifest cannot be used."""


class ManifestNotFound(ManifestError):
    """The manifest file does not exist."""


class ManifestInvalid(ManifestError):
    """The text is not valid YAML, or a field has the wrong type."""


class NotAPod(ManifestError):
    """The manifest contains no Pod, or more than one."""


class NoContainers(ManifestError):
    """The Pod lists no containers."""


class UnknownContainer(ManifestError, LookupError):
    """The Pod has no container of that name."""


class UnknownVolume(ManifestError, LookupError):
    """The container mounts no volume of that name."""


class UnknownRule(ManifestError, LookupError):
    """No rule has that ID."""


class RendererMissing(ManifestError):
    """The program that renders a chart or an overlay is not on PATH."""


class RenderFailed(ManifestError):
    """Rendering a chart or an overlay failed."""


class SettingsInvalid(ManifestError):
    """The table `[tool.podshare]` of pyproject.toml, or an option that overrides it, is invalid."""


# also an AssertionError: a claim that the spec alone refutes is a failed test, not a test in error
class NoSharedVolume(ManifestError, AssertionError):
    """The two containers have no volume in common, or do not both mount the one that was named."""


class UpdateImpossible(NoSharedVolume):
    """Nothing that a volume is filled from can be changed, so no update can ever be seen."""


class ClusterError(PodshareError):
    """No usable cluster is available."""


class KindMissing(ClusterError):
    """The kind program was not found."""


class EngineMissing(ClusterError):
    """kind cannot use the container engine."""


class ClusterCreateFailed(ClusterError):
    """kind failed to create the cluster, or took too long."""


class ClusterUnreachable(ClusterError):
    """The API server does not respond, or the kubeconfig cannot be used."""


class ClusterUnfit(ClusterError):
    """The existing cluster of that name cannot be used and must not be replaced."""


class ContextNotAllowed(ClusterError):
    """The API server is not on this machine, and no option allows its context."""


class ImageLoadFailed(ClusterError):
    """A local image could not be loaded onto the cluster's nodes."""


class UnknownCapability(PodshareError, LookupError):
    """No capability has that name."""


class ApiError(ClusterError):
    """The API server rejected a request.

    Args:
        what: the request and the server's message.
        remedy: what to do, in one sentence.
        status: the HTTP status, for example 404; 0 if there was no response.
        reason: the reason in the Kubernetes Status object, for example `NotFound`.
        details: the server's message alone.
    """

    def __init__(
        self, what: str, remedy: str, *, status: int = 0, reason: str = "", details: str = ""
    ) -> None:
        super().__init__(what, remedy)
        self.status, self.reason, self.details = status, reason, details


class CredentialsRefused(ApiError):
    """The API server rejected the credentials, even after they were read again."""


class MissingRight(ApiError):
    """The account lacks a permission.

    Args:
        what: the request and the server's message.
        remedy: the RBAC rule that grants the permission.
        right: the verb and the resource, for example `patch nodes`.
        cluster_wide: whether only a ClusterRole can grant it.
        response: `status`, `reason` and `details` of `ApiError`.
    """

    def __init__(
        self, what: str, remedy: str, *, right: str, cluster_wide: bool, **response: Any
    ) -> None:
        super().__init__(what, remedy, **response)
        self.right, self.cluster_wide = right, cluster_wide


class NoNamespace(ClusterError):
    """No namespace can be used, and none can be created."""


class PodError(PodshareError):
    """A Pod does not do what it should."""


class DeployRejected(PodError):
    """The API server rejected a manifest."""


class CapabilityMissing(DeployRejected):
    """The cluster lacks a capability that a manifest needs, for example image volumes."""


class FieldDropped(DeployRejected):
    """The API server would drop a field of a manifest, because it does not know it there."""


class PodUnschedulable(PodError):
    """The Pod fits on no node."""


class MountFailed(PodError):
    """The kubelet cannot mount a volume of the Pod, and will not be able to.

    Args:
        volume: the name of the volume.
        what, remedy, explained: as of `PodshareError`.
    """

    def __init__(self, what: str, remedy: str, *, volume: str, **explained: Any) -> None:
        super().__init__(what, remedy, **explained)
        self.volume = volume


class ImagePullFailed(PodError):
    """An image is not on the node and cannot be pulled."""


class ContainerConfigFailed(PodError):
    """The kubelet cannot create or start a container as specified."""


class ContainerCrashing(PodError):
    """A container keeps crashing, or failed and will not be restarted."""


class ContainerEnded(PodError):
    """A container has terminated, and its restart policy does not restart it."""


class PodUnstable(PodError):
    """With --podshare-strict: a container restarted or became unready by itself during a test."""


class PodNotReady(PodError):
    """The Pod was not ready before the timeout."""


class RestartImpossible(PodError):
    """No restart strategy is possible for the container, or the restart cannot be proved."""


class RestartForbidden(PodError):
    """The container's restart policy does not allow a restart."""


class EvictionRefused(PodError):
    """A PodDisruptionBudget does not allow the eviction."""


class NotEnoughNodes(PodError):
    """A drain needs another node for the Pod."""


class NodeAccessMissing(PodError):
    """The operation needs commands on the node, and this cluster's nodes cannot be accessed."""


class ControlMissing(PodError):
    """A negative claim has nothing to be compared with, so it would prove nothing."""


class PodGone(PodError):
    """The Pod was deleted, evicted or replaced by someone else.

    Args:
        eviction: the kubelet's message, which `what` quotes; "" unless the kubelet evicted it.
        what, remedy, explained: as of `PodshareError`.
    """

    def __init__(
        self, what: str, remedy: str | Remedy, *, eviction: str = "", **explained: Any
    ) -> None:
        super().__init__(what, remedy, **explained)
        self.eviction = eviction


class FileError(PodError):
    """A file in a container cannot be read or written."""


class FileMissing(FileError):
    """The volume contains no file of that name."""


class FileRefused(FileError):
    """The container is not allowed to read or write the file, according to its own tools."""


class NotInVolume(FileError, ValueError):
    """The name leads out of the volume as the container sees it, or is not a valid file name."""


class ExecError(PodError):
    """A command could not be run in a container; nothing was learned about files."""


class ToolMissing(ExecError):
    """The image lacks a program.

    Args:
        what: the missing program, in one sentence.
        fix: what to do, without the full stop.
    """

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what, f"{fix}. Nothing was learned about the volume.")
        self.fix = fix


class Unprovable(ExecError):
    """No access method for the container can prove the claim."""


class ExecTimeout(ExecError):
    """A command did not finish before the timeout.

    Args:
        what: the container and the time, in one sentence.
    """

    def __init__(self, what: str) -> None:
        remedy = Remedy("Raise {}, or find out what keeps the container busy.", "exec-timeout")
        super().__init__(what, remedy)


class OutputTooLarge(ExecError):
    """A container printed more than podshare keeps in memory (64 MiB)."""


class SessionLost(ExecError):
    """The connection to the container broke, as it does when the container terminates."""


class ContainerExited(SessionLost, ContainerCrashing):
    """The container terminated while a command ran in it."""
