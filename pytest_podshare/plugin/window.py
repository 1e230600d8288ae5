"""The window: the groups of items whose Pods are deployed and checked at the same time.

It begins with the group whose items run, and is as wide as the cluster can take it.
"""

from __future__ import annotations

import dataclasses
import functools
import threading
from collections.abc import Iterable

import pytest

from pytest_podshare.cluster.capabilities.catalog import Capabilities
from pytest_podshare.deadline import Deadline
from pytest_podshare.plugin.entries import Entry, split
from pytest_podshare.plugin.group_checks import GroupChecks
from pytest_podshare.plugin.manifest_items import ManifestItem
from pytest_podshare.plugin.progress import TICK, Progress
from pytest_podshare.plugin.promise_check import PromiseCheck
from pytest_podshare.plugin.stash import OPTIONS
from pytest_podshare.plugin.width import Width, read_load
from pytest_podshare.pods.factory import PodshareFactory
from pytest_podshare.report import terminal
from pytest_podshare.wiring.promise import Promise

_WINDOW: pytest.StashKey[Window] = pytest.StashKey()
# open groups for each one at work: the others wait until their items run
_OPEN = 2
# seconds to delete what is still open when the run ends
_CLOSE_TIMEOUT = 30.0
_DELETION = "deletion"


def find_window(session: pytest.Session) -> Window:
    """Return the window of a session, which has collected its items."""
    config = session.config
    if (window := config.stash.get(_WINDOW, None)) is None:
        options = config.stash[OPTIONS]
        # a worker of pytest-xdist does not know which items it will run; in one namespace,
        # objects of the same name take turns
        is_plain = hasattr(config, "workerinput") or options.namespace or config.option.setuponly
        width = None if is_plain or options.parallel == 1 else Width(options.parallel)
        progress = Progress(config)
        window = config.stash[_WINDOW] = Window(session.items, width, progress)
        config.pluginmanager.register(window, "podshare-window")
        config.pluginmanager.register(progress, "podshare-progress")
    return window


@dataclasses.dataclass(frozen=True)
class _Running:
    """An item that runs, or ran last, and the values of its fixtures.

    Args:
        item: the item.
        factory: creates namespaces.
        capabilities: the capabilities of the cluster.
    """

    item: ManifestItem
    factory: PodshareFactory
    capabilities: Capabilities


class Window:
    """The groups of a session; those that come next are checked ahead of their items.

    Args:
        items: the items of the session, in their order.
        width: how many groups are at work at the same time; None if none is ahead of its items.
        progress: shows what is under way while an item waits.
    """

    def __init__(
        self, items: Iterable[pytest.Item], width: Width | None, progress: Progress
    ) -> None:
        self._width = width
        self._progress = progress
        progress.describe = self.describe
        self._entries = split(items)
        self._entry_of = {item: entry for entry in self._entries for item in entry.items}
        self._change = threading.RLock()
        self._closing: list[threading.Thread] = []
        self._running: _Running | None = None
        self._is_over = False

    def __repr__(self) -> str:
        return f"<Window of {len(self._entries)} groups, {self._width}>"

    def enter(
        self, item: ManifestItem, factory: PodshareFactory, capabilities: Capabilities
    ) -> GroupChecks:
        """Return the checks for an item that runs, after starting those that come next.

        Args:
            item: the item.
            factory: creates namespaces.
            capabilities: the capabilities of the cluster.
        """
        entry = self._entry_of[item]
        place = self._entries.index(entry)
        for earlier in self._entries[:place]:
            # the hooks of other plugins may have skipped all of its items
            self._leave(earlier)
        if self._width is not None and entry.must_be_alone(item):
            self._wait_for_deletions()
        with self._change:
            self._running = _Running(item, factory, capabilities)
            if not entry.is_entered:
                entry.is_entered, entry.is_over = True, False
                entry.group.parent.addfinalizer(functools.partial(self._leave, entry))
            checks = self._open(entry)
        self._fill()
        return checks

    def list_promises(self, check: PromiseCheck) -> dict[str, Promise]:
        """Return the promises of the items that need the same disruption, by their node ids."""
        others = (
            item.promise_check
            for entry in self._entries
            for item in entry.items
            if entry.group is check.group and item.promise_check is not None
        )
        return {
            other.nodeid: other.promise
            for other in others
            if (other.templates, other.promise.disruption)
            == (check.templates, check.promise.disruption)
        }

    def describe(self) -> str:
        """Return what is under way."""
        opened = self._list_open()
        deletions = sum(thread.is_alive() for thread in self._closing)
        return terminal.format_progress(
            [*(checks.action for checks in opened), *[_DELETION] * deletions],
            (checks.pods.group.parent.path.name for checks in opened if checks.action),
        )

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Delete the Pods of all groups that are still open."""
        with self._change:
            self._is_over = True
        for entry in self._entries:
            self._leave(entry)
        self._wait_for_deletions()

    def _wait_for_deletions(self) -> None:
        """Wait until the API server has accepted all deletions."""
        deadline = Deadline(_CLOSE_TIMEOUT)
        with self._progress:
            for thread in self._closing:
                while thread.is_alive() and not deadline.over:
                    thread.join(TICK)
                    self._progress.show()

    def _list_open(self) -> list[GroupChecks]:
        return [entry.checks for entry in self._entries if entry.checks is not None]

    def _open(self, entry: Entry) -> GroupChecks:
        """Return the checks of an entry; create them first if it is not open."""
        if entry.checks is None:
            checks = [item.promise_check for item in entry.items if item.promise_check]
            make_room = functools.partial(self._make_room, entry)
            entry.checks = GroupChecks(entry.group, checks, self._progress, make_room)
        return entry.checks

    def _leave(self, entry: Entry) -> None:
        """Delete the Pods of an entry; in the background if the next ones are there already."""
        with self._change:
            checks, entry.checks = entry.checks, None
            entry.is_entered, entry.is_over = False, True
        if checks is None:
            return
        if self._width is None:
            checks.close()
            return
        thread = threading.Thread(target=checks.close, name="podshare-close", daemon=True)
        self._closing = [other for other in self._closing if other.is_alive()]
        self._closing.append(thread)
        thread.start()

    def _fill(self) -> None:
        """Start the checks of as many groups as the window is wide, from that of the item on."""
        with self._change:
            running = self._running
            if self._width is None or running is None or self._is_over:
                return
            current = self._entry_of[running.item]
            for entry in self._entries[self._entries.index(current) :]:
                opened = self._list_open()
                at_work = sum(bool(checks.action) for checks in opened)
                is_full = at_work >= self._width.value or len(opened) > _OPEN * self._width.value
                is_ahead = entry is not current
                if entry.section != current.section or (is_ahead and is_full):
                    break
                if entry.must_be_alone(running.item):
                    break
                if not entry.is_over and (entry.checks is None or not entry.checks.is_started):
                    self._start(self._open(entry), running)

    def _start(self, checks: GroupChecks, running: _Running) -> None:
        """Start checks with the fixtures of an item that runs."""

        def on_deployed() -> None:
            if self._width is not None and checks.pods.podshare is not None:
                self._width.update(read_load(checks.pods.podshare))
            self._fill()

        checks.start(
            running.factory,
            running.capabilities,
            self.list_promises,
            on_deployed=on_deployed,
            on_end=self._fill,
        )
        opened = self._list_open()
        for one in opened:
            one.has_neighbours |= len(opened) > 1

    def _make_room(self, entry: Entry) -> None:
        """Delete all Pods but those of an entry, which could not be deployed beside others."""
        with self._change:
            entry.reaches_out = True
            others = [one for one in self._entries if one is not entry and one.checks is not None]
        for other in others:
            self._leave(other)
            other.is_over = False
        self._wait_for_deletions()
