"""Start, configure and stop the Docker engine that ``./dev`` runs itself.

Its files are in the cache folder; ``/etc/docker`` is never written.
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

from sandbox import host, paths
from sandbox.errors import SandboxError
from sandbox.step_runner import last_lines, terminate_group

START_SECONDS = 60.0
STOP_SECONDS = 20.0
# Where dockerd keeps the runtime files of its containerd.
CONTAINERD = Path("/run/docker/containerd")


def pid() -> int | None:
    """Return the process ID of the dockerd that ``./dev`` started, or None if it does not run.

    The file also contains the start time of the process, which tells it apart from a later process
    with the same ID.
    """
    try:
        number, start_time = _pid_file().read_text().split()
    except (OSError, ValueError):
        return None
    return int(number) if number.isdecimal() and _start_time(int(number)) == start_time else None


def start() -> None:
    """Start dockerd in a session of its own and wait until it responds."""
    folder = paths.engine_folder()
    folder.mkdir(parents=True, exist_ok=True)
    config, log = folder / "daemon.json", folder / "dockerd.log"
    config.write_text(json.dumps(configuration(folder), indent=1) + "\n")
    # Left behind when the machine was switched off; dockerd would refuse to start.
    (folder / "docker.pid").unlink(missing_ok=True)
    remove_stale_containerd_pid()
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["dockerd", "--config-file", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # it outlives ./dev, and Ctrl-C does not reach it
            cwd="/",
        )
    _pid_file().write_text(f"{process.pid} {_start_time(process.pid)}\n")
    try:
        _wait_until_responding(process, log)
    except BaseException:
        terminate_group(process)
        _pid_file().unlink(missing_ok=True)
        raise


def remove_stale_containerd_pid(folder: Path = CONTAINERD) -> None:
    """Remove the PID file of dockerd's containerd if that process is dead.

    dockerd only checks whether the PID is taken. A zombie that was never reaped takes it too, and
    dockerd would wait for it in vain. A containerd that is alive is used again.
    """
    for file in folder.glob("*.pid"):
        number = file.read_text().strip()
        if not number.isdecimal() or not _start_time(int(number)):
            file.unlink(missing_ok=True)


def configuration(folder: Path) -> dict[str, object]:
    """Return the content of daemon.json; install the runc wrapper if this machine needs it."""
    settings: dict[str, object] = {"pidfile": str(folder / "docker.pid")}
    if not host.has_sys_resource():
        wrapper = folder / "runc-capped"
        shutil.copyfile(paths.SANDBOX / "runc-capped", wrapper)
        wrapper.chmod(0o755)
        settings["runtimes"] = {"capped": {"path": str(wrapper)}}
        settings["default-runtime"] = "capped"
    return settings


def stop() -> None:
    """Stop the dockerd that ``./dev`` started, if it runs, and wait until it has ended."""
    number = pid()
    if number is None:
        return
    os.kill(number, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while pid() is not None:
        if time.monotonic() > deadline:
            raise SandboxError(
                f"dockerd (process {number}) did not stop within {STOP_SECONDS:.0f} s",
                f"see {paths.engine_folder() / 'dockerd.log'}, or kill process {number} yourself",
            )
        with contextlib.suppress(ChildProcessError):
            os.waitpid(number, os.WNOHANG)
        time.sleep(0.1)
    _pid_file().unlink(missing_ok=True)


def _wait_until_responding(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not _responds():
        exit_code = process.poll()
        if exit_code is None and time.monotonic() < deadline:
            time.sleep(0.2)
            continue
        what = (
            f"exited with status {exit_code}"
            if exit_code is not None
            else f"did not respond within {START_SECONDS:.0f} s"
        )
        raise SandboxError(
            f"the Docker engine {what}; last lines of its log:",
            f"fix the cause (full log: {log}) and run ./dev again",
            lines=last_lines(log),
        )


def _responds() -> bool:
    info = subprocess.run(
        ["docker", "info"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return info.returncode == 0


def _pid_file() -> Path:
    return paths.engine_folder() / "dockerd.pid"


def _start_time(number: int) -> str:
    """Return when the process started, in clock ticks since boot, or "" if it is gone or dead."""
    try:
        # The name, in parentheses, may contain anything; the fields after it have fixed positions.
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]
