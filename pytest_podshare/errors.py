"""Every error a user can meet.

One class per situation, so that a caller can tell them apart. The text is always two lines: what
is the matter, and what to do about it; where an error was explained, what is the matter, and facts
under their names. An error is complete when it is raised, and becomes text at the end. Nothing here
imports another room but `printable`: a message may be of an application's making, and is shown as
it is by whoever shows the error.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, TypeVar

from pytest_podshare.escaping import printable, printable_lines

Error = TypeVar("Error", bound="PodshareError")
# what pytest's options begin with: most errors are shown there
PREFIX = "--podshare-"


@dataclasses.dataclass(frozen=True)
class Fact:
    """One thing that an error says besides its headline.

    Args:
        name: what it is: `expected`, `got`, `why`, …; "" for a sentence that needs no name.
        text: the thing itself.
    """

    name: str
    text: str


def text(headline: str, facts: Iterable[Fact]) -> str:
    """Return a headline with each fact below it, under its name where it has one."""
    facts = tuple(facts)
    width = max((len(fact.name) for fact in facts), default=0)
    if not width:
        return printable_lines("\n".join([headline, *(fact.text for fact in facts)]))
    # what is to do may be of several lines; nothing else can be, whatever a name or a message holds
    lines = (
        f"  {fact.name:<{width}}  {fact.text if fact.name == 'to do' else printable(fact.text)}"
        for fact in facts
    )
    return printable_lines("\n".join([printable(headline), *lines]))


class Remedy:
    """What to do, where that names options: each interface writes those in its own way.

    Args:
        text: one sentence, with `{}` in the place of each option, and `{name}` in that of a value.
        options: the options' names: `kind-bin`.
        values: what else comes into the sentence, by name.
    """

    def __init__(self, text: str, *options: str, **values: str) -> None:
        self._text, self._options, self._values = text, options, values

    def __str__(self) -> str:
        return self.spelled(PREFIX)

    def spelled(self, prefix: str) -> str:
        """Return the sentence for an interface whose options begin with that prefix."""
        options = (prefix + option for option in self._options)
        return self._text.format(*options, **self._values)


class PodshareError(Exception):
    """Something a user can mend; its text says what is the matter and then what to do.

    Args:
        what: one sentence, naming the thing it is about (file:line where there is a file).
        remedy: one sentence, saying what to do; options in it are pytest's, unless it is `spelled`
            otherwise.
        cause: the word for why, for example `tool missing`, where it was looked for and found.
        at: `file:line` of what is to blame; "" where there is nothing.
        facts: what else there is to say, with what to do; nothing where the remedy is all.
    """

    def __init__(
        self,
        what: str,
        remedy: str | Remedy,
        *,
        cause: str = "",
        at: str = "",
        facts: Iterable[Fact] = (),
    ) -> None:
        super().__init__(what, str(remedy))
        self.what = what
        self.remedy = str(remedy)
        self._remedy = remedy
        self.cause = cause
        self.at = at
        self._explained = tuple(facts)

    def __str__(self) -> str:
        return text(self.what, self.facts)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What it says besides what is the matter."""
        return self._explained or (Fact("", self.remedy),)

    def explained(self: Error, cause: str, facts: Iterable[Fact]) -> Error:
        """Return the same error with the word for why and the facts that show it."""
        return self._but(cause=cause, _explained=tuple(facts))

    def spelled(self: Error, prefix: str) -> Error:
        """Return the same error for an interface whose options begin with that prefix."""
        if isinstance(self._remedy, Remedy):
            return self._but(remedy=self._remedy.spelled(prefix))
        return self

    def _but(self: Error, **changes: object) -> Error:
        other = type(self).__new__(type(self), *self.args)
        other.__dict__.update(self.__dict__, **changes)
        return other


class PromiseBroken(AssertionError):
    """A promise of the manifest does not hold; the text says what, where and why.

    Args:
        what: who does not do what, in one line.
        facts: what was expected, what was seen, why, and what to do.
        cause: the word for why, for example `different subPath`; `unknown` if it is.
        at: `file:line` of the mount that is to blame; "" where there is none.
        volume: the volume that it is about; "" where it is about none alone.
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
        self.what = what
        self.facts = tuple(facts)
        super().__init__(text(what, self.facts))
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
        explained: as of `PodshareError`.
    """

    def __init__(
        self, what: str, remedy: str | Remedy, *, excerpt: str = "", **explained: Any
    ) -> None:
        super().__init__(what, remedy, **explained)
        self.excerpt = excerpt

    @property
    def facts(self) -> tuple[Fact, ...]:
        """What it says besides what is the matter; the place comes before what to do there."""
        is_shown = self.excerpt and not self._explained
        return (*([Fact("", self.excerpt)] if is_shown else []), *super().facts)


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
        self,
        what: str,
        remedy: str | Remedy,
        *,
        status: int = 0,
        reason: str = "",
        details: str = "",
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
        self, what: str, remedy: str | Remedy, *, right: str, cluster_wide: bool, **facts: Any
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
    """The image has no such program.

    Args:
        what: one sentence, naming the program.
        fix: what to do, without a full stop.
    """

    def __init__(self, what: str, fix: str) -> None:
        super().__init__(what, f"{fix}; nothing was learned about the volume.")
        self.fix = fix


class Unprovable(ExecError):
    """No way that is open into a container can prove what was asked of it."""


class ExecTimeout(ExecError):
    """The command did not end in time.

    Args:
        what: one sentence, naming the container and the time.
    """

    def __init__(self, what: str) -> None:
        remedy = Remedy("Raise {}, or see what the container is busy with.", "exec-timeout")
        super().__init__(what, remedy)


class OutputTooLarge(ExecError):
    """A container printed more than is kept in memory."""


class SessionLost(ExecError):
    """The connection to the container broke, as it does when the container ends."""
