"""Find, build or install what a cluster needs: engine, tools and node image."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from sandbox import engine, node_image, products, tools


@dataclasses.dataclass(frozen=True)
class DevOptions:
    """Options that all commands share."""

    kubernetes: str
    may_install: bool


@dataclasses.dataclass(frozen=True)
class Toolchain:
    """What a cluster needs, ready to use."""

    engine: str
    kind: tools.Tool
    kubectl: tools.Tool
    node_image: str
    # only for ./dev test
    helm: tools.Tool | None = None
    python_image: str = ""

    def environment(self, cluster: str) -> dict[str, str]:
        """Return the environment variables for commands that use this cluster."""
        own_tools = [tool for tool in (self.kind, self.kubectl, self.helm) if tool is not None]
        variables = {
            **_python_environment(tool.path.parent for tool in own_tools if not tool.on_path),
            "PODSHARE_KIND_BIN": str(self.kind.path),
            "PODSHARE_CLUSTER_NAME": cluster,
            # Set even if the image was pulled: kind's default may be another Kubernetes version.
            "PODSHARE_KIND_IMAGE": self.node_image,
            "PODSHARE_STAND_INS": node_image.stand_ins(self.engine, self.node_image),
        }
        if self.python_image:
            variables["PODSHARE_PYTHON_IMAGE"] = self.python_image
        if self.engine == "podman":
            variables["KIND_EXPERIMENTAL_PROVIDER"] = "podman"
        return {**os.environ, **variables}


def local_environment(options: DevOptions) -> dict[str, str]:
    """Return the environment variables for commands that use no cluster.

    Nothing is built, installed or started; tools that were built before are on PATH.
    """
    store = products.open_store("docker", options.kubernetes)
    folders = tools.built_tool_folders(store, options.kubernetes)
    return {**os.environ, **_python_environment(folders)}


def _python_environment(tool_folders: Iterable[Path]) -> dict[str, str]:
    """Return the variables that put the Python environment first on PATH, then the tools."""
    folders = [str(Path(sys.executable).parent), *map(str, tool_folders)]
    path = [*folders, *os.environ.get("PATH", "").split(os.pathsep)]
    return {
        "PATH": os.pathsep.join(dict.fromkeys(folder for folder in path if folder)),
        "VIRTUAL_ENV": sys.prefix,
    }


def prepare(options: DevOptions) -> Toolchain:
    """Return engine, tools and node image; this is quick if they exist."""
    engine_name = find_engine(options)
    store = products.open_store(engine_name, options.kubernetes)
    install = options.may_install
    # The image comes first: if it has to be built, kind is built with it.
    image = node_image.ensure(store, options.kubernetes, may_install=install)
    kind = tools.ensure_kind(store, may_install=install)
    kubectl = tools.ensure_kubectl(engine_name, image, options.kubernetes)
    return Toolchain(engine_name, kind, kubectl, image, tools.find_helm(store))


def find_engine(options: DevOptions) -> str:
    """Return the name of an engine that responds; only one ./dev at a time starts one."""
    name = engine.running(may_install=options.may_install)
    if not name:
        with products.machine_lock():
            name = engine.ensure(may_install=options.may_install)
    if name == "podman":
        os.environ["KIND_EXPERIMENTAL_PROVIDER"] = "podman"
    return name
