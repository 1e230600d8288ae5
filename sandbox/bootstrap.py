"""Makes the project's virtual environment once, outside the checkout, and starts in it.

Runs before anything is installed: standard library only, and no import of the other modules.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NoReturn

UNUSED_SECONDS = 14 * 24 * 3600
LAST_LINES = 15
# every package and its digests; `sandbox/README.md` says how it is made
PINNED = Path("sandbox", "python", "dev.txt")


def main(checkout: Path, arguments: list[str]) -> NoReturn:
    """Replace this process with ``python -m sandbox`` in the project's environment."""
    # Sessions without a login (cron, CI, env -i) may lack both.
    os.environ.setdefault("HOME", str(Path.home()))
    os.environ["PATH"] = with_system_folders(os.environ.get("PATH", ""))
    venvs = cache() / "venv"
    venv = venvs / key(checkout)
    ready = venv / "ready"
    if not ready.is_file():
        with lock(venvs):
            if not ready.is_file():
                make(venv, checkout, may_install="--no-install" not in arguments)
    with contextlib.suppress(OSError):  # the cache of another account can still be used
        os.utime(ready)
    python = venv / "bin" / "python"
    os.chdir(checkout)
    os.execv(python, [str(python), "-m", "sandbox", *arguments])


def cache() -> Path:
    """The project's cache folder, as in ``places``."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "podshare"


def with_system_folders(path: str) -> str:
    """PATH with the folders of system programs, which an ordinary account's may lack."""
    folders = [folder for folder in path.split(os.pathsep) if folder]
    for folder in ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"):
        if folder not in folders:
            folders.append(folder)
    return os.pathsep.join(folders)


def key(checkout: Path) -> str:
    """The name of the environment: all that it is made from."""
    project = checkout / "pyproject.toml"
    if not project.is_file():
        fail(f"{project} is not there", "start ./dev in a full checkout of the project")
    pinned = checkout / PINNED
    if not pinned.is_file():
        fail(f"{pinned} is not there", "start ./dev in a full checkout of the project")
    facts = [project.read_bytes(), pinned.read_bytes()]
    facts += [bytes(checkout), sys.version.encode(), sys.prefix.encode()]
    total = hashlib.sha256()
    for fact in facts:
        total.update(hashlib.sha256(fact).digest())
    return total.hexdigest()[:12]


@contextlib.contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Only one ./dev at a time makes an environment."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("a")
    except OSError as error:
        fail(
            f"the cache folder {folder} cannot be written: {error.strerror}",
            "make it writable, or name another one with XDG_CACHE_HOME",
        )
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another ./dev is making the project's environment; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make(venv: Path, checkout: Path, *, may_install: bool) -> None:
    """Make the environment and install the project, editable, into it."""
    ensurepip = importlib.util.find_spec("ensurepip")
    if ensurepip is None or ensurepip.origin is None:  # None: an empty folder of that name
        install_ensurepip(may_install=may_install)
    prune(venv.parent)
    say(f"making the project's Python environment, once (about a minute): {venv}")
    # Scripts in an environment carry its path, so it cannot be made elsewhere and renamed: the
    # file `ready`, written last, is what counts.
    shutil.rmtree(venv, ignore_errors=True)
    log = venv.with_suffix(".log")
    begun = time.monotonic()
    with log.open("wb") as output:
        run([sys.executable, "-I", "-m", "venv", str(venv)], output, log)
        pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check"]
        run([*pip, "--require-hashes", "--requirement", str(checkout / PINNED)], output, log)
        # all that it needs is there by now, what builds it as well
        itself = ["--no-deps", "--no-build-isolation", "--editable", str(checkout)]
        run([*pip, *itself], output, log)
    (venv / "ready").write_text(f"{checkout}\n")
    say(f"environment made in {time.monotonic() - begun:.0f} s")


def install_ensurepip(*, may_install: bool) -> None:
    """Debian keeps the part of Python that makes environments in a package of its own."""
    package = f"python3.{sys.version_info[1]}-venv"  # of this Python, were there several
    by_hand = f"apt-get update && apt-get install {package}"
    if not is_debians_python():
        fail(
            f"{sys.executable} cannot make virtual environments (it has no ensurepip)",
            "install a full Python 3.10 or newer and put it first on PATH",
        )
    if os.geteuid() != 0:
        fail(
            "this Python cannot make virtual environments, and only root can install what it lacks",
            f"as root: {by_hand}",
        )
    if not may_install:
        fail(f"not installing {package}, as --no-install asks", f"install it: {by_hand}")
    say(f"installing Debian's {package}, which makes virtual environments")
    log = cache() / "venv" / "apt.log"
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with log.open("wb") as output:
        run(["apt-get", "update", "-qq"], output, log, quiet)
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
        run([*install, package], output, log, quiet)


def is_debians_python() -> bool:
    """Whether apt can add to the Python that runs now."""
    return shutil.which("apt-get") is not None and sys.base_prefix == "/usr"


def run(
    command: list[str], output: BinaryIO, log: Path, environment: dict[str, str] | None = None
) -> None:
    """Run a command to its end, its output in the log; an error ends this process with a hint."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=environment,
    )
    if done.returncode != 0:
        shown = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        fail(
            f"{' '.join(command[:4])} … failed (exit {done.returncode}); its last lines:",
            f"see {log}, mend it and start again",
            shown[-LAST_LINES:],
        )


def prune(venvs: Path) -> None:
    """Remove environments nobody started for two weeks, and those that were never finished."""
    for venv in venvs.iterdir():
        ready = venv / "ready"
        if not venv.is_dir():
            continue
        if not ready.is_file() or time.time() - ready.stat().st_mtime > UNUSED_SECONDS:
            shutil.rmtree(venv, ignore_errors=True)


def say(text: str) -> None:
    """A line for the person in front of it; standard output stays for results."""
    print(f"dev: {text}", file=sys.stderr, flush=True)


def fail(what: str, remedy: str, shown: list[str] | None = None) -> NoReturn:
    """What is wrong, what to do, and out."""
    say(what)
    for line in shown or ():
        print(f"  | {line}", file=sys.stderr)
    print(f"  -> {remedy}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), sys.argv[2:])
    except KeyboardInterrupt:
        say("interrupted; nothing half made is left")
        sys.exit(130)
