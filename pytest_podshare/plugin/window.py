"""The window: the groups of items whose Pods are deployed and checked at the same time.

It begins with the group whose items run, and is as wide as the cluster can take it.
"""

from __future__ import annotations

import dataclasses
import functools
import threading
from collections.abc import Iterable, Iterator
from typing import cast

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster.capabilities.catalog import Capabilities
from pytest_podshare.deadline import Deadline
from pytest_podshare.plugin.group_checks import GroupChecks
from pytest_podshare.plugin.manifest_items import ManifestItem
from pytest_podshare.plugin.progress import Progress
from pytest_podshare.plugin.promise_check import PromiseCheck
from pytest_podshare.plugin.shared_pods import PodGroup
from pytest_podshare.plugin.stash import OPTIONS
from pytest_podshare.plugin.width import Width, read_load
from pytest_podshare.pods.factory import PodshareFactory
from pytest_podshare.report import terminal
from pytest_podshare.wiring import isolation
from pytest_podshare.wiring.promise import Promise

_WINDOW: pytest.StashKey[Window] = pytest.StashKey()
# open groups for each one at work: the others wait until their items run
_OPEN = 2
# seconds to delete what is still open when the run ends
_CLOSE_TIMEOUT = 30.0
# seconds between two looks at the progress
_TICK = 0.5
_SKIPS = ("skip", "skipif")
_DELETION = "deletion"


@dataclasses.dataclass(eq=False)
class Entry:
    """A group with its items in a row.

    Args:
        group: what the items share.
        section: where the items are; other tests are between two sections.
        items: the items.
        checks: their checks; None before the window reaches the entry, and after its last item.
        is_entered: whether its items run.
        must_be_alone: whether nothing else may be deployed at the same time; None if not yet known.
    """

    group: PodGroup
    section: int
    items: list[ManifestItem] = dataclasses.field(default_factory=list)
    checks: GroupChecks | None = None
    is_entered: bool = False
    must_be_alone: bool | None = None


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
        self._entries = tuple(_split(items))
        self._entry_of = {item: entry for entry in self._entries for item in entry.items}
        self._change = threading.RLock()
        self._closing: list[threading.Thread] = []
        self._is_over = False

    def __repr__(self) -> str:
        return f"<Window of {len(self._entries)} groups, {self._width}>"

    def enter(self, item: ManifestItem) -> GroupChecks:
        """Return the checks for an item that runs, after starting those that come next."""
        entry = self._entry_of[item]
        place = self._entries.index(entry)
        for earlier in self._entries[:place]:
            # the hooks of other plugins may have skipped all of its items
            self._leave(earlier)
        with self._change:
            if not entry.is_entered:
                entry.is_entered = True
                entry.group.parent.addfinalizer(functools.partial(self._leave, entry))
            checks = self._open(entry)
        self._fill(item)
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
        deadline = Deadline(_CLOSE_TIMEOUT)
        with self._progress:
            while any(thread.is_alive() for thread in self._closing) and not deadline.over:
                self._closing[-1].join(_TICK)
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
            checks, entry.checks, entry.is_entered = entry.checks, None, False
        if checks is None:
            return
        if self._width is None:
            checks.close()
            return
        thread = threading.Thread(target=checks.close, name="podshare-close", daemon=True)
        self._closing = [other for other in self._closing if other.is_alive()]
        self._closing.append(thread)
        thread.start()

    def _fill(self, item: ManifestItem) -> None:
        """Start the checks of as many groups as the window is wide, from that of an item on."""
        if self._width is None:
            return
        with self._change:
            current = self._entry_of[item]
            for entry in self._entries[self._entries.index(current) :]:
                opened = self._list_open()
                at_work = sum(bool(checks.action) for checks in opened)
                is_full = at_work >= self._width.value or len(opened) > _OPEN * self._width.value
                is_ahead = entry is not current
                if self._is_over or entry.section != current.section or (is_ahead and is_full):
                    break
                if self._must_be_alone(entry, item):
                    break
                if entry.checks is None or not entry.checks.is_started:
                    self._start(self._open(entry), item)

    def _start(self, checks: GroupChecks, item: ManifestItem) -> None:
        """Start checks with the fixtures of an item that runs."""

        def on_deployed() -> None:
            if self._width is not None and checks.pods.podshare is not None:
                self._width.update(read_load(checks.pods.podshare))
            self._fill(item)

        checks.start(
            cast(PodshareFactory, item.funcargs["podshare_factory"]),
            cast(Capabilities, item.funcargs["podshare_capabilities"]),
            self.list_promises,
            on_deployed=on_deployed,
            on_end=lambda: self._fill(item),
        )
        opened = self._list_open()
        for one in opened:
            one.has_neighbours |= len(opened) > 1

    def _make_room(self, entry: Entry) -> None:
        """Delete all Pods but those of an entry, which could not be deployed beside others."""
        with self._change:
            entry.must_be_alone = True
            others = [one for one in self._entries if one is not entry]
        for other in others:
            self._leave(other)

    def _must_be_alone(self, entry: Entry, item: ManifestItem) -> bool:
        """Return whether nothing may be deployed beside an entry, or ahead of its items.

        Its items may be skipped, or depend on other fixtures than those of an item that runs.
        """
        if entry.must_be_alone is None:
            entry.must_be_alone = any(map(_may_be_skipped, entry.items)) or _is_shared(entry)
        fixtures = _list_fixtures(item)
        return (
            entry.must_be_alone
            or any(_list_fixtures(other) != fixtures for other in entry.items)
            or any(fixture.scope != "session" for fixture in fixtures.values())
        )


def _split(items: Iterable[pytest.Item]) -> Iterator[Entry]:
    """Yield the entries of the items of a session, in the order of their first items."""
    rows: dict[PodGroup, Entry] = {}
    section = 0
    for item in items:
        # the Pods end with the collector of the items
        rows = {group: row for group, row in rows.items() if group.parent in item.listchain()}
        if not isinstance(item, ManifestItem):
            section += 1
        elif item.promise_check is not None:
            group = item.promise_check.group
            if group not in rows:
                rows[group] = Entry(group, section)
                yield rows[group]
            rows[group].items.append(item)


def _may_be_skipped(item: ManifestItem) -> bool:
    return any(item.get_closest_marker(name) for name in _SKIPS)


def _is_shared(entry: Entry) -> bool:
    """Return whether the Pods can meet others outside their namespace."""
    checks = [item.promise_check for item in entry.items if item.promise_check is not None]
    templates = dict.fromkeys(template for check in checks for template in check.templates)
    try:
        manifests = [entry.group.build_manifest(template) for template in templates]
    except errors.PodshareError:
        # the item reports it
        return True
    return any(map(isolation.find_shared, manifests))


def _list_fixtures(item: ManifestItem) -> dict[str, pytest.FixtureDef[object]]:
    """Return the definitions of the fixtures that an item uses, by name."""
    known = item._fixtureinfo.name2fixturedefs
    return {name: known[name][-1] for name in item.fixturenames if name in known}
