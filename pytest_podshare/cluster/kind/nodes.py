"""The nodes of a kind cluster: containers of the local engine, so commands can be run on them."""

from __future__ import annotations

import os
import shutil
import subprocess

from pytest_podshare import errors
from pytest_podshare.kube.exec import protocol

# seconds for a command on a node; none of ours does more than look or send a signal
_PATIENCE = 30.0


def engine_program() -> str:
    """The container engine that kind uses.

    Raises:
        EngineMissing: neither it nor Podman is on PATH.
    """
    wanted = os.environ.get("KIND_EXPERIMENTAL_PROVIDER") or "docker"
    for name in (wanted, "podman"):
        if found := shutil.which(name):
            return found
    raise errors.EngineMissing(
        f"There is no {wanted} on PATH.", "Install the client of the engine that kind uses."
    )


def run(node: str, *argv: str) -> str:
    """Run a command on a node.

    Returns:
        What it printed.

    Raises:
        NodeAccessMissing: it failed, or did not end.
    """
    try:
        done = subprocess.run(
            [engine_program(), "exec", node, *argv],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _failed(node, argv, f"no end within {_PATIENCE:.0f} s") from None
    if done.returncode != 0:
        raise _failed(node, argv, done.stderr.strip() or f"exit code {done.returncode}")
    return done.stdout


def script(node: str, script: bytes) -> protocol.Completed:
    """Run a POSIX shell script on a node, with an empty stdin.

    Returns:
        Its exit code and what it printed.

    Raises:
        NodeAccessMissing: it could not be run, or did not end.
    """
    marker = protocol.new_marker()
    try:
        done = subprocess.run(
            [engine_program(), "exec", "-i", node, "sh"],
            # as an exec session is sent it, without the channel's number
            input=protocol.command_frame(script, marker)[1:],
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _failed(node, ("sh",), f"no end within {_PATIENCE:.0f} s") from None
    reply = protocol.ReplyParser(marker)
    reply.feed(bytes([protocol.STDOUT]) + done.stdout)
    reply.feed(bytes([protocol.STDERR]) + done.stderr)
    if reply.completed is None:
        raise _failed(node, ("sh",), done.stderr.decode(errors="replace").strip())
    return reply.completed


def states(cluster: str) -> tuple[tuple[str, str], ...]:
    """The containers that are a kind cluster's nodes, each with its state; "" if it runs.

    Empty where the engine cannot be asked.
    """
    asked = ["ps", "--all", "--filter", f"label=io.x-k8s.kind.cluster={cluster}"]
    try:
        done = subprocess.run(
            [engine_program(), *asked, "--format", "{{.Names}} {{.State}}"],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (errors.EngineMissing, subprocess.TimeoutExpired):
        return ()
    told = [line.split() for line in done.stdout.splitlines()]
    return tuple((name, "" if state == "running" else state) for name, state, *_ in told)


def _failed(node: str, argv: tuple[str, ...], why: str) -> errors.NodeAccessMissing:
    return errors.NodeAccessMissing(
        f"`{' '.join(argv[:4])} …` on node {node}: {why}", "See whether the node runs: docker ps"
    )
