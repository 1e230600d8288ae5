"""The Docker engine of ``./dev``: its process, its configuration, and the wrapper of runc."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from sandbox import dockerd, host


@pytest.fixture
def engine_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the engine's folder in a separate cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "podshare" / "engine"
    folder.mkdir(parents=True)
    return folder


def test_only_the_process_in_the_pid_file_counts(engine_folder: Path) -> None:
    """The start time must match too, because another process may have the same ID by now."""
    assert dockerd.pid() is None
    start_time = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    file = engine_folder / "dockerd.pid"
    file.write_text(f"{os.getpid()} {start_time}\n")
    assert dockerd.pid() == os.getpid()
    for stale in (f"{os.getpid()} 1", "999999999 1", "rubbish", "", f"x {start_time}"):
        file.write_text(stale)
        assert dockerd.pid() is None


@pytest.mark.parametrize("has_capability", [True, False])
def test_the_wrapper_is_used_only_where_it_is_needed(
    engine_folder: Path, monkeypatch: pytest.MonkeyPatch, *, has_capability: bool
) -> None:
    """On a machine with the capability the configuration names no runtime."""
    monkeypatch.setattr(host, "has_sys_resource", lambda: has_capability)
    settings = dockerd.configuration(engine_folder)
    assert ("default-runtime" in settings) is not has_capability
    assert (engine_folder / "runc-capped").exists() is not has_capability


@pytest.fixture
def runc_capped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the wrapper, with a runc on PATH that prints its arguments."""
    program = tmp_path / "bin" / "runc"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return Path(__file__).parents[2] / "sandbox" / "runc-capped"


CAPABILITIES = {"bounding": ["CAP_SYS_RESOURCE", "CAP_KILL"], "effective": ["CAP_KILL"]}
REMAINING = {"bounding": ["CAP_KILL"], "effective": ["CAP_KILL"]}


@pytest.mark.skipif(not Path("/usr/bin/jq").exists(), reason="runc-capped needs jq")
def test_the_wrapper_removes_what_cannot_be_granted(runc_capped: Path, tmp_path: Path) -> None:
    """The capability, the limits and the OOM score go; everything else is passed on."""
    process = {"capabilities": CAPABILITIES, "rlimits": [1], "oomScoreAdj": -5, "cwd": "/"}
    config, exec_process = tmp_path / "config.json", tmp_path / "exec process"
    config.write_text(json.dumps({"process": process, "root": {"path": "/r"}}))
    exec_process.write_text(json.dumps({**process, "args": ["sh"]}))
    for arguments in (["create", "--bundle", str(tmp_path), "id"], ["exec", "-p", exec_process]):
        command = [runc_capped, *arguments]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert output == " ".join(map(str, arguments)) + "\n"
    remaining = {"capabilities": REMAINING, "cwd": "/"}
    assert json.loads(config.read_text()) == {"process": remaining, "root": {"path": "/r"}}
    assert json.loads(exec_process.read_text()) == {**remaining, "args": ["sh"]}


@pytest.mark.skipif(not Path("/usr/bin/jq").exists(), reason="runc-capped needs jq")
def test_the_wrapper_passes_other_calls_on(runc_capped: Path) -> None:
    """A call that names no file goes to runc unchanged."""
    command = [runc_capped, "kill", "id", "9"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert output == "kill id 9\n"


def test_only_the_pid_file_of_a_dead_containerd_is_removed(tmp_path: Path) -> None:
    """A zombie's ID is still taken, so dockerd would wait for it in vain."""
    file = tmp_path / "containerd.pid"
    living = subprocess.Popen(["sleep", "60"])
    zombie = subprocess.Popen(["true"])
    try:
        # it is never reaped, so it becomes a zombie when it ends
        while Path(f"/proc/{zombie.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            pass

        file.write_text(str(living.pid))
        dockerd.remove_stale_containerd_pid(tmp_path)
        assert file.exists()

        file.write_text(str(zombie.pid))
        dockerd.remove_stale_containerd_pid(tmp_path)
        assert not file.exists()
    finally:
        living.kill()
        living.wait()
        zombie.wait()
