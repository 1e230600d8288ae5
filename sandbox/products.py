"""Build the products that are missing, one ./dev at a time, with a progress display."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from filelock import FileLock, Timeout

from sandbox import golang, host, packages, paths
from sandbox.console import messages, say
from sandbox.content_keys import content_keys
from sandbox.errors import SandboxError
from sandbox.plan import KUBERNETES_VERSIONS, PLAN, BuildStep, with_needs
from sandbox.progress import format_duration, progress_display
from sandbox.scheduler import Scheduler, steps_to_run
from sandbox.step_runner import StepRunner
from sandbox.store import ProductStore, StepTimings

KEEP_LOGS = 20
# Variables of the session that must not influence a product.
SESSION_VARIABLES = ("CGO_ENABLED", "GOARCH", "GOBIN", "GOOS", "GOROOT", "PYTHONPATH")
DEFAULT_KUBERNETES = KUBERNETES_VERSIONS[0]


def parameters(kubernetes: str) -> dict[str, str]:
    """Return the values that a step may depend on."""
    return {
        "KUBERNETES_VERSION": kubernetes,
        "KUBERNETES_MINOR": ".".join(kubernetes.split(".")[:2]),
    }


def open_store(engine: str, kubernetes: str) -> ProductStore:
    """Return the store of the plan's products."""
    params = parameters(kubernetes)
    keys = content_keys(PLAN, params, paths.SANDBOX)
    return ProductStore(paths.cache_folder(), engine, keys, params)


def expected_seconds(steps: Iterable[BuildStep]) -> dict[str, float]:
    """Return how long each step will take: as last time on this machine, else as planned."""
    measured = _timings().read()
    return {step.name: measured.get(step.name, float(step.seconds)) for step in steps}


def _timings() -> StepTimings:
    return StepTimings(paths.cache_folder() / "timings.json")


def find_step(name: str) -> BuildStep:
    """Return the step of this name.

    Raises:
        SandboxError: it does not exist.
    """
    for step in PLAN:
        if step.name == name:
            return step
    raise SandboxError(
        f"unknown step {name!r}",
        f"choose from: {', '.join(step.name for step in PLAN)}",
    )


def ensure(
    targets: Sequence[str],
    store: ProductStore,
    *,
    may_install: bool,
    rebuild: bool = False,
) -> None:
    """Build the products of ``targets`` that are missing, or all of them with ``rebuild``."""
    steps = [find_step(name) for name in targets]
    outdated = {step.name for step in steps} if rebuild else set()

    def exists(step: BuildStep) -> bool:
        return step.name not in outdated and store.has(step)

    if steps_to_run(PLAN, targets, exists):
        with machine_lock():
            store.remove_partial_products()
            # Checked again, since another ./dev may have built it while this one was waiting.
            to_run = steps_to_run(PLAN, targets, exists)
            if to_run:
                _run(to_run, store, may_install=may_install)
    used = with_needs(PLAN, targets)
    for step in used:
        store.mark_used(step)
    if removed := [key for step in used for key in store.prune(step)]:
        say(f"removed {len(removed)} outdated product{'s' * (len(removed) > 1)}")


@contextmanager
def machine_lock() -> Iterator[None]:
    """Hold the lock for changes to this machine, waiting for another ./dev if necessary."""
    paths.cache_folder().mkdir(parents=True, exist_ok=True)
    lock = FileLock(paths.cache_folder() / "work.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say("another ./dev is building or installing on this machine; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _run(steps: Sequence[BuildStep], store: ProductStore, *, may_install: bool) -> None:
    required = [package for step in steps for package in step.packages]
    packages.ensure(required, "for building the node image", may_install=may_install)
    if "debootstrap" in required and not host.is_root():
        raise SandboxError(
            "building the node image requires root, because it unpacks a Debian system",
            "run ./dev build as root once; every user of the engine can then use the image",
        )
    # A step may run go although only a step that it needs has a go.mod.
    go_mods = _go_mods(with_needs(PLAN, [step.name for step in steps]), store.params)
    go = golang.ensure(go_mods, may_install=may_install) if go_mods else None
    logs = paths.log_folder(f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}")
    runner = StepRunner(
        store,
        paths.SANDBOX,
        logs,
        _environment(go),
        {step.name: step for step in PLAN},
    )
    timings = _timings()

    def run_step(step: BuildStep, stop: Event) -> None:
        step_start = time.monotonic()
        runner.run(step, stop)
        timings.record(step.name, time.monotonic() - step_start)

    seconds = expected_seconds(steps)
    say(f"building {', '.join(step.name for step in steps)}; logs in {logs}")
    start = time.monotonic()
    with progress_display(messages, steps, seconds) as display:
        Scheduler(steps, seconds, run_step, display).run()
    duration = format_duration(time.monotonic() - start)
    say(f"completed {len(steps)} step{'s' * (len(steps) > 1)} in {duration}")
    _prune_logs(logs.parent)


def _go_mods(steps: Iterable[BuildStep], params: Mapping[str, str]) -> list[Path]:
    folders = {
        paths.SANDBOX / name.format_map(params)
        for step in steps
        for name in step.inputs
        if name.startswith("go/")
    }
    return sorted(path for folder in folders for path in [folder / "go.mod"] if path.is_file())


def _environment(go: Path | None) -> dict[str, str]:
    """Return the environment variables that all steps share."""
    go_folder = paths.cache_folder() / "go"
    environment = {
        **{name: value for name, value in os.environ.items() if name not in SESSION_VARIABLES},
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
    for build in sorted(folder.iterdir())[:-KEEP_LOGS]:
        for log in build.iterdir():
            log.unlink()
        build.rmdir()
