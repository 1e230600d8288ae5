"""``kind``, ``kubectl`` and ``helm``: those on PATH, else the pinned ones this project builds."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox import host, places, recipe
from sandbox.errors import SandboxError
from sandbox.store import Store

KIND_MINIMUM = (0, 30, 0)  # the first whose node files fit Kubernetes 1.34 and later


@dataclass(frozen=True)
class Tool:
    """A program, its version and where it is from."""

    path: Path
    version: str
    source: str
    on_path: bool = False


def kind_on_path() -> Tool | None:
    """The ``kind`` on PATH when it is new enough."""
    found = shutil.which("kind")
    if found is None:
        return None
    text = _output([found, "version"])
    if host.version(text) < KIND_MINIMUM:
        return None
    return Tool(Path(found), _dotted(text), "on PATH", on_path=True)


def built_kind(products: Store) -> Tool:
    """The ``kind`` of the plan's step, there or not; go.sum vouches for its source."""
    path = products.folder(recipe.find("kind")) / "bin" / "kind"
    version = _dotted(_output([str(path), "version"])) if path.is_file() else ""
    return Tool(path, version, "built from its Go module")


def ensure_kind(products: Store, *, may_install: bool) -> Tool:
    """A ``kind`` to use."""
    found = kind_on_path()
    if found is None:
        recipe.make(["kind"], products, may_install=may_install)
        found = built_kind(products)
    return found


def kubectl_on_path() -> Tool | None:
    """The ``kubectl`` on PATH; any will do, it is for people and for waiting."""
    found = shutil.which("kubectl")
    return Tool(Path(found), "", "on PATH", on_path=True) if found else None


def cached_kubectl(kubernetes: str) -> Path:
    """Where the ``kubectl`` taken from a node image is kept."""
    return places.cache() / "tools" / f"kubernetes-{kubernetes}" / "kubectl"


def ensure_kubectl(engine: str, node_image: str, kubernetes: str) -> Tool:
    """A ``kubectl`` to use: every node image holds one that fits its cluster."""
    found = kubectl_on_path()
    if found is not None:
        return found
    path = cached_kubectl(kubernetes)
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        half = path.with_name(f".half-kubectl-{os.getpid()}")
        try:
            with _container(engine, node_image) as container:
                _must([engine, "cp", f"{container}:/usr/bin/kubectl", str(half)])
            half.rename(path)
        finally:
            half.unlink(missing_ok=True)
    return Tool(path, kubernetes, "the node image")


def helm(products: Store) -> Tool | None:
    """The ``helm`` there is: on PATH, any will do, or else of the plan's step."""
    found = shutil.which("helm")
    if found is not None:
        return Tool(Path(found), "", "on PATH", on_path=True)
    path = products.folder(recipe.find("helm")) / "bin" / "helm"
    return Tool(path, "", "built from its Go module") if path.is_file() else None


@contextmanager
def _container(engine: str, image: str) -> Iterator[str]:
    container = _must([engine, "create", image])
    try:
        yield container
    finally:
        subprocess.run([engine, "rm", "-v", container], capture_output=True)


def _must(command: list[str]) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise SandboxError(
            f"{' '.join(command[:2])} failed (exit {done.returncode}):",
            "see that the engine is well: ./dev doctor",
            shown=done.stderr.strip().splitlines()[-5:],
        )
    return done.stdout.strip()


def _output(command: list[str]) -> str:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.stdout


def _dotted(text: str) -> str:
    return ".".join(str(part) for part in host.version(text))
