"""Two thousand checks in one process: what of its memory, sockets, files and threads stays taken.

Twice: as it is, every check leaving its evidence with the Pod, as reports need it; and with the
Pod's records emptied on the way, which shows what is lost beside them.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import figures
from benchmarks.asked import Asked
from benchmarks.figures import Listing, Table
from benchmarks.stage import SHAREVOL, Stage
from pytest_podshare import assert_file_visible
from pytest_podshare.pods.pod import Pod

_CHECKS, _STEP = 2_000, 500
# until every cache has what it holds
_WARM_UP = 300
_COLUMNS = {
    "after so many checks": figures.count,
    "resident": figures.size,
    "since the first": figures.size,
    "a check": figures.size,
    "sockets": figures.count,
    "open files": figures.count,
    "threads": figures.count,
}


def measure(asked: Asked) -> Iterator[Table]:
    """The same Pod both times."""
    with Stage() as stage, stage.podshare() as podshare:
        pod = podshare.deploy(SHAREVOL)
        _checks(pod, asked.rounds(_WARM_UP), keep=False)
        for title, keep in (("With all evidence kept", True), ("Without", False)):
            rows = list(_rows(pod, asked.rounds(_CHECKS), asked.rounds(_STEP), keep=keep))
            yield Listing(title, _COLUMNS, rows)
            _forget(pod)


def _rows(pod: Pod, checks: int, step: int, *, keep: bool) -> Iterator[dict[str, Any]]:
    first = taken()
    yield _row(0, first, first)
    for done in range(step, checks + 1, step):
        _checks(pod, step, keep=keep)
        yield _row(done, taken(), first)


def _row(done: int, now: dict[str, int], first: dict[str, int]) -> dict[str, Any]:
    grown = now["resident"] - first["resident"]
    return {
        "after so many checks": done,
        "since the first": grown,
        "a check": grown / done if done else None,
        **now,
    }


def _checks(pod: Pod, count: int, *, keep: bool) -> None:
    for number in range(count):
        one, other = ("c1", "c2") if number % 2 else ("c2", "c1")
        assert_file_visible(pod, from_c=one, to_c=other)
        if not keep:
            _forget(pod)


def _forget(pod: Pod) -> None:
    pod.evidence.clear()
    pod.checks.clear()


def taken() -> dict[str, int]:
    """What this process holds, when all that can be freed is."""
    gc.collect()
    files = [_target(each) for each in Path("/proc/self/fd").iterdir()]
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return {
        "resident": resident,
        "sockets": sum(each.startswith("socket:") for each in files),
        "open files": len(files),
        "threads": threading.active_count(),
    }


def _target(file: Path) -> str:
    try:
        return os.readlink(file)  # noqa: PTH115
    except FileNotFoundError:
        # the folder itself, as it was read
        return ""
