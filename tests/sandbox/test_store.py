"""The store keeps whole products only, and the newest of each step."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sandbox.store import KEEP, StepTimings
from tests.sandbox.toy_steps import ToyProject, toy_step


@pytest.fixture
def project(tmp_path: Path) -> ToyProject:
    """Two steps, one's name the start of the other's."""
    plan = [toy_step("node"), toy_step("node-base")]
    return ToyProject(tmp_path, plan, {"node": ":", "node-base": ":"})


def test_a_product_appears_only_when_it_is_complete(project: ToyProject) -> None:
    """It does not exist while its block runs; afterwards it contains the files of the block."""
    store, step = project.store(), project.step("node")
    with store.new_product(step) as out:
        (out / "file").touch()
        assert not store.has(step)
    assert [path.name for path in store.folder(step).iterdir()] == ["file"]
    assert project.partial_products() == []


def test_a_failed_product_leaves_nothing(project: ToyProject) -> None:
    """An error in the block leaves neither a product nor a partial one."""
    store, step = project.store(), project.step("node")
    with pytest.raises(OSError, match="halfway"), store.new_product(step):
        raise OSError("halfway")
    assert not store.has(step)
    assert project.partial_products() == []


def test_only_the_newest_products_are_kept(project: ToyProject) -> None:
    """Pruning keeps the newest products of the step, and all products of other steps."""
    store = project.store()
    steps = store.root / "steps"
    for number in range(KEEP + 2):
        for name in ("node", "node-base"):
            folder = steps / f"{name}-{number:012x}"
            folder.mkdir(parents=True)
            os.utime(folder, (number, number))
    assert sorted(store.prune(project.step("node"))) == ["000000000000", "000000000001"]
    assert len(list(steps.glob("node-base-*"))) == KEEP + 2
    assert store.prune(project.step("node")) == []


def test_a_used_product_counts_as_new(project: ToyProject) -> None:
    """Marking an old product as used saves it from the next pruning."""
    store, step = project.store(), project.step("node")
    with store.new_product(step):
        pass
    os.utime(store.folder(step), (1, 1))
    for number in range(KEEP):
        (store.root / "steps" / f"node-{number:012x}").mkdir()
    store.mark_used(step)
    store.prune(step)
    assert store.has(step)


def test_partial_products_of_killed_builds_are_removed(project: ToyProject) -> None:
    """The next build removes what a killed build has left."""
    store = project.store()
    (store.root / "steps" / ".partial-node-x").mkdir(parents=True)
    store.remove_partial_products()
    assert project.partial_products() == []


def test_an_image_exists_only_if_the_engine_has_it(tmp_path: Path) -> None:
    """Without an engine there is no image, whatever the cache folder contains."""
    project = ToyProject(tmp_path, [toy_step("node", image="podshare/node:{key}")], {"node": ":"})
    store, step = project.store(), project.step("node")
    store.mark_used(step)
    assert store.folder(step).is_dir()
    assert not store.has(step)
    assert store.image(step) == f"podshare/node:{store.keys['node']}"


def test_timings_are_remembered(tmp_path: Path) -> None:
    """The last measurement of each step counts; a damaged file counts as empty."""
    timings = StepTimings(tmp_path / "deep" / "timings.json")
    assert timings.read() == {}
    timings.record("a", 1.23)
    timings.record("b", 2.0)
    timings.record("a", 3.0)
    assert timings.read() == {"a": 3.0, "b": 2.0}
    timings.path.write_text("[1, 2")
    assert timings.read() == {}
    timings.path.write_text("[1, 2]")
    assert timings.read() == {}
