"""The check of a promise on a cluster; any thread may make it, and its item reports it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import pytest

from pytest_podshare import errors
from pytest_podshare.assertions import recording
from pytest_podshare.assertions.access import assert_read_only, assert_writable
from pytest_podshare.assertions.medium import assert_medium
from pytest_podshare.assertions.mount_selection import running_mounts
from pytest_podshare.assertions.not_shared import assert_not_shared
from pytest_podshare.assertions.propagated import assert_mount_propagated
from pytest_podshare.assertions.recording import Outcome
from pytest_podshare.assertions.same_files import assert_same_files
from pytest_podshare.assertions.visible import assert_file_visible
from pytest_podshare.cluster.capabilities.catalog import Capabilities, Capability
from pytest_podshare.kube import pod_status
from pytest_podshare.kube.incidents import Incident
from pytest_podshare.plugin.shared_pods import PodGroup, SharedPods
from pytest_podshare.pods.evidence import Check, Evidence
from pytest_podshare.pods.factory import PodshareFactory
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.lifetime import Lifetime
from pytest_podshare.wiring.promise import Promise

# causes by which an application's own run neither proves nor disproves its wiring
_NOT_SHOWN = ("ended", "nothing left", "several writers")
_SKELETON_PROVES = "This run of the applications does not prove it; --podshare-skeleton does."
_ASSERTIONS: Mapping[str, Callable[..., Evidence]] = {
    assertion.__name__: assertion
    for assertion in (
        *(assert_file_visible, assert_not_shared, assert_read_only, assert_writable, assert_medium),
        *(assert_mount_propagated, assert_same_files),
    )
}


@dataclasses.dataclass(frozen=True)
class PromiseResult:
    """What a check has come to.

    Args:
        pod: the Pod.
        check: what its report says.
        outcome: the evidence or the error.
        skip: why the item is skipped in spite of an error; "" if it is not.
        incidents: what happened to the Pods by itself until then, or why that is not known; None
            if that is still to be found out.
    """

    pod: Pod
    check: Check
    outcome: Outcome[Evidence]
    skip: str = ""
    incidents: Sequence[Incident] | errors.ClusterError | None = None

    @property
    def has_failed(self) -> bool:
        """Return whether the item fails."""
        return self.outcome.error is not None and not self.skip

    def report(self) -> None:
        """Record the check, and raise its error or skip if there is one."""
        try:
            recording.record(self.pod, self.check, self.outcome)
        except (errors.PodshareError, errors.PromiseBroken):
            if self.skip:
                pytest.skip(self.skip)
            raise


@dataclasses.dataclass(frozen=True, eq=False)
class PromiseCheck:
    """How the promise of one item is checked.

    Args:
        nodeid: the node id of the item.
        promise: the promise.
        templates: the names of the templates of the Pod, and of the reader if it is another Pod.
        group: what deploys their Pods.
    """

    nodeid: str
    promise: Promise
    templates: Sequence[str]
    group: PodGroup

    def find_missing(self, capabilities: Capabilities) -> Capability | None:
        """Return the first capability that the Pods need and the cluster lacks."""
        required = (self.group.required_capabilities(template) for template in self.templates)
        missing = (capabilities.find_missing(names) for names in required)
        return next(filter(None, missing), None)

    def deploy(
        self, pods: SharedPods, factory: PodshareFactory, capabilities: Capabilities
    ) -> None:
        """Deploy the Pods; skip on a cluster that lacks a capability, or if they have exited."""
        if missing := self.find_missing(capabilities):
            pytest.skip(f"the cluster lacks {missing}")
        pods.open(factory)
        for template in self.templates:
            if reason := _describe_exit(pods.deploy(template)):
                pytest.skip(reason)

    def make(self, pods: SharedPods, others: Mapping[str, Promise]) -> PromiseResult:
        """Call the assertion.

        Args:
            pods: the Pods.
            others: the promises of all items with the same disruption, by their node ids.
        """
        pod, *readers = (pods.deploy(template) for template in self.templates)
        promise, arguments = self.promise, dict(self.promise.arguments)
        if readers:
            (arguments["to_pod"],) = readers
        node = pod.node
        if promise.disruption:
            node, outcome = pods.disruptions.take_outcome(pod, self.nodeid, others)
        else:
            assertion = _ASSERTIONS[promise.assertion]
            outcome = recording.attempt_assertion(assertion, pod, arguments)
        check = recording.create_check(pod, promise.assertion, arguments, outcome)
        skip = self._find_reason_to_skip(outcome.error, pod, readers, node)
        return PromiseResult(pod, check, outcome, skip)

    def _find_reason_to_skip(
        self, error: Exception | None, pod: Pod, readers: Sequence[Pod], node: str
    ) -> str:
        """Return why an error says nothing about the manifest; "" if it does."""
        promise = self.promise
        if not isinstance(error, (errors.PromiseBroken, errors.NoSharedVolume, errors.PodError)):
            return ""
        if promise.is_default and error.cause in _NOT_SHOWN:
            return f"{error}".splitlines()[0].rstrip(".") + f". {_SKELETON_PROVES}"
        if promise.outcome == "same" and isinstance(error, errors.ControlMissing):
            # an optional ConfigMap, or one that the manifest of a skeleton does not contain
            return error.what
        volume = pod.wiring.volume(str(promise.arguments.get("volume")))
        if volume is not None and volume.lifetime is Lifetime.NODE and pod.node != node:
            return f"the replacement Pod is on {pod.node}, but a {volume.kind} stays on {node}"
        names: Sequence[str] = promise.container_names if promise.is_default else ()
        if promise.is_default and promise.replaces_pod and volume is not None:
            names = _find_only_writer(pod, volume.name)
        # the writer, and the reader in another Pod
        exits = [_describe_exit(pod, names[:1] if readers else names)]
        exits += [_describe_exit(reader, names[1:]) for reader in readers]
        return next(filter(None, exits), "")


def _describe_exit(pod: Pod, names: Collection[str] = ()) -> str:
    """Return that all containers have exited successfully, as a Job's do, or one of these."""
    try:
        live = pod.live.check_still_there()
    except errors.PodshareError:
        return ""
    mains = [container.name for container in pod.wiring.containers if container.role == "container"]
    exited = [name for name in mains if _has_succeeded(live, name)]
    if exited == mains or set(exited) & set(names):
        which = "all containers have" if exited == mains else f"{', '.join(exited)} has"
        return f"{which} exited; --podshare-skeleton keeps them running"
    return ""


def _find_only_writer(pod: Pod, volume: str) -> list[str]:
    """Return the container that alone can write to a volume while it runs; [] if several can."""
    writers = [
        container.name for container, mount in running_mounts(pod, volume) if not mount.read_only
    ]
    return writers if len(writers) == 1 else []


def _has_succeeded(live: Mapping[str, Any], name: str) -> bool:
    terminated = pod_status.find_container_status(live, name)["state"].get("terminated")
    return terminated is not None and terminated["exitCode"] == 0
