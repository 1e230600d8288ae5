"""Which engine is used is a function of facts; each refusal says what to do."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from sandbox import dockerd, host, packages
from sandbox.engine import Facts, Way, decide, read_info
from sandbox.errors import SandboxError

BARE = Facts(root=True, debian=True)
RUNNING = replace(BARE, docker_version="29.0.1")


@pytest.mark.parametrize(
    ("facts", "way"),
    [
        (RUNNING, Way.DOCKER),
        (replace(RUNNING, root=False, docker_host="tcp://far:2375"), Way.DOCKER),
        (replace(RUNNING, podman_version="5.0"), Way.DOCKER),
        (replace(BARE, podman_version="5.0", dockerd_installed=True), Way.PODMAN),
        (replace(BARE, podman_version="5.0", sys_resource=False), Way.INSTALL),
        (replace(BARE, dockerd_installed=True), Way.START),
        (BARE, Way.INSTALL),
    ],
)
def test_the_way_to_an_engine(facts: Facts, way: Way) -> None:
    """What runs goes before what has to be started, and that before what has to be installed."""
    assert decide(facts, may_install=True) is way


@pytest.mark.parametrize(
    ("facts", "what", "remedy"),
    [
        (replace(BARE, root=False), "no container engine", "run ./dev as root"),
        (replace(BARE, debian=False), "no container engine", "install and start Docker"),
        (
            replace(BARE, root=False, dockerd_installed=True),
            "Docker is installed but not running",
            "systemctl start docker",
        ),
        (
            replace(BARE, root=False, docker_error="Got permission denied while trying"),
            "this account may not use it",
            "usermod -aG docker",
        ),
        (replace(BARE, docker_host="tcp://far:2375"), "tcp://far:2375", "unset DOCKER_HOST"),
        (
            replace(RUNNING, engine_lacks_sys_resource=True),
            "does not change an engine it did not start",
            "stop that dockerd",
        ),
    ],
)
def test_refusals_name_what_and_remedy(facts: Facts, what: str, remedy: str) -> None:
    """Each is one line that says what, and one that says what to do."""
    with pytest.raises(SandboxError) as caught:
        decide(facts, may_install=True)
    assert what in caught.value.what
    assert remedy in caught.value.remedy
    assert "\n" not in caught.value.what + caught.value.remedy


def test_a_wrapper_makes_up_for_the_capability() -> None:
    """A running engine that lacks it is fine when its default runtime is a wrapper."""
    facts = replace(RUNNING, engine_lacks_sys_resource=True, docker_default_runtime="capped")
    assert decide(facts, may_install=True) is Way.DOCKER


def test_no_install_names_what_it_would_have_installed() -> None:
    """And starting what is installed already is no installing."""
    with pytest.raises(SandboxError, match=r"docker\.io iptables"):
        decide(BARE, may_install=False)
    assert decide(replace(BARE, dockerd_installed=True), may_install=False) is Way.START


@pytest.mark.parametrize(
    ("answer", "error", "found", "why"),
    [
        ('{"ServerVersion": "29.0"}', "", {"ServerVersion": "29.0"}, ""),
        ('{"version": {"Version": "5.0"}}', "", {"version": {"Version": "5.0"}}, ""),
        ('{"ServerErrors": ["permission denied"], "ClientInfo": {}}', "", {}, "permission denied"),
        ('{"ServerVersion": ""}', "Cannot connect\n", {}, "Cannot connect"),
        ("\n", "template: no such field", {}, "template: no such field"),
        ("", "", {}, "its answer is not JSON"),
    ],
)
def test_what_an_engine_answers(
    answer: str, error: str, found: dict[str, object], why: str
) -> None:
    """A client's word about itself is not an engine's answer."""
    assert read_info(answer, error) == (found, why)


@pytest.mark.parametrize(
    ("uid", "bounding", "effective", "expected"),
    [
        (0, "000001ffffffffff", "000001ffffffffff", True),
        (0, "000001fffeffffff", "000001fffeffffff", False),
        (0, "000001ffffffffff", "000001fffeffffff", False),
        (1000, "000001ffffffffff", "0000000000000000", True),
        (1000, "00000000a80425fb", "0000000000000000", False),
    ],
)
def test_capabilities(uid: int, bounding: str, effective: str, *, expected: bool) -> None:
    """The bounding set decides; root's effective set too, but nobody else's."""
    status = f"Name:\tx\nUid:\t{uid}\t{uid}\t0\t0\nCapEff:\t{effective}\nCapBnd:\t{bounding}\n"
    assert host.can_have(host.SYS_RESOURCE, status) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind v0.33.0 go1.26.8 linux/amd64", (0, 33, 0)),
        ("go1.26", (1, 26)),
        ("kind version 0.9.0", (0, 9, 0)),
        ("no number", ()),
        ("", ()),
    ],
)
def test_versions_compare_as_numbers(text: str, expected: tuple[int, ...]) -> None:
    """0.9 is older than 0.30, and no version at all is older than any."""
    assert host.version(text) == expected
    assert host.version("v0.9.0") < host.version("v0.30.0")


def test_codename_is_debians_only() -> None:
    """Ubuntu's mirrors hold no Debian."""
    assert host.codename('ID=debian\nVERSION_CODENAME=bookworm\nNAME="Debian"\n') == "bookworm"
    assert host.codename("ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n") == ""


@pytest.mark.parametrize(
    ("root", "debian", "may_install", "refused"),
    [
        (True, True, True, ""),
        (True, True, False, "not installing gcc jq, as --no-install asks"),
        (False, True, True, "only root can install gcc jq"),
        (True, False, True, "this needs Debian's gcc jq, and this machine has no apt"),
    ],
)
def test_packages_are_refused_with_a_reason(
    *, root: bool, debian: bool, may_install: bool, refused: str
) -> None:
    """The packages are named in each."""
    given = {"root": root, "debian": debian, "may_install": may_install}
    assert packages.refusal(["gcc", "jq"], **given) == refused


@pytest.fixture
def engine_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own, with the engine's folder in it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "podshare" / "engine"
    folder.mkdir(parents=True)
    return folder


def test_only_the_process_of_the_pid_file_is_ours(engine_folder: Path) -> None:
    """A number alone is not enough: it may have been given to another process since."""
    assert dockerd.pid() is None
    own = Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]
    file = engine_folder / "dockerd.pid"
    file.write_text(f"{os.getpid()} {own}\n")
    assert dockerd.pid() == os.getpid()
    for stale in (f"{os.getpid()} 1", "999999999 1", "rubbish", "", f"x {own}"):
        file.write_text(stale)
        assert dockerd.pid() is None


@pytest.mark.parametrize("has", [True, False])
def test_the_wrapper_is_used_only_where_it_is_needed(
    engine_folder: Path, monkeypatch: pytest.MonkeyPatch, *, has: bool
) -> None:
    """On a machine with the capability the configuration names no runtime."""
    monkeypatch.setattr(host, "has_sys_resource", lambda: has)
    settings = dockerd.configuration(engine_folder)
    assert ("default-runtime" in settings) is not has
    assert (engine_folder / "runc-capped").exists() is not has


@pytest.fixture
def runc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A runc that shows what it was called with, first on PATH."""
    program = tmp_path / "bin" / "runc"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return Path(__file__).parents[2] / "sandbox" / "runc-capped"


CAPABILITIES = {"bounding": ["CAP_SYS_RESOURCE", "CAP_KILL"], "effective": ["CAP_KILL"]}
STRUCK = {"bounding": ["CAP_KILL"], "effective": ["CAP_KILL"]}


@pytest.mark.skipif(not Path("/usr/bin/jq").exists(), reason="runc-capped runs jq")
def test_runc_capped_strikes_what_cannot_be_given(runc: Path, tmp_path: Path) -> None:
    """The capability, the limits and the score go, all else and the arguments stay."""
    process = {"capabilities": CAPABILITIES, "rlimits": [1], "oomScoreAdj": -5, "cwd": "/"}
    config, one_more = tmp_path / "config.json", tmp_path / "one more"
    config.write_text(json.dumps({"process": process, "root": {"path": "/r"}}))
    one_more.write_text(json.dumps({**process, "args": ["sh"]}))
    for arguments in (["create", "--bundle", str(tmp_path), "id"], ["exec", "-p", str(one_more)]):
        done = subprocess.run([runc, *arguments], capture_output=True, text=True, check=True)
        assert done.stdout == " ".join(arguments) + "\n"
    kept = {"capabilities": STRUCK, "cwd": "/"}
    assert json.loads(config.read_text()) == {"process": kept, "root": {"path": "/r"}}
    assert json.loads(one_more.read_text()) == {**kept, "args": ["sh"]}


@pytest.mark.skipif(not Path("/usr/bin/jq").exists(), reason="runc-capped runs jq")
def test_runc_capped_hands_everything_else_through(runc: Path) -> None:
    """A call that names no file is runc's alone."""
    done = subprocess.run([runc, "kill", "id", "9"], capture_output=True, text=True, check=True)
    assert done.stdout == "kill id 9\n"


def test_a_dead_containerd_is_forgotten_and_a_living_one_kept(tmp_path: Path) -> None:
    """A zombie's number is still taken, and dockerd would wait for it in vain."""
    file = tmp_path / "containerd.pid"
    living = subprocess.Popen(["sleep", "60"])
    zombie = subprocess.Popen(["true"])
    try:
        # not waited for: the state Z comes without our asking
        while Path(f"/proc/{zombie.pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
            pass

        file.write_text(str(living.pid))
        dockerd.forget_dead_containerd(tmp_path)
        assert file.exists()

        file.write_text(str(zombie.pid))
        dockerd.forget_dead_containerd(tmp_path)
        assert not file.exists()
    finally:
        living.kill()
        living.wait()
        zombie.wait()
