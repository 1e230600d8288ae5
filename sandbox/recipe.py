"""From the plan to a product: what is missing is built, under a lock, with a display."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from filelock import FileLock, Timeout

from sandbox import golang, host, packages, places
from sandbox.build import Build, missing
from sandbox.errors import SandboxError
from sandbox.keys import keys_of
from sandbox.plan import KUBERNETES_VERSIONS, PLAN, Step, with_needs
from sandbox.progress import clock, watching
from sandbox.running import Runner
from sandbox.store import Store, Timings
from sandbox.talk import messages, say

KEEP_LOGS = 20
SESSION_ONLY = ("CGO_ENABLED", "GOARCH", "GOBIN", "GOOS", "GOROOT", "PYTHONPATH")
DEFAULT_KUBERNETES = KUBERNETES_VERSIONS[0]


def parameters(kubernetes: str) -> dict[str, str]:
    """The values a step may depend on."""
    return {
        "KUBERNETES_VERSION": kubernetes,
        "KUBERNETES_MINOR": ".".join(kubernetes.split(".")[:2]),
    }


def store(engine: str, kubernetes: str) -> Store:
    """Where this plan's products are."""
    params = parameters(kubernetes)
    return Store(places.cache(), engine, keys_of(PLAN, params, places.SANDBOX), params)


def timings() -> Timings:
    """What the steps took on this machine."""
    return Timings(places.cache() / "timings.json")


def expected(steps: Iterable[Step]) -> dict[str, float]:
    """Seconds each step is expected to take: as last time here, else as the plan says."""
    measured = timings().read()
    return {step.name: measured.get(step.name, float(step.seconds)) for step in steps}


def find(name: str) -> Step:
    """The step of this name."""
    for step in PLAN:
        if step.name == name:
            return step
    raise SandboxError(
        f"there is no step {name!r}",
        f"choose from: {', '.join(step.name for step in PLAN)}",
    )


def make(
    targets: Sequence[str],
    products: Store,
    *,
    may_install: bool,
    again: bool = False,
) -> None:
    """See to it that the products of ``targets`` are there; ``again`` makes them anew."""
    steps = [find(name) for name in targets]
    anew = {step.name for step in steps} if again else set()

    def present(step: Step) -> bool:
        return step.name not in anew and products.has(step)

    if missing(PLAN, targets, present):
        with at_work():  # looked at again inside: another ./dev may have built it meanwhile
            products.sweep()
            to_run = missing(PLAN, targets, present)
            if to_run:
                _run(to_run, products, may_install=may_install)
    used = with_needs(PLAN, targets)
    for step in used:
        products.touch(step)
    if gone := [key for step in used for key in products.prune(step)]:
        say(f"removed {len(gone)} product{'s' * (len(gone) > 1)} of old versions of the sandbox")


@contextmanager
def at_work() -> Iterator[None]:
    """The lock of all that changes the machine: two ./dev at once wait for each other."""
    places.cache().mkdir(parents=True, exist_ok=True)
    lock = FileLock(places.cache() / "work.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say("another ./dev is at work on this machine; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _run(steps: Sequence[Step], products: Store, *, may_install: bool) -> None:
    needed = [package for step in steps for package in step.packages]
    packages.ensure(needed, "that the node image is built with", may_install=may_install)
    if "debootstrap" in needed and not host.is_root():
        raise SandboxError(
            "building the sandbox node image takes root: a Debian system is unpacked in it",
            "run ./dev build as root, once; its images serve every account that may use the engine",
        )
    # A step may run go though only a step it needs has a go.mod.
    go_mods = _go_mods(with_needs(PLAN, [step.name for step in steps]), products.params)
    go = golang.ensure(go_mods, may_install=may_install) if go_mods else None
    stamp = time.strftime("%Y%m%d-%H%M%S")
    logs = places.log_folder(f"{stamp}-{os.getpid()}")
    runner = Runner(
        products,
        places.SANDBOX,
        logs,
        _environment(go),
        {step.name: step for step in PLAN},
    )
    measured = timings()

    def run_step(step: Step, stop: Event) -> None:
        begun = time.monotonic()
        runner.run(step, stop)
        measured.note(step.name, time.monotonic() - begun)

    seconds = expected(steps)
    say(f"building {', '.join(step.name for step in steps)}; logs in {logs}")
    begun = time.monotonic()
    with watching(messages, steps, seconds) as watcher:
        Build(steps, seconds, run_step, watcher).run()
    say(f"built {len(steps)} step{'s' * (len(steps) > 1)} in {clock(time.monotonic() - begun)}")
    _prune_logs(logs.parent)


def _go_mods(steps: Iterable[Step], params: Mapping[str, str]) -> list[Path]:
    folders = {
        places.SANDBOX / name.format_map(params)
        for step in steps
        for name in step.inputs
        if name.startswith("go/")
    }
    return sorted(path for folder in folders for path in [folder / "go.mod"] if path.is_file())


def _environment(go: Path | None) -> dict[str, str]:
    """What every step finds in its environment, beside what is its own."""
    go_folder = places.cache() / "go"
    environment = {
        # What would make a product depend on this session has no place in a build.
        **{name: value for name, value in os.environ.items() if name not in SESSION_ONLY},
        "LC_ALL": "C.UTF-8",
        "PYTHON": sys.executable,
        "DEBIAN_FRONTEND": "noninteractive",
        "DOCKER_BUILDKIT": "0",  # Debian's client has no buildx
        "GOCACHE": str(go_folder / "build"),
        "GOMODCACHE": str(go_folder / "mod"),
        "GOPATH": str(go_folder),
        "GOFLAGS": "-modcacherw",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "DEBIAN_MIRROR": os.environ.get("DEBIAN_MIRROR") or packages.debian_mirror(),
    }
    if go is not None:
        environment["PATH"] = f"{go}{os.pathsep}{environment['PATH']}"
    return environment


def _prune_logs(folder: Path) -> None:
    for old in sorted(folder.iterdir())[:-KEEP_LOGS]:
        for log in old.iterdir():
            log.unlink()
        old.rmdir()
