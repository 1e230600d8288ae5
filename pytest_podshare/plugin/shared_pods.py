"""The Pods of a manifest's templates, which their items share."""

from __future__ import annotations

import dataclasses
import weakref
from collections.abc import Mapping

import pytest

from pytest_podshare import errors
from pytest_podshare.plugin.options import Options
from pytest_podshare.plugin.shared_disruptions import SharedDisruptions
from pytest_podshare.plugin.stash import OF_MANIFESTS
from pytest_podshare.pods import admission
from pytest_podshare.pods.deployer import Podshare
from pytest_podshare.pods.factory import PodshareFactory
from pytest_podshare.pods.pod import Pod
from pytest_podshare.report.records import PodRecord, PromiseRecord
from pytest_podshare.wiring.manifest import Manifest
from pytest_podshare.wiring.promise import Promise
from pytest_podshare.wiring.single_pod import extract_manifest
from pytest_podshare.wiring.skeleton import build_skeleton, pin_to_node
from pytest_podshare.wiring.templates import Template


@dataclasses.dataclass(frozen=True, eq=False)
class PodGroup:
    """The templates whose Pods run in one namespace.

    Args:
        parent: the collector of the items, with which the Pods end.
        templates: the templates by their names in ids.
        options: the options of the run.
    """

    parent: pytest.Collector
    templates: Mapping[str, Template]
    options: Options

    def build_manifest(self, template: str) -> Manifest:
        """Return what is deployed for a template."""
        if self.options.skeleton:
            return build_skeleton(self.templates[template], self.options.probe_image)
        return extract_manifest(self.templates[template])

    def required_capabilities(self, template: str) -> Mapping[str, str]:
        """Return the capabilities that a Pod needs, each with the field that needs it."""
        return admission.required_capabilities(self.build_manifest(template))

    def describe(self, template: str, promise: Promise) -> PromiseRecord:
        """Return a promise of a template as reports show it if it is not checked."""
        found, arguments = self.templates[template], promise.arguments
        stand_in = self.options.probe_image if self.options.skeleton else ""
        pod = PodRecord(found.origin, str(found), found.wiring, stand_in=stand_in)
        volumes = (str(arguments["volume"]),) if "volume" in arguments else ()
        return PromiseRecord(promise.assertion, promise.container_names, volumes, pod)


class SharedPods:
    """The Pods of a group, from the first to the last of the items in a row.

    Args:
        group: the group.

    Attributes:
        podshare: what has deployed the Pods; None before `open`.
    """

    def __init__(self, group: PodGroup) -> None:
        self.group = group
        self.podshare: Podshare | None = None
        self.disruptions = SharedDisruptions()
        self._pods: dict[str, Pod | errors.PodshareError] = {}

    def open(self, factory: PodshareFactory) -> Podshare:
        """Create the namespace of the Pods, unless it exists, and return its `Podshare`."""
        if self.podshare is None:
            self.podshare = factory.make()
            stash = self.group.parent.config.stash
            stash.setdefault(OF_MANIFESTS, weakref.WeakSet()).add(self.podshare)
        return self.podshare

    def deploy(self, template: str) -> Pod:
        """Deploy the Pod of a template, unless it is deployed, and return it.

        Raises:
            PodshareError: it cannot be deployed; later calls raise the same error.
        """
        assert self.podshare is not None, "call open() first"
        if template not in self._pods:
            manifest = self.group.build_manifest(template)
            deployed = [pod for pod in self._pods.values() if isinstance(pod, Pod)]
            if self.group.options.skeleton and deployed:
                # its claims are for one node
                manifest = pin_to_node(manifest, deployed[0].node)
            try:
                self._pods[template] = self.podshare.deploy(manifest)
            except errors.PodshareError as error:
                self._pods[template] = error
        pod = self._pods[template]
        if isinstance(pod, errors.PodshareError):
            raise pod.with_traceback(None)
        return pod

    def close(self) -> None:
        """Delete the Pods; the next item deploys others."""
        podshare, self.podshare = self.podshare, None
        self._pods = {}
        self.disruptions.clear()
        if podshare is not None:
            podshare.close()
