"""The choice of a container engine is a function of facts, and every refusal names a remedy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sandbox.engine import EngineAction, EngineFacts, choose_action, parse_info
from sandbox.errors import SandboxError

NO_ENGINE = EngineFacts(root=True, debian=True)
RUNNING = replace(NO_ENGINE, docker_version="29.0.1")


@pytest.mark.parametrize(
    ("facts", "action"),
    [
        (RUNNING, EngineAction.USE_DOCKER),
        (replace(RUNNING, root=False, docker_host="tcp://far:2375"), EngineAction.USE_DOCKER),
        (replace(RUNNING, podman_version="5.0"), EngineAction.USE_DOCKER),
        (
            replace(NO_ENGINE, podman_version="5.0", dockerd_installed=True),
            EngineAction.USE_PODMAN,
        ),
        (
            replace(NO_ENGINE, podman_version="5.0", sys_resource=False),
            EngineAction.INSTALL_DOCKER,
        ),
        (replace(NO_ENGINE, dockerd_installed=True), EngineAction.START_DOCKER),
        (NO_ENGINE, EngineAction.INSTALL_DOCKER),
    ],
)
def test_the_choice_of_an_engine(facts: EngineFacts, action: EngineAction) -> None:
    """A running engine is preferred to one to start, and that to one to install."""
    assert choose_action(facts, may_install=True) is action


@pytest.mark.parametrize(
    ("facts", "what", "remedy"),
    [
        (replace(NO_ENGINE, root=False), "no container engine", "run ./dev as root"),
        (replace(NO_ENGINE, debian=False), "no container engine", "install and start Docker"),
        (
            replace(NO_ENGINE, root=False, dockerd_installed=True),
            "Docker is installed but not running",
            "systemctl start docker",
        ),
        (
            replace(NO_ENGINE, root=False, docker_error="Got permission denied while trying"),
            "this user is not allowed to access it",
            "usermod -aG docker",
        ),
        (
            replace(
                NO_ENGINE,
                root=False,
                docker_error="permission denied",
                podman_error="no runtime dir",
            ),
            "Podman does not respond: no runtime dir",
            "usermod -aG docker",
        ),
        (
            replace(NO_ENGINE, docker_host="tcp://far:2375"),
            "tcp://far:2375",
            "unset DOCKER_HOST",
        ),
        (
            replace(RUNNING, engine_lacks_sys_resource=True),
            "does not reconfigure an engine it did not start",
            "stop that dockerd",
        ),
    ],
)
def test_a_refusal_names_the_problem_and_the_remedy(
    facts: EngineFacts, what: str, remedy: str
) -> None:
    """Each of them takes one line."""
    with pytest.raises(SandboxError) as caught:
        choose_action(facts, may_install=True)
    assert what in caught.value.what
    assert remedy in caught.value.remedy
    assert "\n" not in caught.value.what + caught.value.remedy


def test_a_wrapper_makes_up_for_the_missing_capability() -> None:
    """A running engine without it is accepted if its default runtime is a wrapper."""
    facts = replace(RUNNING, engine_lacks_sys_resource=True, docker_default_runtime="capped")
    assert choose_action(facts, may_install=True) is EngineAction.USE_DOCKER


def test_no_install_names_the_packages_it_rules_out() -> None:
    """It does not rule out starting a Docker that is installed."""
    with pytest.raises(SandboxError, match=r"docker\.io iptables"):
        choose_action(NO_ENGINE, may_install=False)
    installed = replace(NO_ENGINE, dockerd_installed=True)
    assert choose_action(installed, may_install=False) is EngineAction.START_DOCKER


@pytest.mark.parametrize(
    ("facts", "engine"),
    [
        (RUNNING, "docker"),
        (replace(RUNNING, podman_version="5.0"), "docker"),
        (replace(NO_ENGINE, podman_version="5.0"), "podman"),
        (replace(NO_ENGINE, dockerd_installed=True), ""),
    ],
)
def test_the_engine_that_responds(facts: EngineFacts, engine: str) -> None:
    """Docker is preferred to Podman."""
    assert facts.responding == engine


@pytest.mark.parametrize(
    ("output", "error", "info", "reason"),
    [
        ('{"ServerVersion": "29.0"}', "", {"ServerVersion": "29.0"}, ""),
        ('{"version": {"Version": "5.0"}}', "", {"version": {"Version": "5.0"}}, ""),
        ('{"ServerErrors": ["permission denied"], "ClientInfo": {}}', "", {}, "permission denied"),
        ('{"ServerVersion": ""}', "Cannot connect\n", {}, "Cannot connect"),
        ("\n", "template: no such field", {}, "template: no such field"),
        ("", "", {}, "its output is not JSON"),
    ],
)
def test_the_output_of_info(output: str, error: str, info: dict[str, object], reason: str) -> None:
    """What a client says about itself does not count as an engine's response."""
    assert parse_info(output, error) == (info, reason)
