"""The items of what a Pod template promises, and the one Pod that they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest

from pytest_podshare import errors
from pytest_podshare.assertions.access import assert_read_only, assert_writable
from pytest_podshare.assertions.capacity import assert_medium
from pytest_podshare.assertions.lost import assert_lost_on_delete
from pytest_podshare.assertions.not_shared import assert_not_shared
from pytest_podshare.assertions.survives import assert_survives_delete, assert_survives_restart
from pytest_podshare.assertions.visible import assert_file_visible
from pytest_podshare.cluster.capabilities.catalog import Capabilities
from pytest_podshare.kube import pod_status
from pytest_podshare.plugin.manifest_items import ManifestItem
from pytest_podshare.plugin.options import Options
from pytest_podshare.plugin.stash import PODSHARE
from pytest_podshare.pods import admission
from pytest_podshare.pods.deployer import Podshare
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.factory import PodshareFactory
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.lifetime import Lifetime
from pytest_podshare.wiring.manifest import Manifest
from pytest_podshare.wiring.promises import Promise
from pytest_podshare.wiring.single_pod import extract_manifest
from pytest_podshare.wiring.skeleton import build_skeleton
from pytest_podshare.wiring.templates import Template

_MARK = "podshare"
# there is nothing to try them on, which says nothing of the manifest
_NO_CLUSTER = (
    errors.KindMissing,
    errors.EngineMissing,
    errors.ClusterUnreachable,
    errors.ContextNotAllowed,
)
_ASSERTIONS: Mapping[str, Callable[..., Evidence]] = {
    each.__name__: each
    for each in (
        *(assert_file_visible, assert_not_shared, assert_read_only, assert_writable, assert_medium),
        *(assert_survives_restart, assert_survives_delete, assert_lost_on_delete),
    )
}


class SharedPod:
    """The one Pod of a template: there from the first item that wants it to the last.

    Args:
        node: the collector of the items; its end is the Pod's.
        template: the template.
        options: whether its applications run, and what runs instead.
    """

    def __init__(self, node: pytest.Collector, template: Template, options: Options) -> None:
        self.name = node.nodeid
        self.options = options
        self._template = template
        self._node = node
        self._podshare: Podshare | None = None
        self._pod: Pod | errors.PodshareError | None = None

    def take(self, factory: PodshareFactory) -> Podshare:
        """The namespace, made when it is first wanted."""
        if self._podshare is None:
            self._node.addfinalizer(self._close)
            self._podshare = factory.make()
        return self._podshare

    def pod(self) -> Pod:
        """The Pod in that namespace, deployed when it is first wanted.

        Raises:
            PodshareError: it cannot be had; the same again for whoever wants it next.
        """
        assert self._podshare is not None, "take() comes first"
        if self._pod is None:
            try:
                self._pod = self._podshare.deploy(self._manifest())
            except errors.PodshareError as error:
                self._pod = error
        if isinstance(self._pod, errors.PodshareError):
            raise self._pod.with_traceback(None)
        return self._pod

    @property
    def needs(self) -> Mapping[str, str]:
        """The capabilities that its cluster has to have."""
        return admission.of_manifest(self._manifest())

    def _manifest(self) -> Manifest:
        if self.options.skeleton:
            return build_skeleton(self._template, self.options.probe_image)
        return extract_manifest(self._template)

    def _close(self) -> None:
        if self._podshare is not None:
            self._podshare.close()
        self._podshare = self._pod = None


@pytest.mark.usefixtures("podshare_factory", "podshare_capabilities")
def prove(request: pytest.FixtureRequest) -> None:
    """Prove one promise of a manifest's wiring on the Pod that it makes."""
    item = request.node
    assert isinstance(item, PromiseItem), "nothing else has this function"
    item.prove()


class PromiseItem(ManifestItem):
    """One promise of a Pod template."""

    def __init__(
        self, *, promise: Promise, deployed: SharedPod, line: int | None, **kwargs: Any
    ) -> None:
        super().__init__(line=line, **kwargs)
        self._promise = promise
        self._deployed = deployed
        self.add_marker(_MARK)
        if self.config.pluginmanager.hasplugin("xdist"):
            # with --dist=loadgroup one worker deploys the Pod, and no other
            self.add_marker(pytest.mark.xdist_group(deployed.name))

    @classmethod
    def of(
        cls, parent: pytest.Collector, promise: Promise, deployed: SharedPod, line: int | None
    ) -> PromiseItem:
        """The item of a promise; the line counts from 0."""
        made: PromiseItem = cls.from_parent(
            parent, name=promise.id, callobj=prove, promise=promise, deployed=deployed, line=line
        )
        return made

    def setup(self) -> None:
        """Have the Pod there; without a cluster there is nothing to try."""
        options = self._deployed.options
        try:
            super().setup()
        except _NO_CLUSTER as error:
            if options.require_cluster:
                raise
            pytest.skip(f"no cluster: {error.what} {error.remedy}")
        if self.config.getoption("setupplan", default=False):
            return
        capabilities = cast(Capabilities, self.funcargs["podshare_capabilities"])
        if missing := capabilities.find_missing(self._deployed.needs):
            pytest.skip(f"the cluster lacks {missing}")
        factory = cast(PodshareFactory, self.funcargs["podshare_factory"])
        self.stash[PODSHARE] = self._deployed.take(factory)
        if options.skeleton:
            text = f"the applications did not run: {options.probe_image} in their place"
            self.user_properties.append(("podshare_skeleton", text))
        _skip_what_has_ended(self._deployed.pod())

    def prove(self) -> None:
        """Call the assertion of the promise."""
        pod, promise = self._deployed.pod(), self._promise
        node = pod.node
        try:
            _ASSERTIONS[promise.assertion](pod, **promise.arguments)
        except (AssertionError, errors.PodError):
            volume = pod.wiring.volume(str(promise.arguments.get("volume")))
            if volume is not None and volume.lifetime is Lifetime.NODE and pod.node != node:
                pytest.skip(f"the Pod came back on {pod.node}; a {volume.kind} stays on {node}")
            _skip_what_has_ended(pod)
            raise


def _skip_what_has_ended(pod: Pod) -> None:
    """Skip where nothing can be tried: the containers of a Job end by themselves."""
    try:
        live = pod.check_still_there()
    except errors.PodshareError:
        return
    names = [each.name for each in pod.wiring.containers if each.role == "container"]
    ends = [pod_status.container_status(live, each)["state"].get("terminated") for each in names]
    if all(each is not None and each["exitCode"] == 0 for each in ends):
        pytest.skip("its containers have ended; --podshare-skeleton keeps them running")
