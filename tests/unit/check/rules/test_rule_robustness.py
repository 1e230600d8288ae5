"""Manifests with odd values are checked or rejected, and never crash a rule."""

import copy
from pathlib import Path

import pytest

from pytest_podshare.check import rules
from pytest_podshare.errors import ManifestError
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.templates import find_templates

pytestmark = pytest.mark.slow

BAD = Path("manifests/rules/bad")
ODD_VALUES = (None, 1, -1.5, "x", "", [], {}, [None], [{}], {"a": 1}, True, "/a/../b")


def all_places(value, place=()):
    """Yield all places in a manifest, as keys and indexes."""
    yield place
    entries = value.items() if isinstance(value, dict) else ()
    entries = enumerate(value) if isinstance(value, list) else entries
    for key, entry in entries:
        yield from all_places(entry, (*place, key))


def replace(objects, place, value):
    """Return the objects with another value in one place."""
    copied = copy.deepcopy(objects)
    holder = copied
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    return {"apiVersion": "v1", "kind": "List", "items": copied}


@pytest.mark.parametrize("rule", rules.BY_ID)
def test_odd_values_are_checked_or_rejected(rule):
    """They are put in every place of the rule's bad manifest."""
    objects = list(read(BAD / f"{rule}.yaml", unique_keys=False).objects)
    checked = rejected = 0
    for place in list(all_places(objects)):
        for value in ODD_VALUES if len(place) > 1 else ():
            try:
                for template in find_templates(read(replace(objects, place, value))):
                    rules.check(template)
                checked += 1
            except ManifestError:
                rejected += 1

    assert checked > 20
    assert rejected > 20
