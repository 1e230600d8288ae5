"""``kind``, ``kubectl`` and ``helm``: those on PATH, else the pinned ones that ``./dev`` builds."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox import host, paths, products
from sandbox.errors import SandboxError
from sandbox.store import ProductStore

KIND_MINIMUM = (0, 30, 0)  # the first whose node files suit Kubernetes 1.34 and later


@dataclass(frozen=True)
class Tool:
    """A program, its version and its origin."""

    path: Path
    version: str
    origin: str
    on_path: bool = False


def kind_on_path() -> Tool | None:
    """Return the ``kind`` on PATH if it is recent enough."""
    program = shutil.which("kind")
    if program is None:
        return None
    version = host.parse_version(_output([program, "version"]))
    if version < KIND_MINIMUM:
        return None
    return Tool(Path(program), host.format_version(version), "on PATH", on_path=True)


def built_kind(store: ProductStore) -> Tool:
    """Return the ``kind`` that the plan builds, which may not exist yet."""
    path = store.folder(products.find_step("kind")) / "bin" / "kind"
    output = _output([str(path), "version"]) if path.is_file() else ""
    version = host.format_version(host.parse_version(output))
    return Tool(path, version, "built from its Go module")


def ensure_kind(store: ProductStore, *, may_install: bool) -> Tool:
    """Return a ``kind``, building it if necessary."""
    kind = kind_on_path()
    if kind is None:
        products.ensure(["kind"], store, may_install=may_install)
        kind = built_kind(store)
    return kind


def kubectl_on_path() -> Tool | None:
    """Return the ``kubectl`` on PATH, whatever its version: only people and waits use it."""
    program = shutil.which("kubectl")
    return Tool(Path(program), "", "on PATH", on_path=True) if program else None


def cached_kubectl(kubernetes: str) -> Path:
    """Return where the ``kubectl`` taken from a node image is stored."""
    return paths.cache_folder() / "tools" / f"kubernetes-{kubernetes}" / "kubectl"


def ensure_kubectl(engine: str, node_image: str, kubernetes: str) -> Tool:
    """Return a ``kubectl``, copying it from the node image if necessary."""
    on_path = kubectl_on_path()
    if on_path is not None:
        return on_path
    path = cached_kubectl(kubernetes)
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".partial-kubectl-{os.getpid()}")
        try:
            with _container(engine, node_image) as container:
                _check_output([engine, "cp", f"{container}:/usr/bin/kubectl", str(partial)])
            partial.rename(path)
        finally:
            partial.unlink(missing_ok=True)
    return Tool(path, kubernetes, "the node image")


def find_helm(store: ProductStore) -> Tool | None:
    """Return the ``helm`` on PATH, whatever its version, else the built one, else None."""
    program = shutil.which("helm")
    if program is not None:
        return Tool(Path(program), "", "on PATH", on_path=True)
    path = store.folder(products.find_step("helm")) / "bin" / "helm"
    return Tool(path, "", "built from its Go module") if path.is_file() else None


def built_tool_folders(store: ProductStore, kubernetes: str) -> list[Path]:
    """Return the folders of the tools that were built before and are not on PATH."""
    programs = [
        store.folder(products.find_step("kind")) / "bin" / "kind",
        cached_kubectl(kubernetes),
        store.folder(products.find_step("helm")) / "bin" / "helm",
    ]
    return [
        program.parent
        for program in programs
        if program.is_file() and shutil.which(program.name) is None
    ]


@contextmanager
def _container(engine: str, image: str) -> Iterator[str]:
    container = _check_output([engine, "create", image])
    try:
        yield container
    finally:
        subprocess.run([engine, "rm", "-v", container], capture_output=True)


def _check_output(command: list[str]) -> str:
    process = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if process.returncode != 0:
        raise SandboxError(
            f"{' '.join(command[:2])} failed (exit {process.returncode}):",
            "check the container engine: ./dev doctor",
            lines=process.stderr.strip().splitlines()[-5:],
        )
    return process.stdout.strip()


def _output(command: list[str]) -> str:
    process = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return process.stdout
