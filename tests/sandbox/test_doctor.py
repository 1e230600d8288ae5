"""``./dev doctor`` names what is present, what is missing and how to fix it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from sandbox import doctor
from sandbox.doctor import Prerequisite
from sandbox.engine import EngineFacts


def rendered(prerequisites: Sequence[Prerequisite]) -> str:
    """Return the table as plain text."""
    console = Console(file=io.StringIO(), width=100)
    console.print(doctor.table(prerequisites))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.splitlines())


def test_the_table() -> None:
    """Three columns: what, found, and the command that fixes what is missing."""
    prerequisites = [
        Prerequisite("git", ready=True, found="/usr/bin/git"),
        Prerequisite("kind", ready=False, found="none", remedy="./dev build kind"),
    ]
    assert rendered(prerequisites) == (
        "    what  found         how to fix it\n"
        "ok  git   /usr/bin/git\n"
        "--  kind  none          ./dev build kind"
    )


@pytest.mark.parametrize(
    ("facts", "ready", "found", "remedy"),
    [
        (
            EngineFacts(docker_version="20.10"),
            True,
            "Docker 20.10, not started by ./dev",
            "",
        ),
        (
            EngineFacts(docker_version="20.10", started_by_dev=True),
            True,
            "Docker 20.10, started by ./dev",
            "",
        ),
        (EngineFacts(podman_version="5.0"), True, "Podman 5.0", ""),
        (EngineFacts(root=True, debian=True), False, "none", "./dev up will install Docker"),
        (
            EngineFacts(root=True, dockerd_installed=True),
            False,
            "Docker, not running",
            "./dev up will start",
        ),
        (EngineFacts(), False, "no container engine found", "install and start Docker"),
    ],
)
def test_the_container_engine(facts: EngineFacts, found: str, remedy: str, *, ready: bool) -> None:
    """It is chosen as in the other commands, but nothing is started or installed."""
    prerequisite = doctor.container_engine(facts, may_install=True)
    assert prerequisite.ready is ready
    assert prerequisite.found.startswith(found)
    assert prerequisite.remedy.startswith(remedy)


@pytest.mark.parametrize(
    ("name", "info", "error", "found"),
    [
        ("docker", {"ServerVersion": "29.0"}, "", "responds, 29.0"),
        ("podman", {"version": {"Version": "4.3.1"}}, "", "responds, 4.3.1"),
        ("docker", {}, "permission denied", "permission denied"),
        ("podman", {}, "Error: no\nruntime directory", "Error: no runtime directory"),
    ],
)
def test_the_state_of_each_engine(name: str, info: dict[str, Any], error: str, found: str) -> None:
    """In the engine's own words; one that does not respond is no obstacle if another does."""
    prerequisite = doctor.engine_state(name, info, error)
    assert (prerequisite.name.strip(), prerequisite.found) == (name, found)
    assert prerequisite.ready


def test_the_capability() -> None:
    """The engine's process counts if there is one, else this process."""
    present = EngineFacts(docker_version="29", sys_resource=False)
    assert doctor.sys_resource(present).found == "present"
    assert "runc-capped" in doctor.sys_resource(EngineFacts(sys_resource=False)).found
    missing = replace(present, engine_lacks_sys_resource=True)
    assert "runc-capped" in doctor.sys_resource(missing).found


def test_the_disk() -> None:
    """If there is too little space, the remedy says how much is needed."""
    assert doctor.disk(50 * 2**30) == Prerequisite("disk", ready=True, found="50 GiB free")
    prerequisite = doctor.disk(3 * 2**30)
    assert not prerequisite.ready
    assert "20 GiB" in prerequisite.remedy
