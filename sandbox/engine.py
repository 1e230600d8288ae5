"""Which container engine is used, and what is done when there is none.

``decide`` is a pure function of ``Facts``; ``look`` gathers them; ``ensure`` carries out. An engine
that ``./dev`` did not start is used as it is or refused, never changed.
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
from sandbox.errors import SandboxError
from sandbox.talk import say

INSTALLS = ("docker.io", "iptables", "iproute2", "jq")
ANSWER_SECONDS = 10.0


@dataclass(frozen=True)
class Facts:
    """What there is on this machine, as far as engines go."""

    docker_version: str = ""  # of the engine; empty when none answers
    docker_error: str = ""
    docker_default_runtime: str = "runc"
    docker_cgroups: str = ""
    docker_storage: str = ""
    docker_host: str = ""  # the environment variable
    engine_lacks_sys_resource: bool = False  # of the process that starts the containers
    ours: bool = False
    dockerd_installed: bool = False
    podman_version: str = ""
    podman_cgroups: str = ""
    podman_storage: str = ""
    root: bool = False
    debian: bool = False
    sys_resource: bool = True  # of this process


class Way(Enum):
    """How to get to an engine."""

    DOCKER = "use the running Docker"
    PODMAN = "use Podman"
    START = "start the installed Docker"
    INSTALL = "install Docker and start it"


def decide(facts: Facts, *, may_install: bool) -> Way:
    """The way to an engine, or the SandboxError that says why there is none."""
    if facts.docker_version:
        if facts.engine_lacks_sys_resource and facts.docker_default_runtime == "runc":
            raise SandboxError(
                "the running Docker cannot start kind's privileged containers: this machine lacks "
                "CAP_SYS_RESOURCE, and ./dev does not change an engine it did not start",
                "stop that dockerd and run this again: ./dev then starts one that can",
            )
        return Way.DOCKER
    if facts.docker_host:
        raise SandboxError(
            f"no engine answers at DOCKER_HOST={facts.docker_host}",
            "start that engine, or unset DOCKER_HOST to use this machine's own",
        )
    if facts.podman_version and facts.sys_resource:
        return Way.PODMAN
    if "permission denied" in facts.docker_error:
        raise SandboxError(
            "Docker is running, but this account may not use it",
            "as root: usermod -aG docker <account>, then log in again; or run ./dev as root",
        )
    if facts.dockerd_installed:
        return _start(facts)
    return _install(facts, may_install=may_install)


def _start(facts: Facts) -> Way:
    if not facts.root:
        raise SandboxError(
            "Docker is installed but not running, and only root can start it",
            "as root: systemctl start docker; or run ./dev as root",
        )
    return Way.START


def _install(facts: Facts, *, may_install: bool) -> Way:
    if not facts.root or not facts.debian:
        raise SandboxError(
            "there is no container engine: neither Docker nor Podman answers",
            "install and start Docker (Debian, as root: apt-get install docker.io)"
            + ("" if facts.root or not facts.debian else ", or run ./dev as root, which does it"),
        )
    if not may_install:
        raise SandboxError(
            f"there is no container engine, and --no-install forbids {' '.join(INSTALLS)}",
            "install and start Docker or Podman, or leave --no-install out",
        )
    return Way.INSTALL


def look() -> Facts:
    """The facts, as they are now. Changes nothing."""
    docker, error = _info("docker")
    podman = {} if docker else _info("podman")[0]
    return Facts(
        docker_version=docker.get("ServerVersion", ""),
        docker_error=error,
        docker_default_runtime=docker.get("DefaultRuntime", "runc"),
        docker_cgroups=docker.get("CgroupVersion", ""),
        docker_storage=docker.get("Driver", ""),
        docker_host=os.environ.get("DOCKER_HOST", ""),
        engine_lacks_sys_resource=_engine_lacks_sys_resource(),
        ours=dockerd.pid() is not None,
        dockerd_installed=all(map(shutil.which, ("dockerd", "docker"))),
        podman_version=podman.get("version", {}).get("Version", ""),
        podman_cgroups=podman.get("host", {}).get("cgroupVersion", ""),
        podman_storage=podman.get("store", {}).get("graphDriverName", ""),
        root=host.is_root(),
        debian=host.is_debian_like(),
        sys_resource=host.has_sys_resource(),
    )


def _info(engine: str) -> tuple[dict[str, Any], str]:
    """What ``<engine> info`` tells of an engine that answers; empty, and the error, otherwise."""
    if shutil.which(engine) is None:
        return {}, ""
    try:
        done = subprocess.run(
            [engine, "info", "--format", "{{json .}}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
        )
        return read_info(done.stdout, done.stderr)
    except subprocess.TimeoutExpired:
        return {}, f"no answer within {ANSWER_SECONDS:.0f} s"


def read_info(answer: str, error: str) -> tuple[dict[str, Any], str]:
    """The facts in the answer of ``info``, or why there are none.

    A docker client that reaches no engine still prints facts about itself, and may do so with
    exit code 0; old ones say what is wrong on standard error, new ones within the answer.
    """
    try:
        info = json.loads(answer)
    except ValueError:
        return {}, error.strip() or "its answer is not JSON"
    if info.get("ServerVersion") or info.get("version"):
        return info, ""
    return {}, " ".join(info.get("ServerErrors") or []) or error.strip() or "it is silent"


def _engine_lacks_sys_resource() -> bool:
    """Whether the dockerd of this machine lacks the capability.

    Its own process is looked at, not this one: seen from inside a container, an engine of the
    machine around it is no process at all, and has what it needs.
    """
    return any(not host.has_sys_resource(pid) for pid in host.pids_of("dockerd"))


def running(*, may_install: bool) -> str:
    """The name of the engine that answers already; empty when one has to be started first."""
    names = {Way.DOCKER: "docker", Way.PODMAN: "podman"}
    return names.get(decide(look(), may_install=may_install), "")


def ensure(*, may_install: bool) -> str:
    """The name of an engine that answers: ``docker`` or ``podman``.

    Only under the lock: it may have to start one. ``running`` is for everybody.
    """
    way = decide(look(), may_install=may_install)
    if way is Way.INSTALL:
        packages.ensure(
            INSTALLS,
            "for a container engine",
            may_install=may_install,
            if_known=["docker-cli"],  # the docker command's own package from Debian 13 on
        )
        # A machine with systemd has started it by now, and then it is not ours to start.
        way = decide(look(), may_install=may_install)
        if way is Way.INSTALL:
            raise SandboxError(
                "Debian's docker.io is installed, and there is no dockerd or docker on PATH",
                "see what apt-get install docker.io docker-cli says",
            )
    if way is Way.START:
        needed = () if host.has_sys_resource() else ("jq",)
        packages.ensure(needed, "for runc-capped", may_install=may_install)
        dockerd.start()
        say("started Docker (./dev down stops it)")
    return "podman" if way is Way.PODMAN else "docker"
