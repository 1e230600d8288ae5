"""The checks of items that share Pods: made by a thread ahead of the items, or by each item."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import functools
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster.capabilities.catalog import Capabilities
from pytest_podshare.plugin import incident_reports
from pytest_podshare.plugin.progress import TICK, Progress
from pytest_podshare.plugin.promise_check import PromiseCheck, PromiseResult
from pytest_podshare.plugin.shared_pods import PodGroup, SharedPods
from pytest_podshare.pods.factory import PodshareFactory
from pytest_podshare.wiring.promise import Promise

_T = TypeVar("_T")
# of a Pod that may become ready once other Pods are gone
_NO_ROOM = (errors.PodUnschedulable, errors.PodNotReady)
# what a thread does, for the terminal
_DEPLOYMENT, _CHECK = "deployment", "check"

ListPromises = Callable[[PromiseCheck], Mapping[str, Promise]]


class GroupChecks:
    """The checks of items in a row that share Pods.

    Without `start`, and when an item is run again, a check is made when its item asks for it. The
    thread makes the same steps in the same order. After an item that fails, it pauses until the
    next item runs, so that the report of the failure shows the Pods as they were.

    Args:
        group: what the items share.
        checks: the check of each item, in the order of the items.
        progress: shows what is under way while an item waits.
        make_room: called before the items deploy what could not be deployed beside other Pods.

    Attributes:
        pods: the Pods.
        action: what the thread does: `deployment`, `check`, `restart` or `replacement`; "" if
            nothing is left to do.
        has_neighbours: whether other Pods are, or were, deployed at the same time.
    """

    def __init__(
        self,
        group: PodGroup,
        checks: Sequence[PromiseCheck],
        progress: Progress,
        make_room: Callable[[], None],
    ) -> None:
        self.pods = SharedPods(group)
        self.action = ""
        self.has_neighbours = False
        self._progress = progress
        self._make_room = make_room
        # whether the Pods could not be deployed beside others
        self._needs_room = False
        self._checks = checks
        self._deployed: dict[PromiseCheck, Future[None]] = {}
        self._results: dict[PromiseCheck, Future[PromiseResult]] = {}
        self._thread: threading.Thread | None = None
        # held by the thread that uses the Pods
        self._turn = threading.Lock()
        self._change = threading.Condition()
        # the place of the check whose item runs
        self._place = -1
        self._is_closed = False

    def __repr__(self) -> str:
        return f"<GroupChecks of {self.pods.group.parent.nodeid}: {self.action or 'idle'}>"

    @property
    def is_started(self) -> bool:
        """Return whether a thread makes the checks, or has made them."""
        return self._thread is not None

    def start(
        self,
        factory: PodshareFactory,
        capabilities: Capabilities,
        list_promises: ListPromises,
        *,
        on_deployed: Callable[[], None],
        on_end: Callable[[], None],
    ) -> None:
        """Make the checks in a thread.

        Args:
            factory: creates the namespace.
            capabilities: the capabilities of the cluster.
            list_promises: returns what `PromiseCheck.make` needs.
            on_deployed: called by the thread when the Pods of a check are ready.
            on_end: called by the thread when it has nothing left to do.
        """
        steps = [(check, Future[None](), Future[PromiseResult]()) for check in self._checks]
        # an item removes what it has read
        self._deployed = {check: deployed for check, deployed, _ in steps}
        self._results = {check: result for check, _, result in steps}

        def deploy(check: PromiseCheck) -> None:
            check.deploy(self.pods, factory, capabilities)
            on_deployed()

        def work() -> None:
            try:
                for place, (check, deployed, result) in enumerate(steps):
                    last: Future[None] | Future[PromiseResult] = deployed
                    if self._run_step(deployed, functools.partial(deploy, check), _DEPLOYMENT):
                        make = functools.partial(self._make, check, list_promises)
                        self._run_step(result, make, _describe(check.promise))
                        last = result
                    if _needs_report(last):
                        self._wait_for_place(place + 1)
            finally:
                self._end()
                for _, deployed, result in steps:
                    _cancel(deployed)
                    _cancel(result)
                on_end()

        self.action = _DEPLOYMENT
        thread = threading.Thread(target=work, name="podshare-window", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            # the system gives no more threads: the items make their checks themselves
            self._deployed, self._results, self.action = {}, {}, ""
        else:
            self._thread = thread

    def deploy(
        self, check: PromiseCheck, factory: PodshareFactory, capabilities: Capabilities
    ) -> None:
        """Deploy the Pods for an item, or raise why it fails or is skipped."""
        with self._change:
            self._place = self._checks.index(check)
            self._change.notify_all()
        deploy = functools.partial(check.deploy, self.pods, factory, capabilities)
        self._take(self._deployed, check, deploy)

    def check(self, check: PromiseCheck, list_promises: ListPromises) -> PromiseResult:
        """Return the result of a check."""
        return self._take(self._results, check, lambda: check.make(self.pods, list_promises(check)))

    def close(self) -> None:
        """Delete the Pods, and let the thread end; what it does at the moment fails soon."""
        with self._change:
            self._is_closed = True
            self._change.notify_all()
        self.pods.close()

    def _take(
        self, futures: dict[PromiseCheck, Future[_T]], check: PromiseCheck, make: Callable[[], _T]
    ) -> _T:
        """Return what the thread has found, or is about to find; otherwise find it now."""
        if (future := futures.get(check)) is not None:
            with self._progress:
                while not concurrent.futures.wait([future], TICK).done:
                    self._progress.show()
            del futures[check]
            if not future.cancelled():
                if (error := future.exception()) is not None:
                    # without a frame of `result`, which would be shown as one of the user's
                    raise error
                return future.result()
        if self._needs_room:
            self._needs_room = False
            self._make_room()
        with self._turn:
            return make()

    def _run_step(self, future: Future[_T], step: Callable[[], _T], action: str) -> bool:
        """Run a step in the thread, unless there is no need any more; return whether it worked."""
        with self._turn:
            if self._is_closed or self._needs_room:
                return False
            self.action = action
            try:
                result = step()
            except BaseException as error:  # noqa: BLE001 - it is raised in the item
                if isinstance(error, _NO_ROOM) and self.has_neighbours:
                    self._needs_room = True
                else:
                    future.set_exception(error)
                return False
            future.set_result(result)
            return True

    def _make(self, check: PromiseCheck, list_promises: ListPromises) -> PromiseResult:
        """Return the result of a check, with what has happened to the Pods by itself."""
        result = check.make(self.pods, list_promises(check))
        assert self.pods.podshare is not None, "its Pods are deployed"
        incidents = incident_reports.find_incidents(self.pods.podshare)
        return dataclasses.replace(result, incidents=incidents)

    def _wait_for_place(self, place: int) -> None:
        with self._change:
            self._change.wait_for(lambda: self._place >= place or self._is_closed)

    def _end(self) -> None:
        """Delete what the thread has created if nobody else does."""
        with self._change:
            self.action = ""
            is_abandoned = self._is_closed
        if is_abandoned or self._needs_room:
            self.pods.close()


def _cancel(future: Future[Any]) -> None:
    """Wake an item that waits for what is not found any more."""
    if future.cancel():
        future.set_running_or_notify_cancel()


def _describe(promise: Promise) -> str:
    """Return what a check does to a Pod: `restart`, `replacement` or nothing."""
    return str(promise.disruption[0]) if promise.disruption else _CHECK


def _needs_report(future: Future[None] | Future[PromiseResult]) -> bool:
    """Return whether a step has an end whose report shows the Pods: a failure, or incidents."""
    if not future.done():
        return False
    if (error := future.exception()) is not None:
        return not isinstance(error, pytest.skip.Exception)
    result = future.result()
    return result is not None and (result.has_failed or bool(result.incidents))
