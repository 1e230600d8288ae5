"""The Pods of a manifest's templates, which their items share."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pytest_podshare import errors
from pytest_podshare.plugin.options import Options
from pytest_podshare.plugin.shared_disruptions import SharedDisruptions
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


class SharedPods:
    """The Pods of one or more templates in one namespace, from the first to the last of the items.

    Args:
        parent: the collector of the items; the Pods are deleted when it is torn down.
        templates: the templates by their names in ids.
        options: the options of the run.
    """

    def __init__(
        self, parent: pytest.Collector, templates: Mapping[str, Template], options: Options
    ) -> None:
        self.name = parent.nodeid
        self.options = options
        self._templates = templates
        self._parent = parent
        self._podshare: Podshare | None = None
        self._pods: dict[str, Pod | errors.PodshareError] = {}
        self.disruptions = SharedDisruptions()

    def open(self, factory: PodshareFactory) -> Podshare:
        """Create the namespace of the Pods, unless it exists, and return its `Podshare`."""
        if self._podshare is None:
            self._parent.addfinalizer(self._close)
            self._podshare = factory.make()
        return self._podshare

    def deploy(self, template: str) -> Pod:
        """Deploy the Pod of a template, unless it is deployed, and return it.

        Raises:
            PodshareError: it cannot be deployed; later calls raise the same error.
        """
        assert self._podshare is not None, "call open() first"
        if template not in self._pods:
            manifest = self._manifest(template)
            deployed = [pod for pod in self._pods.values() if isinstance(pod, Pod)]
            if self.options.skeleton and deployed:
                # its claims are for one node
                manifest = pin_to_node(manifest, deployed[0].node)
            try:
                self._pods[template] = self._podshare.deploy(manifest)
            except errors.PodshareError as error:
                self._pods[template] = error
        pod = self._pods[template]
        if isinstance(pod, errors.PodshareError):
            raise pod.with_traceback(None)
        return pod

    def required_capabilities(self, template: str) -> Mapping[str, str]:
        """Return the capabilities that a Pod needs, each with the field that needs it."""
        return admission.required_capabilities(self._manifest(template))

    def describe(self, template: str, promise: Promise) -> PromiseRecord:
        """Return a promise of a template as reports show it if it is not checked."""
        found, arguments = self._templates[template], promise.arguments
        stand_in = self.options.probe_image if self.options.skeleton else ""
        pod = PodRecord(found.origin, str(found), found.wiring, stand_in=stand_in)
        volumes = (str(arguments["volume"]),) if "volume" in arguments else ()
        return PromiseRecord(promise.assertion, promise.container_names, volumes, pod)

    def _manifest(self, name: str) -> Manifest:
        template = self._templates[name]
        if self.options.skeleton:
            return build_skeleton(template, self.options.probe_image)
        return extract_manifest(template)

    def _close(self) -> None:
        if self._podshare is not None:
            self._podshare.close()
        self._podshare = None
        self._pods = {}
        self.disruptions.clear()
