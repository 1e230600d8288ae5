"""The Docker engine that ``./dev`` starts itself: its configuration, start and end.

Everything of it that can be is in the cache; ``/etc/docker`` is never written.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from sandbox import host, places
from sandbox.errors import SandboxError
from sandbox.running import end_group, last_lines

START_SECONDS = 60.0
STOP_SECONDS = 20.0
# where dockerd keeps what its containerd runs with
CONTAINERD = Path("/run/docker/containerd")


def pid() -> int | None:
    """The process id of our running dockerd; None when none of ours runs.

    The file holds the process's start time beside its number, so a number that was given to
    another process since is not taken for ours.
    """
    try:
        number, started = _pid_file().read_text().split()
    except (OSError, ValueError):
        return None
    return int(number) if number.isdecimal() and _started(int(number)) == started else None


def start() -> None:
    """Start dockerd in a session of its own and wait until it answers."""
    folder = places.engine_folder()
    folder.mkdir(parents=True, exist_ok=True)
    config, log = folder / "daemon.json", folder / "dockerd.log"
    config.write_text(json.dumps(configuration(folder), indent=1) + "\n")
    # Left behind by a machine that was switched off, it would keep dockerd from starting.
    (folder / "docker.pid").unlink(missing_ok=True)
    forget_dead_containerd()
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["dockerd", "--config-file", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # it outlives ./dev, and Ctrl-C does not reach it
            cwd="/",
        )
    _pid_file().write_text(f"{process.pid} {_started(process.pid)}\n")
    try:
        _wait_until_it_answers(process, log)
    except BaseException:
        end_group(process)
        _pid_file().unlink(missing_ok=True)
        raise


def forget_dead_containerd(folder: Path = CONTAINERD) -> None:
    """Remove the pid file of dockerd's own containerd, when that was killed along with it.

    dockerd asks only whether the number is still taken, and a zombie that nobody has waited for
    takes it: it would then wait for that containerd in vain. One that lives is used again.
    """
    for file in folder.glob("*.pid"):
        number = file.read_text().strip()
        if not number.isdecimal() or not _started(int(number)):
            file.unlink(missing_ok=True)


def configuration(folder: Path) -> dict[str, object]:
    """The content of daemon.json; installs the runc wrapper where this machine needs it."""
    settings: dict[str, object] = {"pidfile": str(folder / "docker.pid")}
    if not host.has_sys_resource():
        wrapper = folder / "runc-capped"
        shutil.copyfile(places.SANDBOX / "runc-capped", wrapper)
        wrapper.chmod(0o755)
        settings["runtimes"] = {"capped": {"path": str(wrapper)}}
        settings["default-runtime"] = "capped"
    return settings


def stop() -> None:
    """End our dockerd and wait for it; nothing happens when none of ours runs."""
    number = pid()
    if number is None:
        return
    os.kill(number, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while pid() is not None:
        if time.monotonic() > deadline:
            raise SandboxError(
                f"dockerd (process {number}) does not end",
                f"see {places.engine_folder() / 'dockerd.log'}; kill {number} by hand if need be",
            )
        with contextlib.suppress(ChildProcessError):
            os.waitpid(number, os.WNOHANG)
        time.sleep(0.1)
    _pid_file().unlink(missing_ok=True)


def _wait_until_it_answers(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _answers():
        ended = process.poll()
        if ended is None and time.monotonic() < deadline:
            time.sleep(0.2)
            continue
        what = (
            f"ended (exit {ended})" if ended is not None else f"is silent for {START_SECONDS:.0f} s"
        )
        raise SandboxError(
            f"the Docker engine {what}; its last lines:",
            f"see {log}; mend what it says, then run this again",
            shown=last_lines(log),
        )


def _answers() -> bool:
    asked = subprocess.run(
        ["docker", "info"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return asked.returncode == 0


def _pid_file() -> Path:
    return places.engine_folder() / "dockerd.pid"


def _started(number: int) -> str:
    """When the process started, in clock ticks since boot; empty when it is gone."""
    try:
        # The name, in parentheses, may hold anything; what follows it has fixed positions.
        after_name = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if after_name[0] == "Z" else after_name[19]
