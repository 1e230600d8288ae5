"""The container engine that kind uses, and what it says of the nodes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

from pytest_podshare import errors

# the environment variable by which kind uses another engine than Docker
PROVIDER = "KIND_EXPERIMENTAL_PROVIDER"
# seconds for a command on a node, which never does more than look or send a signal
TIMEOUT = 30.0
# what engines call a container that does not run; any other word says nothing
_NOT_RUNNING = {
    *("created", "configured", "initialized", "paused", "stopping", "stopped", "exited"),
    *("removing", "dead"),
}


def find_engine() -> str:
    """Return the program of the container engine that kind uses.

    Raises:
        EngineMissing: neither it nor Podman is on PATH.
    """
    engine = os.environ.get(PROVIDER) or "docker"
    for name in (engine, "podman"):
        if found := shutil.which(name):
            return found
    raise errors.EngineMissing(
        f"The container engine {engine} was not found on PATH.",
        "Install the client of the engine that kind uses.",
    )


def use_podman() -> bool:
    """Let kind use Podman if no engine was chosen and Podman answers; return whether it does.

    kind itself prefers Docker as soon as its client is installed, whether or not an engine answers.
    """
    if os.environ.get(PROVIDER) or os.environ.get("DOCKER_HOST"):
        return False
    podman = shutil.which("podman")
    try:
        answer = podman and subprocess.run([podman, "ps"], capture_output=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return False
    if not answer or answer.returncode != 0:
        return False
    os.environ[PROVIDER] = "podman"
    return True


def run_engine(*arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run a command of the engine; it may raise TimeoutExpired."""
    return subprocess.run(
        [find_engine(), *arguments], input=stdin, capture_output=True, timeout=TIMEOUT, check=False
    )


def read_states(cluster: str) -> tuple[tuple[str, str], ...]:
    """Return each node of a kind cluster with the state of its container.

    The state is "" if it runs, or if the engine's word for it is unknown.
    """
    listing = ("ps", "--all", "--filter", f"label=io.x-k8s.kind.cluster={cluster}")
    try:
        done = run_engine(*listing, "--format", "{{json .}}")
    except (errors.EngineMissing, subprocess.TimeoutExpired):
        # an engine that does not answer reports no states
        return ()
    return parse_states(done.stdout.decode(errors="replace"))


def parse_states(listing: str) -> tuple[tuple[str, str], ...]:
    """Return the names and states in a listing: a JSON array, or a JSON object on each line.

    Docker and nerdctl print lines, Podman an array, in which a container has several names.
    """
    text = listing.strip()
    try:
        containers = json.loads(
            text if text.startswith("[") else f"[{','.join(text.splitlines())}]"
        )
    except ValueError:
        return ()
    return tuple((_name(container), _state(container)) for container in containers)


def _name(container: Mapping[str, Any]) -> str:
    names = container.get("Names") or ""
    return str(names[0] if isinstance(names, list) else names)


def _state(container: Mapping[str, Any]) -> str:
    """Return why a container does not run; nerdctl reports only a status, such as `Up`."""
    status = str(container.get("Status", "")).lower()
    word = str(container.get("State") or status.partition(" ")[0]).lower()
    if "(paused)" in status:
        word = "paused"
    return word if word in _NOT_RUNNING else ""
