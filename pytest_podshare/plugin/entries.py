"""The entries of a window: the items of a session in groups, and which may be ahead of others."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

import pytest

from pytest_podshare import errors
from pytest_podshare.plugin.group_checks import GroupChecks
from pytest_podshare.plugin.manifest_items import ManifestItem
from pytest_podshare.plugin.shared_pods import PodGroup
from pytest_podshare.wiring import isolation

_SKIPS = ("skip", "skipif")


@dataclasses.dataclass(eq=False)
class Entry:
    """A group with its items in a row.

    Args:
        group: what the items share.
        section: where the items are; other tests are between two sections.
        items: the items.
        checks: their checks; None before the window reaches the entry, and after its last item.
        is_entered: whether its items run.
        is_over: whether its items have run.
        reaches_out: whether its Pods need something that others could have; None if not known yet.
    """

    group: PodGroup
    section: int
    items: list[ManifestItem] = dataclasses.field(default_factory=list)
    checks: GroupChecks | None = None
    is_entered: bool = False
    is_over: bool = False
    reaches_out: bool | None = None

    def must_be_alone(self, running: ManifestItem) -> bool:
        """Return whether nothing may be deployed beside it, or ahead of its items.

        Its items may be skipped, or may depend on other fixtures than those of an item that runs.
        """
        if self.reaches_out is None:
            self.reaches_out = _reaches_out(self)
        fixtures = _list_fixtures(running)
        return (
            self.reaches_out
            or any(item.get_closest_marker(name) for item in self.items for name in _SKIPS)
            or any(_list_fixtures(item) != fixtures for item in self.items)
            or any(fixture.scope != "session" for fixture in fixtures.values())
        )


def split(items: Iterable[pytest.Item]) -> tuple[Entry, ...]:
    """Return the entries of the items of a session, in the order of their first items."""
    entries: list[Entry] = []
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
                entries.append(rows[group])
            rows[group].items.append(item)
    return tuple(entries)


def _reaches_out(entry: Entry) -> bool:
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
