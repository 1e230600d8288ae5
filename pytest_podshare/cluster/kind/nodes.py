"""Run commands on the nodes of a kind cluster, which are containers of the local engine."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.cluster.kind.engine import TIMEOUT, find_engine, run_engine
from pytest_podshare.kube.exec import protocol


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


def start(nodes: Sequence[str]) -> None:
    """Start the containers of nodes that have stopped.

    Raises:
        NodeAccessMissing: the engine could not start one of them.
    """
    try:
        done = run_engine("start", *nodes)
    except subprocess.TimeoutExpired:
        reason = f"it did not finish within {TIMEOUT:.0f} s"
    else:
        if done.returncode == 0:
            return
        reason = _text(done.stderr)
    raise errors.NodeAccessMissing(
        f"The container engine could not start {', '.join(nodes)}: {reason}",
        f"Find out why: {Path(find_engine()).name} logs {nodes[0]}",
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
        return run_engine("exec", *interactive, node, *argv, stdin=stdin)
    except subprocess.TimeoutExpired:
        raise _failed(node, argv, f"it did not finish within {TIMEOUT:.0f} s") from None


def _failed(node: str, argv: tuple[str, ...], reason: str) -> errors.NodeAccessMissing:
    return errors.NodeAccessMissing(
        f"`{' '.join(argv[:4])} …` failed on node {node}: {reason}",
        f"Check that the node is running: {Path(find_engine()).name} ps",
    )


def _text(output: bytes) -> str:
    return output.decode(errors="replace").strip()
