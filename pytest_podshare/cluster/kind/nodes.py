"""Run commands on the nodes of a kind cluster, which are containers of the local engine."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

from pytest_podshare import errors
from pytest_podshare.kube.exec import protocol

# seconds for a command on a node, which never does more than look or send a signal
_TIMEOUT = 30.0


def find_engine() -> str:
    """Return the program of the container engine that kind uses.

    Raises:
        EngineMissing: neither it nor Podman is on PATH.
    """
    engine = os.environ.get("KIND_EXPERIMENTAL_PROVIDER") or "docker"
    for name in (engine, "podman"):
        if found := shutil.which(name):
            return found
    raise errors.EngineMissing(
        f"The container engine {engine} was not found on PATH.",
        "Install the client of the engine that kind uses.",
    )


def run(node: str, *argv: str) -> str:
    """Run a command on a node, and return its stdout.

    Raises:
        NodeAccessMissing: it failed, or did not finish.
    """
    done = _exec(node, argv)
    if done.returncode != 0:
        raise _failed(node, argv, _text(done.stderr) or f"exit code {done.returncode}")
    return done.stdout.decode(errors="replace")


def run_script(node: str, script: bytes) -> protocol.Completed:
    """Run a POSIX shell script on a node, with an empty stdin.

    Raises:
        NodeAccessMissing: it could not be run, or did not finish.
    """
    marker = protocol.new_marker()
    # the frame that an exec session would send, without the channel number
    done = _exec(node, ("sh",), stdin=protocol.command_frame(script, marker)[1:])
    reply = protocol.ReplyParser(marker)
    reply.feed(bytes([protocol.STDOUT]) + done.stdout)
    reply.feed(bytes([protocol.STDERR]) + done.stderr)
    if reply.completed is None:
        raise _failed(node, ("sh",), _text(done.stderr))
    return reply.completed


def read_states(cluster: str) -> tuple[tuple[str, str], ...]:
    """Return each node of a kind cluster with the state of its container; "" if that runs."""
    listing = ("ps", "--all", "--filter", f"label=io.x-k8s.kind.cluster={cluster}")
    try:
        done = _engine(*listing, "--format", "{{.Names}} {{.State}}")
    except (errors.EngineMissing, subprocess.TimeoutExpired):
        # an engine that does not answer reports no states
        return ()
    lines = (line.split() for line in done.stdout.decode().splitlines())
    return tuple((name, "" if state == "running" else state) for name, state, *_ in lines)


def start(nodes: Sequence[str]) -> None:
    """Start the containers of nodes that have stopped.

    Raises:
        NodeAccessMissing: the engine could not start one of them.
    """
    try:
        done = _engine("start", *nodes)
        reason = _text(done.stderr)
    except subprocess.TimeoutExpired:
        reason = f"it did not finish within {_TIMEOUT:.0f} s"
    else:
        if done.returncode == 0:
            return
    raise errors.NodeAccessMissing(
        f"The container engine could not start {', '.join(nodes)}: {reason}",
        "Delete the cluster and try again: kind delete cluster --name NAME",
    )


def read_time(node: str) -> str:
    """Return the time on a node, in the format of the Kubernetes API and in whole seconds.

    Raises:
        NodeAccessMissing: the node does not run.
    """
    return run(node, "date", "-u", "+%Y-%m-%dT%H:%M:%SZ").strip()


def _exec(
    node: str, argv: tuple[str, ...], stdin: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    interactive = () if stdin is None else ("-i",)
    try:
        return _engine("exec", *interactive, node, *argv, stdin=stdin)
    except subprocess.TimeoutExpired:
        raise _failed(node, argv, f"it did not finish within {_TIMEOUT:.0f} s") from None


def _engine(*arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [find_engine(), *arguments], input=stdin, capture_output=True, timeout=_TIMEOUT, check=False
    )


def _failed(node: str, argv: tuple[str, ...], reason: str) -> errors.NodeAccessMissing:
    return errors.NodeAccessMissing(
        f"`{' '.join(argv[:4])} …` failed on node {node}: {reason}",
        "Check that the node is running: docker ps",
    )


def _text(output: bytes) -> str:
    return output.decode(errors="replace").strip()
