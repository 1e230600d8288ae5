"""Whose Pods belong to a test: its own and those of fixtures, and none of other manifests."""

import types

import pytest

from pytest_podshare.plugin import stash
from pytest_podshare.plugin.deployers import find_podshares

AHEAD, OWN, OF_FIXTURE, OF_TEST = "ahead", "own", "of a fixture", "of a test"


@pytest.mark.parametrize(
    ("own", "found"),
    [
        # an item of a manifest, before and after its Pods are deleted
        (OWN, [OWN]),
        # a test, with a Podshare of its own and without
        (OF_TEST, [OF_TEST, OF_FIXTURE]),
        (None, [OF_FIXTURE]),
    ],
)
def test_pods_that_are_deployed_ahead_belong_to_no_other_test(own, found):
    """Their warnings, incidents and attachments would be reported with it."""
    config = types.SimpleNamespace(
        stash={
            stash.OF_MANIFESTS: {AHEAD, OWN},
            stash.FACTORY: types.SimpleNamespace(open=(OF_FIXTURE, OWN, AHEAD)),
        }
    )
    item = types.SimpleNamespace(
        stash={} if own is None else {stash.PODSHARE: own},
        config=config,
        fixturenames=["podshare_factory"],
    )

    assert list(find_podshares(item)) == found
