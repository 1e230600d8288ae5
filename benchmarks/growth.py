"""What more work costs: more checks on one Pod, more Pods, larger files.

- checks: 1 to 200 in one fresh Pod, its first one opening the sessions, beside the floor's.
- Pods: 1 to 60 deployed by one call, beside as many created by bare requests; then a check in
  each, of which every one opens its sessions.
- files: 1 B to 1 GiB, written by one container and seen by another (so it is read in both), with
  the most memory that this process took meanwhile; beside `kubectl exec`, once to write and once
  to read, with nothing compared.
"""

from __future__ import annotations

import gc
import io
import itertools
import subprocess
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import figures
from benchmarks.asked import Asked
from benchmarks.bare import Bare, sharevol
from benchmarks.figures import Listing, Table, Timing
from benchmarks.floor import Floor
from benchmarks.interleaving import timed
from benchmarks.stage import SHAREVOL, Stage
from pytest_podshare import assert_file_visible
from pytest_podshare.pods.pod import Pod

_CHECKS = (1, 10, 50, 200)
_PODS = (1, 5, 20, 60)
_SIZES = (1, 2**10, 2**16, 2**20, 2**24, 2**28, 2**30)
_NAME = "large"
# a file up to this size is measured several times
_LARGE, _FEW = 2**20, 5
_PIECE = bytes(range(256)) * 256


def measure(asked: Asked) -> Iterator[Table]:
    """One table for each of the three."""
    with Stage() as stage:
        yield _checks(stage, asked.sizes(_CHECKS))
        yield _pods(stage, asked.sizes(_PODS))
        yield _files(stage, asked.sizes(_SIZES))


def _checks(stage: Stage, counts: tuple[int, ...]) -> Listing:
    columns = {
        "checks": figures.count,
        "ours": figures.time,
        "a check": figures.time,
        "floor": figures.time,
        "ours : floor": figures.ratio,
    }
    rows: list[dict[str, Any]] = []
    for count in counts:
        with stage.podshare() as podshare:
            pod = podshare.deploy(SHAREVOL)
            ours = timed(partial(_visible, pod, count))
            floor = timed(partial(_floor, stage, pod, count))
        row = {"checks": count, "ours": ours, "a check": ours / count}
        rows.append({**row, "floor": floor, "ours : floor": ours / floor})
    return Listing("Checks on one Pod, with the opening of the sessions", columns, rows)


def _visible(pod: Pod, count: int) -> None:
    for _ in range(count):
        assert_file_visible(pod, from_c="c1", to_c="c2")


def _visible_in_each(pods: Iterable[Pod]) -> None:
    for pod in pods:
        _visible(pod, 1)


def _floor(stage: Stage, pod: Pod, count: int) -> None:
    writer, reader = ("c1", "/tmp/xchange/line"), ("c2", "/tmp/data/line")
    with Floor(stage.api, pod.namespace, pod.name, writer, reader) as floor:
        for _ in range(count):
            floor.check()


def _pods(stage: Stage, counts: tuple[int, ...]) -> Listing:
    columns = {
        "Pods": figures.count,
        "ours, ready": figures.time,
        "a Pod": figures.time,
        "floor, ready": figures.time,
        "ours : floor": figures.ratio,
        "a check in each": figures.time,
        "a Pod's check": figures.time,
    }
    rows: list[dict[str, Any]] = []
    for count in counts:
        manifests = [sharevol(number) for number in range(count)]
        with stage.namespace() as namespace, Bare(stage.api, namespace) as bare:
            floor = bare.start(manifests)
            bare.delete()
        with stage.podshare() as podshare:
            ours = timed(partial(podshare.deploy_all, manifests))
            checks = timed(partial(_visible_in_each, podshare.pods))
        row = {"Pods": count, "ours, ready": ours, "a Pod": ours / count, "floor, ready": floor}
        row |= {"ours : floor": ours / floor, "a check in each": checks}
        rows.append({**row, "a Pod's check": checks / count})
    return Listing("Pods deployed by one call", columns, rows)


def _files(stage: Stage, sizes: tuple[int, ...]) -> Listing:
    columns = {
        "size": figures.size,
        "runs": figures.count,
        "written": figures.time,
        "seen": figures.time,
        "written at": figures.rate,
        "seen at": figures.rate,
        "memory more": figures.size,
        "kubectl, written": figures.time,
        "kubectl, read": figures.time,
        "ours : it": figures.ratio,
    }
    rows: list[dict[str, Any]] = []
    with stage.podshare() as podshare:
        pod = podshare.deploy(SHAREVOL)
        kubectl = _Kubectl(stage, pod)
        _visible(pod, 1)
        for size in sizes:
            runs = _FEW if size <= _LARGE else 1
            before = most_memory()
            written = _median(partial(_write, pod, size), runs)
            seen = _median(partial(_see, pod), runs)
            memory = most_memory(anew=False) - before
            theirs = _median(partial(kubectl.write, size), runs), _median(kubectl.read, runs)
            row = {"size": size, "written": written, "seen": seen, "memory more": memory}
            row |= {"written at": size / written, "seen at": size / seen}
            row |= {"kubectl, written": theirs[0], "kubectl, read": theirs[1]}
            rows.append({**row, "runs": runs, "ours : it": (written + seen) / sum(theirs)})
    return Listing("A file of that size, written by c1 and seen by c2", columns, rows)


def _median(call: Callable[[], object], runs: int) -> float:
    return Timing("", tuple(timed(call) for _ in range(runs))).p50


def _write(pod: Pod, size: int) -> None:
    with io.BufferedReader(Endless(size)) as content:
        small = content.read() if size <= len(_PIECE) else None
        pod["c1"].volume("xchange").write(_NAME, content if small is None else small)


def _see(pod: Pod) -> None:
    """Read in both containers and compared."""
    assert_file_visible(pod, from_c="c1", to_c="c2", path=f"/tmp/xchange/{_NAME}")


class Endless(io.RawIOBase):
    """A file of so many bytes, of which none is anywhere."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """Where it stands."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = start + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        """The next bytes."""
        count = max(0, min(len(buffer), self._size - self._at, len(_PIECE)))
        buffer[:count] = _PIECE[:count]
        self._at += count
        return count


class _Kubectl:
    def __init__(self, stage: Stage, pod: Pod) -> None:
        whose = ["--kubeconfig", str(stage.kubeconfig), "--namespace", pod.namespace]
        self._command = ["kubectl", *whose, "exec", "--stdin", pod.name, "--container"]

    def write(self, size: int) -> None:
        command = [*self._command, "c1", "--", "sh", "-c", "cat > /tmp/xchange/theirs"]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as running:
            assert running.stdin is not None
            with io.BufferedReader(Endless(size)) as content:
                for piece in itertools.takewhile(bool, iter(lambda: content.read(2**16), None)):
                    running.stdin.write(piece)
            running.stdin.close()
        assert running.returncode == 0

    def read(self) -> None:
        command = [*self._command, "c2", "--", "cat", "/tmp/data/theirs"]
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)


def most_memory(*, anew: bool = True) -> int:
    """The most that this process has had resident, since the last time it was asked anew."""
    if anew:
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("the system does not tell the most memory that a process had")
