"""The kept cluster of ``./dev up``, through the plugin's own provider: what users get, we use."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.errors import SandboxError
from sandbox.talk import say

if TYPE_CHECKING:
    from pytest_podshare.cluster.kind_program import KindSettings

MAKER = "dev-up"  # stands where a test run would leave its id: no test run takes it for its own


def name() -> str:
    """The cluster's name; ``PODSHARE_CLUSTER_NAME`` changes it."""
    return os.environ.get("PODSHARE_CLUSTER_NAME") or "podshare"


def names() -> tuple[str, ...]:
    """All clusters the commands may leave: the kept one, and those of the tests and the demo.

    One of the tests' is broken on purpose, and named so in tox.ini.
    """
    return name(), f"{name()}-test", f"{name()}-test-faults", f"{name()}-demo"


def running(kind_bin: Path) -> list[str]:
    """The clusters kind knows of."""
    done = subprocess.run(
        [str(kind_bin), "get", "clusters"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    return done.stdout.split()


def up(kind_bin: Path, engine: str, image: str) -> Path:
    """Bring the kept cluster up unless it is; returns its kubeconfig file."""
    # Imported late, here and below: the Kubernetes client takes longer to load than most commands
    # take altogether.
    from pytest_podshare.cluster import kind

    settings = _settings(kind_bin, name(), image)
    if name() in running(kind_bin):
        _refuse_another_image(engine, image)
    else:
        say(f"creating cluster {name()}")
    with _as_sandbox_errors():
        kind.bring_up(settings, keep=True).close()
    return settings.kubeconfig


def delete(kind_bin: Path, cluster: str) -> None:
    """Delete a cluster and its kubeconfig file."""
    from pytest_podshare.cluster import kind

    settings = _settings(kind_bin, cluster, None)
    with _as_sandbox_errors():
        kind.delete(settings)


def _settings(kind_bin: Path, cluster: str, image: str | None) -> KindSettings:
    from pytest_podshare.cluster.kind_program import KindSettings, default_state
    from pytest_podshare.deadline import Timeouts

    return KindSettings(
        name=cluster,
        image=image,
        config=None,
        nodes=int(os.environ.get("PODSHARE_KIND_NODES") or 0) or None,
        kind_bin=kind_bin,
        run_id=MAKER,
        state=default_state(),
        timeouts=Timeouts(),
    )


def _refuse_another_image(engine: str, image: str) -> None:
    """A cluster keeps the image it was made of, so another one has to be asked for by a person."""
    node = subprocess.run(
        [engine, "inspect", "--format", "{{.Config.Image}}", f"{name()}-control-plane"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    runs = node.stdout.strip()
    if runs and not runs.endswith(image):
        raise SandboxError(
            f"cluster {name()} is up and made of {runs}, not of {image}",
            "./dev down removes it; then run this again",
        )


@contextmanager
def _as_sandbox_errors() -> Iterator[None]:
    from pytest_podshare.errors import PodshareError

    try:
        yield
    except PodshareError as error:
        raise SandboxError(error.what, error.remedy) from error
