"""A pytest plugin: which tests run first, and which stay on one worker of pytest-xdist.

With `--dist=loadfile` the tests of a file stay on one worker. Those marked `two_nodes`, of all
files, stay on one worker together: two drains at once would leave no node.

This does not use the mark xdist_group, which pytest-xdist 3.8 ignores with pytest 9.2
(pytest-dev/pytest-xdist#1386).
"""

import functools
import json
import shutil
import tempfile
from pathlib import Path

import pytest

_ROW = "two_nodes"
# where workers write which tests are in the row: their controller collects none itself
_FOLDER = pytest.StashKey[str]()


def pytest_collection_modifyitems(config, items):
    """Begin with what takes longest, so that no worker is left alone with it."""
    worker = getattr(config, "workerinput", {})
    if "run_order" not in worker:
        return
    items.sort(key=_rank)
    row = [item.nodeid for item in items if item.get_closest_marker(_ROW)]
    Path(worker["run_order"], worker["workerid"]).write_text(json.dumps(row))


def _rank(item):
    # a slow unit test takes seconds: it stays with the others of its file, and with their fixtures
    marks = (_ROW, "slow") if item.get_closest_marker("cluster") else ()
    return next((at for at, mark in enumerate(marks) if item.get_closest_marker(mark)), 2)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """Pass a worker the folder to write to."""
    folder = node.config.stash.setdefault(_FOLDER, "") or tempfile.mkdtemp()
    node.config.stash[_FOLDER] = node.workerinput["run_order"] = folder


def pytest_unconfigure(config):
    """Remove what the workers wrote."""
    if folder := config.stash.get(_FOLDER, ""):
        shutil.rmtree(folder)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Return the scheduler for `--dist=loadfile`."""
    if config.getvalue("dist") != "loadfile":
        return None
    # imported here, since this plugin is also loaded without pytest-xdist
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        @functools.cached_property
        def _row(self):
            # all workers collect the same tests, and write them before any test is scheduled
            written = next(Path(config.stash[_FOLDER]).iterdir())
            return set(json.loads(written.read_text()))

        def _split_scope(self, nodeid):
            return _ROW if nodeid in self._row else super()._split_scope(nodeid)

    return Scheduling(config, log)
