"""Tests of who can have changed a file, as far as times tell."""

import math
from types import SimpleNamespace

import pytest

from pytest_podshare.assertions.origins import find_origins, join_names, leave_out_mounts
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
    assert str(origins) == "changed by install or proxy: /v/f; changed later, by app or proxy: /v/f"


def test_folders_count_only_if_times_tell_them_from_those_of_the_kubelet():
    """It creates the folder of a subPath just before the container starts."""
    folder = change(102.0, mode=0o40755)

    assert find_origins([folder], INSTALL, (), with_folders=True).own == (folder,)
    assert find_origins([folder], INSTALL, (), with_folders=False).own == ()


def test_a_folder_without_changes_holds_nothing():
    """In the words of a failure."""
    assert str(find_origins([], INSTALL, (), with_folders=True)) == "nothing"


def test_what_other_mounts_have_inside_the_folder_is_left_out():
    """Another volume may be on the same file system; the runtime may create its mount point."""
    paths = ("/v", "/v/f", "/v/a", "/v/a/w", "/v/a/w/f", "/v/a/wide", "/v/same", "/v/same/f")
    mounts = [
        SimpleNamespace(folder="/v", volume="v"),
        SimpleNamespace(folder="/v/a/w", volume="w"),
        SimpleNamespace(folder="/v/same", volume="v"),
        SimpleNamespace(folder="/vast", volume="w"),
    ]
    changes = [change(102.0, path=path) for path in paths]

    kept = leave_out_mounts(changes, "/v", "v", mounts)

    assert [one.path for one in kept] == ["/v/f", "/v/a/wide", "/v/same/f"]
    assert leave_out_mounts(changes, "/v", "v", mounts[:1]) == changes


def test_a_change_in_any_run_of_a_restarted_container_is_its_own():
    """But not one between two runs, or one that may have been before a run."""
    twice = RunTime("install", 200.0, 205.0, earlier=((100.0, 105.0),))
    made = {at: change(at) for at in (99.0, 99.995, 102.0, 150.0, 199.995, 202.0)}

    origins = find_origins(made.values(), twice, (), with_folders=True)

    assert origins.older == (made[99.0],)
    assert origins.own == (made[102.0], made[202.0])
    assert [one for one, _ in origins.unclear] == [made[99.995], made[199.995]]
    assert origins.later == ((made[150.0], ()),)


def test_long_groups_are_cut():
    """A failure has little space."""
    changes = [change(102.0, path=f"/v/{number}") for number in range(9)]

    origins = find_origins(changes, INSTALL, (), with_folders=True)

    assert str(origins) == "changed by install: /v/0, /v/1, /v/2 and 6 more"


@pytest.mark.parametrize(
    ("names", "joined"),
    [(["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c"), (["a", "a"], "a")],
)
def test_names_are_joined_as_in_prose(names, joined):
    """Each of them once."""
    assert join_names(names, "or") == joined
