"""The cache of products: whole or not there, the newest kept."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sandbox.store import KEEP, Timings
from tests.sandbox.toys import Workshop, toy


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    """One step whose name is the start of another's."""
    return Workshop(tmp_path, [toy("node"), toy("node-base")], {"node": ":", "node-base": ":"})


def test_a_product_appears_whole(workshop: Workshop) -> None:
    """While it is made it is not there; afterwards it is, with what was put in."""
    store, step = workshop.store(), workshop.step("node")
    with store.making(step) as out:
        (out / "file").touch()
        assert not store.has(step)
    assert [path.name for path in store.folder(step).iterdir()] == ["file"]
    assert workshop.leftovers() == []


def test_a_product_that_fails_never_appears(workshop: Workshop) -> None:
    """An error on the way leaves neither product nor half product."""
    store, step = workshop.store(), workshop.step("node")
    with pytest.raises(OSError, match="on the way"), store.making(step):
        raise OSError("on the way")
    assert not store.has(step)
    assert workshop.leftovers() == []


def test_only_the_newest_products_are_kept(workshop: Workshop) -> None:
    """Pruning spares the newest few of the step, and other steps' altogether."""
    store = workshop.store()
    steps = store.root / "steps"
    for number in range(KEEP + 2):
        for name in ("node", "node-base"):
            folder = steps / f"{name}-{number:012x}"
            folder.mkdir(parents=True)
            os.utime(folder, (number, number))
    assert sorted(store.prune(workshop.step("node"))) == ["000000000000", "000000000001"]
    assert len(list(steps.glob("node-base-*"))) == KEEP + 2
    assert store.prune(workshop.step("node")) == []


def test_a_used_product_counts_as_new(workshop: Workshop) -> None:
    """Touching is what makes an old product survive the next pruning."""
    store, step = workshop.store(), workshop.step("node")
    with store.making(step):
        pass
    os.utime(store.folder(step), (1, 1))
    for number in range(KEEP):
        (store.root / "steps" / f"node-{number:012x}").mkdir()
    store.touch(step)
    store.prune(step)
    assert store.has(step)


def test_half_products_of_killed_builds_are_swept(workshop: Workshop) -> None:
    """What a build that was killed left is removed by the next one."""
    store = workshop.store()
    (store.root / "steps" / ".half-node-x").mkdir(parents=True)
    store.sweep()
    assert workshop.leftovers() == []


def test_an_image_counts_only_when_the_engine_has_it(tmp_path: Path) -> None:
    """Without an engine there is no image, whatever the cache folder says."""
    workshop = Workshop(tmp_path, [toy("node")], {"node": ":"})
    store = workshop.store()
    step = type(workshop.step("node"))("node", "x", "compile", 1, image="podshare/node:{key}")
    store.touch(step)
    assert store.folder(step).is_dir()
    assert not store.has(step)
    assert store.image(step) == f"podshare/node:{store.keys['node']}"


def test_timings_are_remembered(tmp_path: Path) -> None:
    """The last measurement of each step counts; a damaged file is as good as none."""
    timings = Timings(tmp_path / "deep" / "timings.json")
    assert timings.read() == {}
    timings.note("a", 1.23)
    timings.note("b", 2.0)
    timings.note("a", 3.0)
    assert timings.read() == {"a": 3.0, "b": 2.0}
    timings.path.write_text("[1, 2")
    assert timings.read() == {}
    timings.path.write_text("[1, 2]")
    assert timings.read() == {}
