"""Every error a user can meet.

One class per situation, so that a caller can tell them apart. The text is always two lines:
what is the matter, and what to do about it. Nothing here imports another room but `printable`: a
message may be of an application's making, and is shown as it is by whoever shows the error.
"""

from __future__ import annotations

from typing import Any

from pytest_podshare.printable import printable_lines


class PodshareError(Exception):
    """Something a user can mend; its text says what is the matter and then what to do.

    Args:
        what: one sentence, naming the thing it is about (file:line where there is a file).
        remedy: one sentence, saying what to do.

    Attributes:
        cause: the word for why, for example `tool missing`, where it was looked for and found.
        at: `file:line` of what is to blame; "" where there is nothing.
        text: the whole text instead of the two lines, where there is more to say.
    """

    cause = at = text = ""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        return printable_lines(self.text or f"{self.what}\n{self.remedy}")


class PromiseBroken(AssertionError):
    """A promise of the manifest does not hold; the text says what, where and why.

    Args:
        text: the whole text.
        cause: the word for why, for example `different subPath`; `unknown` if it is.
        at: `file:line` of the mount that is to blame; "" where there is none.
        volume: the volume that it is about; "" where it is about none alone.
    """

    def __init__(
        self, text: str, *, cause: str = "unknown", at: str = "", volume: str = ""
    ) -> None:
        super().__init__(printable_lines(text))
        self.cause = cause
        self.at = at
        self.volume = volume


# ---- manifests ----


class ManifestError(PodshareError):
    """A manifest cannot be used.

    Args:
        what: one sentence, beginning with the place (file:line:column where there is a text).
        remedy: one sentence, saying what to do.
        excerpt: the line of the manifest and a caret below it; lines between the two.
    """

    def __init__(self, what: str, remedy: str, *, excerpt: str = "") -> None:
        super().__init__(what, remedy)
        self.excerpt = excerpt

    def __str__(self) -> str:
        lines = (self.what, self.excerpt, self.remedy)
        return printable_lines(self.text or "\n".join(line for line in lines if line))


class ManifestNotFound(ManifestError):
    """There is no file of that name."""


class ManifestInvalid(ManifestError):
    """The text is not YAML, or its fields have the wrong types."""


class NotAPod(ManifestError):
    """The YAML is fine, and holds no Pod, or more than one."""


class NoContainers(ManifestError):
    """The Pod lists no containers."""


class UnknownContainer(ManifestError, LookupError):
    """The Pod has no container of that name."""


class UnknownVolume(ManifestError, LookupError):
    """The container mounts no volume of that name."""


class UnknownRule(ManifestError, LookupError):
    """There is no rule of that id."""


class RendererMissing(ManifestError):
    """A chart or an overlay needs a program that is not on PATH."""


class RenderFailed(ManifestError):
    """A chart or an overlay does not render."""


class SettingsInvalid(ManifestError):
    """The table `[tool.podshare]` of pyproject.toml, or an option in its place, is wrong."""


# An assertion that the spec alone refutes is a failed assertion and not a broken test: hence both.
class NoSharedVolume(ManifestError, AssertionError):
    """The two containers mount no volume in common, or not the one that was named."""


# ---- clusters ----


class ClusterError(PodshareError):
    """There is no cluster to work on."""


class KindMissing(ClusterError):
    """The kind program is not to be found."""


class EngineMissing(ClusterError):
    """No container engine answers."""


class ClusterCreateFailed(ClusterError):
    """The kind program gave up, or took too long."""


class ClusterUnreachable(ClusterError):
    """The API server does not answer, or its kubeconfig is of no use."""


class ClusterUnfit(ClusterError):
    """A cluster of that name is of no use, and must not be replaced."""


class ContextNotAllowed(ClusterError):
    """The API server is not on this machine, and nobody said that it may be used."""


class ImageLoadFailed(ClusterError):
    """A local image could not be put on the cluster's nodes."""


class UnknownCapability(PodshareError, LookupError):
    """There is no capability of that name."""


class ApiError(ClusterError):
    """The API server refused a request.

    Args:
        what: what was asked, and the server's own message.
        remedy: one sentence, saying what to do.
        status: the HTTP status, for example 404; 0 when no answer came.
        reason: the reason of the Kubernetes Status object, for example `NotFound`.
        details: the server's own message alone.
    """

    def __init__(
        self, what: str, remedy: str, *, status: int = 0, reason: str = "", details: str = ""
    ) -> None:
        super().__init__(what, remedy)
        self.status = status
        self.reason = reason
        self.details = details


class CredentialsRefused(ApiError):
    """The API server does not accept who asks, also after the credentials were read anew."""


class MissingRight(ApiError):
    """The account may not do what is needed.

    Args:
        what: what was asked, and the server's own message.
        remedy: the rule that gives the right.
        right: the verb and the resource, `patch nodes`.
        cluster_wide: whether no Role of a namespace can give it.
        facts: as of `ApiError`.
    """

    def __init__(
        self, what: str, remedy: str, *, right: str, cluster_wide: bool, **facts: Any
    ) -> None:
        super().__init__(what, remedy, **facts)
        self.right = right
        self.cluster_wide = cluster_wide


class NoNamespace(ClusterError):
    """There is no namespace to work in, and none can be made."""


# ---- Pods ----


class PodError(PodshareError):
    """A Pod does not do what it should."""


class DeployRejected(PodError):
    """The API server does not accept a manifest."""


class CapabilityMissing(DeployRejected):
    """The cluster lacks what a manifest needs, for example image volumes."""


class PodUnschedulable(PodError):
    """No node can take the Pod."""


class ImagePullFailed(PodError):
    """An image is neither on the node nor to be pulled."""


class ContainerConfigFailed(PodError):
    """The kubelet cannot create or start a container as it is specified."""


class ContainerCrashing(PodError):
    """A container keeps ending, or ended in failure for good."""


class ContainerEnded(PodError):
    """A container has ended, and its restart policy lets it stay so."""


class PodNotReady(PodError):
    """The deadline passed before the Pod was ready."""


class RestartImpossible(PodError):
    """No way of restarting the container is open, or the restart cannot be proved."""


class RestartForbidden(PodError):
    """The container's restart policy says that it stays ended."""


class EvictionRefused(PodError):
    """A disruption budget does not let the Pod be evicted."""


class NotEnoughNodes(PodError):
    """A drain needs another node for the Pod to go to."""


class NodeAccessMissing(PodError):
    """What was asked for is done on the node, and this cluster's nodes cannot be reached."""


class ControlMissing(PodError):
    """A negative claim has nothing to be compared with, so that it would prove nothing."""


class PodGone(PodError):
    """The Pod was deleted, evicted or replaced by someone else."""


# ---- files in a container ----


class FileError(PodError):
    """A file in a container cannot be had, or cannot be written."""


class FileMissing(FileError):
    """There is nothing of that name in the volume."""


class FileRefused(FileError):
    """The container may not read or write the file, in the words of its own tools."""


class NotInVolume(FileError, ValueError):
    """The container does not see that name in the volume, or no file can have it."""


# ---- commands in a container ----


class ExecError(PodError):
    """A command could not be run in a container; says nothing about files."""


class ToolMissing(ExecError):
    """The image has no such program."""


class Unprovable(ExecError):
    """No way that is open into a container can prove what was asked of it."""


class ExecTimeout(ExecError):
    """The command did not end in time."""


class OutputTooLarge(ExecError):
    """A container printed more than is kept in memory."""


class SessionLost(ExecError):
    """The connection to the container broke, as it does when the container ends."""
