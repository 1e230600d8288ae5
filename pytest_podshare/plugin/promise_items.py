"""The items of the promises of a Pod template."""

from __future__ import annotations

from typing import Any, cast

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster.capabilities.catalog import Capabilities
from pytest_podshare.plugin import window
from pytest_podshare.plugin.group_checks import GroupChecks
from pytest_podshare.plugin.manifest_items import ManifestItem
from pytest_podshare.plugin.promise_check import PromiseCheck
from pytest_podshare.plugin.shared_pods import PodGroup
from pytest_podshare.plugin.stash import INCIDENTS, PODSHARE, PROMISE
from pytest_podshare.pods.factory import PodshareFactory
from pytest_podshare.wiring.promise import Promise

# the errors that say nothing about the manifest
_NO_CLUSTER = (
    errors.KindMissing,
    errors.EngineMissing,
    errors.ClusterUnreachable,
    errors.ContextNotAllowed,
)


@pytest.mark.usefixtures("podshare_factory", "podshare_capabilities")
def check_promise(request: pytest.FixtureRequest) -> None:
    """Check a promise of a Pod template on its Pod."""
    item = request.node
    assert isinstance(item, PromiseItem), "no other item has this function"
    item.check()


class PromiseItem(ManifestItem):
    """One promise of a Pod template."""

    promise_check: PromiseCheck

    def __init__(self, *, promise: Promise, template: str, group: PodGroup, **kwargs: Any) -> None:
        super().__init__(name=promise.id, callobj=check_promise, **kwargs)
        # the Pod, and the one of the reader if it is another one
        templates = [template, *filter(None, [promise.to_template])]
        self.promise_check = PromiseCheck(self.nodeid, promise, templates, group)
        self._checks: GroupChecks | None = None
        self.stash[PROMISE] = group.describe(template, promise)
        self.add_marker("podshare")
        if self.config.pluginmanager.hasplugin("xdist"):
            # with --dist=loadgroup, only one worker deploys the Pod
            self.add_marker(pytest.mark.xdist_group(group.parent.nodeid))

    def setup(self) -> None:
        """Deploy the Pod; skip without a cluster, or on one that lacks a capability."""
        options = self.promise_check.group.options
        try:
            super().setup()
        except _NO_CLUSTER as error:
            if options.require_cluster:
                raise
            pytest.skip(f"no cluster: {error.what} {error.remedy}")
        if self.config.getoption("setupplan", default=False):
            return
        capabilities = cast(Capabilities, self.funcargs["podshare_capabilities"])
        if missing := self.promise_check.find_missing(capabilities):
            pytest.skip(f"the cluster lacks {missing}")
        factory = cast(PodshareFactory, self.funcargs["podshare_factory"])
        open_window = window.find_window(self.session)
        self._checks = checks = open_window.enter(self, factory, capabilities)
        try:
            checks.deploy(self.promise_check, factory, capabilities)
        finally:
            if (podshare := checks.pods.podshare) is not None:
                self.stash[PODSHARE] = podshare
                if options.skeleton:
                    text = f"{options.probe_image} ran instead of the applications"
                    self.user_properties.append(("podshare_skeleton", text))

    def check(self) -> None:
        """Check the promise, and report the result."""
        assert self._checks is not None, "the item is set up"
        list_promises = window.find_window(self.session).list_promises
        result = self._checks.check(self.promise_check, list_promises)
        self.stash[INCIDENTS] = result.incidents
        result.report()
