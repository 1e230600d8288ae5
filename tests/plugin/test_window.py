"""Which items of a run are one entry of the window, and which may be deployed beside others."""

import json

import pytest

from tests.support.manifest_texts import TWO_CONTAINERS

pytestmark = pytest.mark.usefixtures("no_kind")
# writes the entries of a run: manifest, section, number of items, whether it must be alone
SHOW = """
import json
from pytest_podshare.plugin import entries

def pytest_collection_finish(session):
    found = [
        (
            entry.group.parent.path.name,
            entry.section,
            len(entry.items),
            entry.must_be_alone(entry.items[0]),
        )
        for entry in entries.split(session.items)
    ]
    session.config.rootpath.joinpath("entries").write_text(json.dumps(found))
"""
AUTOUSE = """
@pytest.fixture(autouse=True, scope={scope!r})
def prepare():
    pass
"""
MARK = """
def pytest_itemcollected(item):
    item.add_marker("{mark}")
"""
INTERLEAVED = """
def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.name)
"""
HOST_PATH = TWO_CONTAINERS.replace("emptyDir: {}", "hostPath: {path: /var/log}")


@pytest.fixture
def entries(pytester):
    """Return a function that returns the entries of a run on two manifests and a test."""

    def collect(conftest="", text=TWO_CONTAINERS, args=("a.yaml", "b.yaml")):
        pytester.makeconftest(f"import pytest\n{SHOW}\n{conftest}")
        pytester.makepyfile(test_it="def test_it(): pass")
        (pytester.path / "a.yaml").write_text(text)
        (pytester.path / "b.yaml").write_text(TWO_CONTAINERS)
        result = pytester.runpytest_subprocess(
            "-p", "no:pytest-kind", "-p", "no:cacheprovider", "--collect-only", *args
        )
        assert result.ret == pytest.ExitCode.OK
        return json.loads((pytester.path / "entries").read_text())

    return collect


def test_the_items_of_a_manifest_are_one_entry(entries):
    """The check without a cluster is between them, and is no other test."""
    assert entries() == [["a.yaml", 0, 5, False], ["b.yaml", 0, 5, False]]


def test_only_selected_items_are_in_an_entry(entries):
    """A manifest without any has no entry."""
    assert entries(args=("a.yaml::restart@v", "b.yaml::wiring")) == [["a.yaml", 0, 2, False]]


def test_other_tests_are_between_two_sections(entries):
    """What they do to the cluster must not meet Pods that are deployed ahead."""
    found = entries(args=("a.yaml", "test_it.py", "b.yaml"))

    assert found == [["a.yaml", 0, 5, False], ["b.yaml", 1, 5, False]]


def test_items_in_another_order_have_entries_of_their_own(entries):
    """The Pods end whenever the next item belongs to another manifest."""
    found = entries(INTERLEAVED)

    assert len(found) > 2
    assert sum(count for _, _, count, _ in found) == 10


@pytest.mark.parametrize(
    ("conftest", "is_alone"),
    [
        (AUTOUSE.format(scope="session"), False),
        (AUTOUSE.format(scope="module"), True),
        (AUTOUSE.format(scope="function"), True),
        (MARK.format(mark="slow"), False),
        (MARK.format(mark="skip"), True),
    ],
    ids=["session", "module", "function", "slow", "skip"],
)
def test_items_with_fixtures_of_the_user_are_not_ahead(entries, conftest, is_alone):
    """Neither are those that may be skipped."""
    assert {alone for *_, alone in entries(conftest)} == {is_alone}


def test_a_pod_that_others_could_meet_is_alone(entries):
    """Two Pods may use the same folder of a node."""
    assert [alone for *_, alone in entries(text=HOST_PATH)] == [True, False]
