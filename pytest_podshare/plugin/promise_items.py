"""The items of the promises of a Pod template."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, cast

import pytest

from pytest_podshare import errors
from pytest_podshare.assertions.access import assert_read_only, assert_writable
from pytest_podshare.assertions.medium import assert_medium
from pytest_podshare.assertions.not_shared import assert_not_shared
from pytest_podshare.assertions.propagated import assert_mount_propagated
from pytest_podshare.assertions.same_files import assert_same_files
from pytest_podshare.assertions.visible import assert_file_visible
from pytest_podshare.cluster.capabilities.catalog import Capabilities
from pytest_podshare.kube import pod_status
from pytest_podshare.plugin.manifest_items import ManifestItem
from pytest_podshare.plugin.shared_pods import SharedPods
from pytest_podshare.plugin.stash import PODSHARE, PROMISE
from pytest_podshare.pods.evidence import Evidence
from pytest_podshare.pods.factory import PodshareFactory
from pytest_podshare.pods.pod import Pod
from pytest_podshare.wiring.lifetime import Lifetime
from pytest_podshare.wiring.promise import Promise

# the errors that say nothing about the manifest
_NO_CLUSTER = (
    errors.KindMissing,
    errors.EngineMissing,
    errors.ClusterUnreachable,
    errors.ContextNotAllowed,
)
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


@pytest.mark.usefixtures("podshare_factory", "podshare_capabilities")
def check_promise(request: pytest.FixtureRequest) -> None:
    """Check a promise of a Pod template on its Pod."""
    item = request.node
    assert isinstance(item, PromiseItem), "no other item has this function"
    item.check()


class PromiseItem(ManifestItem):
    """One promise of a Pod template."""

    def __init__(
        self, *, promise: Promise, template: str, shared_pods: SharedPods, **kwargs: Any
    ) -> None:
        super().__init__(name=promise.id, callobj=check_promise, **kwargs)
        self._promise = promise
        self._shared_pods = shared_pods
        # the Pod, and the one of the reader if it is another one
        self._templates = [template, *filter(None, [promise.to_template])]
        self.stash[PROMISE] = shared_pods.describe(template, promise)
        self.add_marker("podshare")
        if self.config.pluginmanager.hasplugin("xdist"):
            # with --dist=loadgroup, only one worker deploys the Pod
            self.add_marker(pytest.mark.xdist_group(shared_pods.name))

    def setup(self) -> None:
        """Deploy the Pod; skip without a cluster, or on one that lacks a capability."""
        options = self._shared_pods.options
        try:
            super().setup()
        except _NO_CLUSTER as error:
            if options.require_cluster:
                raise
            pytest.skip(f"no cluster: {error.what} {error.remedy}")
        if self.config.getoption("setupplan", default=False):
            return
        capabilities = cast(Capabilities, self.funcargs["podshare_capabilities"])
        for template in self._templates:
            required = self._shared_pods.required_capabilities(template)
            if missing := capabilities.find_missing(required):
                pytest.skip(f"the cluster lacks {missing}")
        factory = cast(PodshareFactory, self.funcargs["podshare_factory"])
        self.stash[PODSHARE] = self._shared_pods.open(factory)
        if options.skeleton:
            text = f"{options.probe_image} ran instead of the applications"
            self.user_properties.append(("podshare_skeleton", text))
        for template in self._templates:
            _skip_if_exited(self._shared_pods.deploy(template))

    def check(self) -> None:
        """Call the assertion of the promise."""
        pod, *others = (self._shared_pods.deploy(template) for template in self._templates)
        promise, arguments = self._promise, dict(self._promise.arguments)
        if others:
            (arguments["to_pod"],) = others
        node, disruptions = pod.node, self._shared_pods.disruptions
        try:
            if promise.disruption:
                node = disruptions.find_node(pod, self.nodeid, self._list_promises())
                disruptions.record(pod, self.nodeid, promise)
            else:
                _ASSERTIONS[promise.assertion](pod, **arguments)
        except (AssertionError, errors.PodError) as error:
            if promise.is_default and getattr(error, "cause", "") in _NOT_SHOWN:
                pytest.skip(f"{error}".splitlines()[0].rstrip(".") + f". {_SKELETON_PROVES}")
            if promise.outcome == "same" and isinstance(error, errors.ControlMissing):
                # an optional ConfigMap, or one that the manifest of a skeleton does not contain
                pytest.skip(error.what)
            volume = pod.wiring.volume(str(promise.arguments.get("volume")))
            if volume is not None and volume.lifetime is Lifetime.NODE and pod.node != node:
                pytest.skip(
                    f"the replacement Pod is on {pod.node}, but a {volume.kind} stays on {node}"
                )
            names = promise.container_names if promise.is_default else ()
            # the writer, and the reader in another Pod
            _skip_if_exited(pod, names[:1] if others else names)
            for other in others:
                _skip_if_exited(other, names[1:])
            raise

    def _list_promises(self) -> dict[str, Promise]:
        """Return the promises of the selected items that need the same disruption, by node ids."""
        return {
            item.nodeid: item._promise
            for item in self.session.items
            if isinstance(item, PromiseItem)
            and (item._shared_pods, item._templates) == (self._shared_pods, self._templates)
            and item._promise.disruption == self._promise.disruption
        }


def _skip_if_exited(pod: Pod, names: Collection[str] = ()) -> None:
    """Skip if all containers have exited successfully, as those of a Job do, or one of these."""
    try:
        live = pod.live.check_still_there()
    except errors.PodshareError:
        return
    mains = [container.name for container in pod.wiring.containers if container.role == "container"]
    exited = [name for name in mains if _has_succeeded(live, name)]
    if exited == mains or set(exited) & set(names):
        which = "all containers have" if exited == mains else f"{', '.join(exited)} has"
        pytest.skip(f"{which} exited; --podshare-skeleton keeps them running")


def _has_succeeded(live: Mapping[str, Any], name: str) -> bool:
    terminated = pod_status.find_container_status(live, name)["state"].get("terminated")
    return terminated is not None and terminated["exitCode"] == 0
