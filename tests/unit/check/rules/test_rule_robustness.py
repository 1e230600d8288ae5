"""Whatever stands in a manifest, it is judged or refused, and never a bug of ours."""

import copy
from pathlib import Path

import pytest

from pytest_podshare.check import rules
from pytest_podshare.errors import ManifestError
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.templates import find_templates

pytestmark = pytest.mark.slow

BAD = Path("manifests/rules/bad")
ODD = (None, 1, -1.5, "x", "", [], {}, [None], [{}], {"a": 1}, True, "/a/../b")


def places(value, place=()):
    """Every place in a manifest, as keys and indexes."""
    yield place
    entries = value.items() if isinstance(value, dict) else ()
    entries = enumerate(value) if isinstance(value, list) else entries
    for key, each in entries:
        yield from places(each, (*place, key))


def changed(objects, place, odd):
    """The objects with something odd in one place."""
    copied = copy.deepcopy(objects)
    holder = copied
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = odd
    return {"apiVersion": "v1", "kind": "List", "items": copied}


@pytest.mark.parametrize("rule", rules.BY_ID)
def test_odd_values_are_judged_or_refused(rule):
    """In every place of the manifest on which a rule fires."""
    objects = list(read(BAD / f"{rule}.yaml").objects)
    judged = refused = 0
    for place in list(places(objects)):
        for odd in ODD if len(place) > 1 else ():
            try:
                for template in find_templates(read(changed(objects, place, odd))):
                    rules.check(template)
                judged += 1
            except ManifestError:
                refused += 1

    assert judged > 20
    assert refused > 20
