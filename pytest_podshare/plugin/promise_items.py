"""The items of the promises of a Pod template, and the Pod that they share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, cast

import pytest

from pytest_podshare import errors
from pytest_podshare.assertions.access import assert_read_only, assert_writable
from pytest_podshare.assertions.capacity import assert_medium
from pytest_podshare.assertions.lost import assert_lost_on_delete
from pytest_podshare.assertions.not_shared import assert_not_shared
from pytest_podshare.assertions.propagated import assert_mount_propagated
from pytest_podshare.assertions.same_files import assert_same_files
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
from pytest_podshare.wiring.promise import Promise
from pytest_podshare.wiring.single_pod import extract_manifest
from pytest_podshare.wiring.skeleton import build_skeleton
from pytest_podshare.wiring.templates import Template

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
        *(assert_survives_restart, assert_survives_delete, assert_lost_on_delete),
        *(assert_mount_propagated, assert_same_files),
    )
}


class SharedPod:
    """The Pod of a template, from the first to the last of its items.

    Args:
        parent: the collector of the items; the Pod is deleted when it is torn down.
        template: the template.
        options: the options of the run.
    """

    def __init__(self, parent: pytest.Collector, template: Template, options: Options) -> None:
        self.name = parent.nodeid
        self.options = options
        self._template = template
        self._parent = parent
        self._podshare: Podshare | None = None
        self._pod: Pod | errors.PodshareError | None = None

    def open(self, factory: PodshareFactory) -> Podshare:
        """Create the namespace of the Pod, unless it exists, and return its `Podshare`."""
        if self._podshare is None:
            self._parent.addfinalizer(self._close)
            self._podshare = factory.make()
        return self._podshare

    def deploy(self) -> Pod:
        """Deploy the Pod, unless it is deployed, and return it.

        Raises:
            PodshareError: it cannot be deployed; later calls raise the same error.
        """
        assert self._podshare is not None, "call open() first"
        if self._pod is None:
            try:
                self._pod = self._podshare.deploy(self._manifest())
            except errors.PodshareError as error:
                self._pod = error
        if isinstance(self._pod, errors.PodshareError):
            raise self._pod.with_traceback(None)
        return self._pod

    @property
    def required_capabilities(self) -> Mapping[str, str]:
        """Return the capabilities that the Pod needs, each with the field that needs it."""
        return admission.required_capabilities(self._manifest())

    def _manifest(self) -> Manifest:
        if self.options.skeleton:
            return build_skeleton(self._template, self.options.probe_image)
        return extract_manifest(self._template)

    def _close(self) -> None:
        if self._podshare is not None:
            self._podshare.close()
        self._podshare = self._pod = None


@pytest.mark.usefixtures("podshare_factory", "podshare_capabilities")
def check_promise(request: pytest.FixtureRequest) -> None:
    """Check a promise of a Pod template on its Pod."""
    item = request.node
    assert isinstance(item, PromiseItem), "no other item has this function"
    item.check()


class PromiseItem(ManifestItem):
    """One promise of a Pod template."""

    def __init__(self, *, promise: Promise, shared_pod: SharedPod, **kwargs: Any) -> None:
        super().__init__(name=promise.id, callobj=check_promise, **kwargs)
        self._promise = promise
        self._shared_pod = shared_pod
        self.add_marker("podshare")
        if self.config.pluginmanager.hasplugin("xdist"):
            # with --dist=loadgroup, only one worker deploys the Pod
            self.add_marker(pytest.mark.xdist_group(shared_pod.name))

    def setup(self) -> None:
        """Deploy the Pod; skip without a cluster, or on one that lacks a capability."""
        options = self._shared_pod.options
        try:
            super().setup()
        except _NO_CLUSTER as error:
            if options.require_cluster:
                raise
            pytest.skip(f"no cluster: {error.what} {error.remedy}")
        if self.config.getoption("setupplan", default=False):
            return
        capabilities = cast(Capabilities, self.funcargs["podshare_capabilities"])
        if missing := capabilities.find_missing(self._shared_pod.required_capabilities):
            pytest.skip(f"the cluster lacks {missing}")
        factory = cast(PodshareFactory, self.funcargs["podshare_factory"])
        self.stash[PODSHARE] = self._shared_pod.open(factory)
        if options.skeleton:
            text = f"{options.probe_image} ran instead of the applications"
            self.user_properties.append(("podshare_skeleton", text))
        _skip_if_exited(self._shared_pod.deploy())

    def check(self) -> None:
        """Call the assertion of the promise."""
        pod, promise = self._shared_pod.deploy(), self._promise
        node = pod.node
        try:
            _ASSERTIONS[promise.assertion](pod, **promise.arguments)
        except (AssertionError, errors.PodError) as error:
            if promise.is_default and getattr(error, "cause", "") in _NOT_SHOWN:
                pytest.skip(f"{error}".splitlines()[0] + " " + _SKELETON_PROVES)
            if promise.outcome == "same" and isinstance(error, errors.ControlMissing):
                # an optional ConfigMap, or one that the manifest of a skeleton does not contain
                pytest.skip(error.what)
            volume = pod.wiring.volume(str(promise.arguments.get("volume")))
            if volume is not None and volume.lifetime is Lifetime.NODE and pod.node != node:
                pytest.skip(
                    f"the replacement Pod is on {pod.node}, but a {volume.kind} stays on {node}"
                )
            _skip_if_exited(pod, promise.container_names if promise.is_default else ())
            raise


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
