"""The clusters of ``./dev``, through the plugin's own kind provider: what users get is used here.

The plugin is imported inside the functions, because its Kubernetes client takes longer to load than
most commands take altogether.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.console import say
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from pytest_podshare.cluster.kind.settings import KindSettings

RUN_ID = "dev-up"  # in place of a test run's ID, so that no test run considers the cluster its own


def kept_name() -> str:
    """Return the name of the cluster that ``./dev up`` keeps."""
    return os.environ.get("PODSHARE_CLUSTER_NAME") or "podshare"


def all_names() -> tuple[str, ...]:
    """Return the names of all clusters that ``./dev`` may leave behind.

    They are the kept one and those of the demo and the tests; tox.ini names the tests' second one.
    """
    name = kept_name()
    return name, f"{name}-test", f"{name}-test-faults", f"{name}-demo"


def existing(kind_bin: Path) -> list[str]:
    """Return the names of the clusters that kind knows."""
    process = subprocess.run(
        [str(kind_bin), "get", "clusters"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return process.stdout.split()


def bring_up(kind_bin: Path, engine: str, image: str) -> Path:
    """Create the kept cluster unless it exists; return its kubeconfig file."""
    from pytest_podshare.cluster.kind import provider

    settings = _settings(kind_bin, kept_name(), image)
    if kept_name() in existing(kind_bin):
        _refuse_other_image(engine, image)
    else:
        say(f"creating cluster {kept_name()}")
    with _as_sandbox_errors():
        provider.acquire(settings, keep=True).close()
    return settings.kubeconfig


def delete(kind_bin: Path, cluster: str) -> None:
    """Delete a cluster and its kubeconfig file."""
    from pytest_podshare.cluster.kind import provider

    settings = _settings(kind_bin, cluster, None)
    with _as_sandbox_errors():
        provider.delete(settings)


def _settings(kind_bin: Path, cluster: str, image: str | None) -> KindSettings:
    from pytest_podshare.cluster.kind.settings import KindSettings, default_state
    from pytest_podshare.deadline import Timeouts

    return KindSettings(
        name=cluster,
        image=image,
        config=None,
        nodes=int(os.environ.get("PODSHARE_KIND_NODES") or 0) or None,
        kind_bin=kind_bin,
        run_id=RUN_ID,
        state=default_state(),
        timeouts=Timeouts(),
    )


def _refuse_other_image(engine: str, image: str) -> None:
    """Raise an error if the kept cluster runs another node image; only the user may replace it."""
    process = subprocess.run(
        [engine, "inspect", "--format", "{{.Config.Image}}", f"{kept_name()}-control-plane"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    current = process.stdout.strip()
    if current and not current.endswith(image):
        raise SandboxError(
            f"cluster {kept_name()} runs node image {current} instead of {image}",
            "delete it with ./dev down, then run this command again",
        )


@contextmanager
def _as_sandbox_errors() -> Iterator[None]:
    from pytest_podshare.errors import PodshareError

    try:
        yield
    except PodshareError as error:
        raise SandboxError(error.what, error.remedy) from error
