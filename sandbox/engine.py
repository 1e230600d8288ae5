"""Choose a container engine, and start or install one if there is none.

``choose_action`` is a pure function of ``EngineFacts``, which ``gather_facts`` collects; ``ensure``
carries out the action. An engine that ``./dev`` did not start is used as it is or rejected, but
never changed.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sandbox import dockerd, host, packages
from sandbox.console import say
from sandbox.errors import SandboxError

DOCKER_PACKAGES = ("docker.io", "iptables", "iproute2", "jq")
RESPONSE_SECONDS = 10.0


@dataclass(frozen=True)
class EngineFacts:
    """The container engines on this machine, and what starting one depends on."""

    docker_version: str = ""  # of the engine, not the client; empty if no engine responds
    docker_error: str = ""
    docker_default_runtime: str = "runc"
    docker_cgroups: str = ""
    docker_storage: str = ""
    docker_host: str = ""  # the environment variable
    engine_lacks_sys_resource: bool = False  # the process that starts the containers
    started_by_dev: bool = False
    dockerd_installed: bool = False
    podman_version: str = ""
    podman_error: str = ""  # empty if it responds or is not installed
    podman_cgroups: str = ""
    podman_storage: str = ""
    root: bool = False
    debian: bool = False
    sys_resource: bool = True  # this process

    @property
    def responding(self) -> str:
        """Return the name of the engine that responds, or ""."""
        return "docker" if self.docker_version else "podman" if self.podman_version else ""


class EngineAction(Enum):
    """How to get a container engine; the value completes the sentence "./dev will …"."""

    USE_DOCKER = "use the running Docker"
    USE_PODMAN = "use Podman"
    START_DOCKER = "start the installed Docker"
    INSTALL_DOCKER = "install Docker and start it"


def choose_action(facts: EngineFacts, *, may_install: bool) -> EngineAction:
    """Return how to get a container engine.

    Raises:
        SandboxError: there is no way to get one.
    """
    if facts.docker_version:
        if facts.engine_lacks_sys_resource and facts.docker_default_runtime == "runc":
            raise SandboxError(
                "the running Docker cannot start kind's privileged containers: this machine lacks "
                "CAP_SYS_RESOURCE, and ./dev does not reconfigure an engine it did not start",
                "stop that dockerd and run ./dev again, which starts one with a workaround",
            )
        return EngineAction.USE_DOCKER
    if facts.docker_host:
        raise SandboxError(
            f"no container engine responds at DOCKER_HOST={facts.docker_host}",
            "start that engine, or unset DOCKER_HOST to use an engine on this machine",
        )
    if facts.podman_version and facts.sys_resource:
        return EngineAction.USE_PODMAN
    if "permission denied" in facts.docker_error:
        podman = (
            f", and Podman does not respond: {facts.podman_error}" if facts.podman_error else ""
        )
        raise SandboxError(
            f"Docker is running, but this user is not allowed to access it{podman}",
            "run as root: usermod -aG docker <user>, then log in again; or run ./dev as root",
        )
    if facts.dockerd_installed:
        return _start(facts)
    return _install(facts, may_install=may_install)


def _start(facts: EngineFacts) -> EngineAction:
    if not facts.root:
        raise SandboxError(
            "Docker is installed but not running, and only root can start it",
            "run as root: systemctl start docker; or run ./dev as root",
        )
    return EngineAction.START_DOCKER


def _install(facts: EngineFacts, *, may_install: bool) -> EngineAction:
    if not facts.root or not facts.debian:
        raise SandboxError(
            "no container engine found: neither Docker nor Podman responds",
            "install and start Docker (Debian, as root: apt-get install docker.io)"
            + ("" if facts.root or not facts.debian else ", or run ./dev as root, which does both"),
        )
    if not may_install:
        raise SandboxError(
            f"no container engine found; --no-install rules out {' '.join(DOCKER_PACKAGES)}",
            "install and start Docker or Podman, or omit --no-install",
        )
    return EngineAction.INSTALL_DOCKER


def gather_facts() -> EngineFacts:
    """Return the current facts. Changes nothing."""
    docker, error = read_info("docker")
    podman, podman_error = ({}, "") if docker else read_info("podman")
    return EngineFacts(
        docker_version=docker.get("ServerVersion", ""),
        docker_error=error,
        docker_default_runtime=docker.get("DefaultRuntime", "runc"),
        docker_cgroups=docker.get("CgroupVersion", ""),
        docker_storage=docker.get("Driver", ""),
        docker_host=os.environ.get("DOCKER_HOST", ""),
        engine_lacks_sys_resource=_engine_lacks_sys_resource(),
        started_by_dev=dockerd.pid() is not None,
        dockerd_installed=all(map(shutil.which, ("dockerd", "docker"))),
        podman_version=podman.get("version", {}).get("Version", ""),
        podman_error=podman_error,
        podman_cgroups=podman.get("host", {}).get("cgroupVersion", ""),
        podman_storage=podman.get("store", {}).get("graphDriverName", ""),
        root=host.is_root(),
        debian=host.is_debian_like(),
        sys_resource=host.has_sys_resource(),
    )


def read_info(engine: str) -> tuple[dict[str, Any], str]:
    """Return the output of ``<engine> info``, or {} and the error if no engine responds."""
    if shutil.which(engine) is None:
        return {}, ""
    try:
        process = subprocess.run(
            [engine, "info", "--format", "{{json .}}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=RESPONSE_SECONDS,
        )
        return parse_info(process.stdout, process.stderr)
    except subprocess.TimeoutExpired:
        return {}, f"no response within {RESPONSE_SECONDS:.0f} s"


def parse_info(output: str, error: str) -> tuple[dict[str, Any], str]:
    """Return the facts in the output of ``info``, or {} and the error.

    A docker client that reaches no engine still prints facts about itself, possibly with exit
    code 0; old clients report the error on standard error, new ones in the output.
    """
    try:
        info = json.loads(output)
    except ValueError:
        return {}, error.strip() or "its output is not JSON"
    if info.get("ServerVersion") or info.get("version"):
        return info, ""
    return {}, " ".join(info.get("ServerErrors") or []) or error.strip() or "no response"


def _engine_lacks_sys_resource() -> bool:
    """Return whether the dockerd of this machine lacks the capability.

    The process examined is dockerd's, not this one. From inside a container, the engine of the
    surrounding machine is not visible as a process, and it has the capability.
    """
    return any(not host.has_sys_resource(pid) for pid in host.pids_of("dockerd"))


def running(*, may_install: bool) -> str:
    """Return the name of an engine that responds, or "" if one has to be started first."""
    names = {EngineAction.USE_DOCKER: "docker", EngineAction.USE_PODMAN: "podman"}
    return names.get(choose_action(gather_facts(), may_install=may_install), "")


def ensure(*, may_install: bool) -> str:
    """Return the name of an engine that responds (``docker`` or ``podman``), starting it if needed.

    Call it only while holding the lock, because it may start an engine; ``running`` needs no lock.
    """
    action = choose_action(gather_facts(), may_install=may_install)
    if action is EngineAction.INSTALL_DOCKER:
        packages.ensure(
            DOCKER_PACKAGES,
            "for a container engine",
            may_install=may_install,
            optional=["docker-cli"],  # the docker command's own package from Debian 13 on
        )
        # On a machine with systemd the package has started Docker by now.
        action = choose_action(gather_facts(), may_install=may_install)
        if action is EngineAction.INSTALL_DOCKER:
            raise SandboxError(
                "Debian's docker.io is installed, but dockerd or docker is not on PATH",
                "check the output of: apt-get install docker.io docker-cli",
            )
    if action is EngineAction.START_DOCKER:
        required = () if host.has_sys_resource() else ("jq",)
        packages.ensure(required, "for runc-capped", may_install=may_install)
        dockerd.start()
        say("started Docker (./dev down stops it)")
    return "podman" if action is EngineAction.USE_PODMAN else "docker"
