"""Manifests as test items, for people who write no Python.

Builds pytest's nodes from what `wiring` promises and `check` finds, and calls the assertions; knows
nothing of a Pod spec, and touches no cluster before an item is set up.
"""

from pytest_podshare.collect.asked import collected, ignored, start
from pytest_podshare.collect.spelling import Spelling
from pytest_podshare.collect.stash import PODSHARE

__all__ = ["PODSHARE", "Spelling", "collected", "ignored", "start"]
