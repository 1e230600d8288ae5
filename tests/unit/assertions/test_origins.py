"""Tests of who can have changed a file, as far as times tell."""

import math

import pytest

from pytest_podshare.assertions.origins import find_origins
from pytest_podshare.containers.fileops.changes import Change
from pytest_podshare.containers.run_times import RunTime

INSTALL = RunTime("install", 100.0, 105.0)
APP = RunTime("app", 106.0, math.inf)
PROXY = RunTime("proxy", 99.0, math.inf)


def change(at, *, until=None, mode=0o100644, path="/v/f"):
    """Return a change at a time, or between two times."""
    return Change(path, at, at + 0.01 if until is None else until, mode, 3)


@pytest.mark.parametrize(
    ("made", "others", "field"),
    [
        (change(102.0), (APP,), "own"),
        (change(105.0), (APP,), "own"),
        (change(99.5), (APP,), "older"),
        (change(107.0), (APP,), "later"),
        (change(105.5), (APP,), "later"),
        (change(102.0), (APP, PROXY), "unclear"),
        # to the second: it may have been the app
        (change(105.0, until=106.0), (APP,), "unclear"),
        # or something before it
        (change(99.995), (APP,), "unclear"),
    ],
)
def test_a_change_belongs_to_whom_it_can_only_belong(made, others, field):
    """What two can have made is nobody's."""
    origins = find_origins([made], INSTALL, others, with_folders=True)

    found = {name: getattr(origins, name) for name in ("own", "unclear", "older", "later")}
    assert [name for name, changes in found.items() if changes] == [field]


def test_the_names_of_all_who_can_have_made_a_change_are_reported():
    """The writer itself comes first."""
    origins = find_origins([change(102.0), change(107.0)], INSTALL, (APP, PROXY), with_folders=True)

    assert origins.unclear == ((change(102.0), ("install", "proxy")),)
    assert origins.later == ((change(107.0), ("app", "proxy")),)
    assert str(origins) == "1 changed by install or proxy, 1 changed later, by app or proxy"


def test_folders_count_only_if_times_tell_them_from_those_of_the_kubelet():
    """It creates the folder of a subPath just before the container starts."""
    folder = change(102.0, mode=0o40755)

    assert find_origins([folder], INSTALL, (), with_folders=True).own == (folder,)
    assert find_origins([folder], INSTALL, (), with_folders=False).own == ()


def test_a_folder_without_changes_holds_nothing():
    """In the words of a failure."""
    assert str(find_origins([], INSTALL, (), with_folders=True)) == "nothing"
