"""Why kind failed, in the words of the program that refused, and what to do about it."""

from __future__ import annotations

import os
import re

from pytest_podshare import errors
from pytest_podshare.cluster.kind.engine import PROVIDER
from pytest_podshare.cluster.ownership import find_user
from pytest_podshare.messages import Remedy

_COLORS = re.compile(r"\x1b\[[0-9;]*m")
# kind's line says which command failed; what that command printed follows
_OUTPUT = "Command Output:"
NO_MESSAGE = "no error message"
# the lines in which kubeadm says what it could not do, among many others
_KUBEADM = (re.compile(r"\[ERROR [^]]+\]: .*"), re.compile(r"error(?:: | execution phase ).*"))
# what Podman says when the session of its user has ended, or was never started by systemd
_NO_SESSION = re.compile(r"/run/user/|pause process|invalid internal status|re-exec|runtime dir")


def find_reason(output: str) -> str:
    """Return the reason in what kind printed, on one line.

    It is what the command printed that kind ran: an engine, or kubeadm on a node. Without such a
    command, it is kind's own ERROR line, or else its last line.
    """
    lines = [line.strip() for line in _COLORS.sub("", output).splitlines()]
    starts = [number for number, line in enumerate(lines) if line.startswith("ERROR")]
    after = "\n".join(lines[starts[-1] :] if starts else ())
    printed = after.partition(_OUTPUT)[2].strip()
    if printed:
        return _find_error(printed.splitlines())
    found = [lines[starts[-1]]] if starts else [line for line in lines if line]
    return found[-1].removeprefix("ERROR: ") if found else NO_MESSAGE


def _find_error(printed: list[str]) -> str:
    for pattern in _KUBEADM:
        if found := [match[0] for line in printed if (match := pattern.search(line))]:
            return "; ".join(line.removeprefix("error: ") for line in found)
    return printed[0]


def engine_missing(reason: str) -> errors.EngineMissing:
    """Return the error of an engine that kind cannot use."""
    return errors.EngineMissing(f"kind cannot use {_engine()}: {reason}", _remedy(reason))


def _engine() -> str:
    return {"podman": "Podman", "nerdctl": "nerdctl"}.get(os.environ.get(PROVIDER, ""), "Docker")


def _remedy(reason: str) -> str | Remedy:
    """Return what to do about an engine, judging by its own words and the environment."""
    user = find_user()
    if _engine() == "Podman" and _NO_SESSION.search(reason):
        return (
            "Let this user's services run without a session, then repair Podman's state:"
            f" loginctl enable-linger {user} && podman system migrate"
        )
    if _engine() == "Docker" and (host := os.environ.get("DOCKER_HOST")):
        return f"Start the engine at DOCKER_HOST={host}, or unset DOCKER_HOST."
    if "permission denied" in reason:
        return (
            f"Add this user to the group docker, as root: usermod -aG docker {user}"
            " (then log in again)."
        )
    return Remedy(
        "Start Docker or Podman, or use an existing cluster with {}.", "provider=existing"
    )
