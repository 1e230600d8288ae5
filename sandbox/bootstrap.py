"""Create the project's virtual environment once, outside the checkout, and run the sandbox in it.

Runs before anything is installed: uses only the standard library and imports no other module.
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
# Every package with its digests; sandbox/README.md explains how to regenerate the file.
PINNED = Path("sandbox", "python", "dev.txt")


def main(checkout: Path, arguments: list[str]) -> NoReturn:
    """Replace this process with ``python -m sandbox`` in the project's environment."""
    # Sessions without a login (cron, CI, env -i) may lack both.
    os.environ.setdefault("HOME", str(Path.home()))
    os.environ["PATH"] = with_system_folders(os.environ.get("PATH", ""))
    environments = cache_folder() / "venv"
    environment = environments / environment_key(checkout)
    ready = environment / "ready"
    if not ready.is_file():
        with lock(environments):
            if not ready.is_file():
                create(environment, checkout, may_install="--no-install" not in arguments)
    with contextlib.suppress(OSError):  # another account's cache is still usable
        os.utime(ready)
    python = environment / "bin" / "python"
    os.chdir(checkout)
    os.execv(python, [str(python), "-m", "sandbox", *arguments])


def cache_folder() -> Path:
    """Return the project's cache folder, like ``paths.cache_folder``."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "podshare"


def with_system_folders(path: str) -> str:
    """Return PATH including the folders of system programs, which a user's PATH may lack."""
    folders = [folder for folder in path.split(os.pathsep) if folder]
    for folder in ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"):
        if folder not in folders:
            folders.append(folder)
    return os.pathsep.join(folders)


def environment_key(checkout: Path) -> str:
    """Return the name of the environment: a hash of everything it is built from."""
    project = checkout / "pyproject.toml"
    pinned = checkout / PINNED
    for file in (project, pinned):
        if not file.is_file():
            fail(f"{file} is missing", "run ./dev from a complete checkout of the project")
    facts = [project.read_bytes(), pinned.read_bytes()]
    facts += [bytes(checkout), sys.version.encode(), sys.prefix.encode()]
    total = hashlib.sha256()
    for fact in facts:
        total.update(hashlib.sha256(fact).digest())
    return total.hexdigest()[:12]


@contextlib.contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Ensure that only one ./dev at a time creates an environment."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "lock").open("a")
    except OSError as error:
        fail(
            f"cannot write to the cache folder {folder}: {error.strerror}",
            "make it writable, or set XDG_CACHE_HOME to another folder",
        )
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another ./dev is creating the project's environment; waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def create(environment: Path, checkout: Path, *, may_install: bool) -> None:
    """Create the environment and install the project in it, in editable mode."""
    ensurepip = importlib.util.find_spec("ensurepip")
    if ensurepip is None or ensurepip.origin is None:  # no origin: an empty folder of that name
        install_ensurepip(may_install=may_install)
    prune(environment.parent)
    say(f"creating the project's Python environment (once, about a minute): {environment}")
    # Scripts in an environment contain its path, so it cannot be created elsewhere and renamed.
    # The file `ready`, written last, marks it as complete.
    shutil.rmtree(environment, ignore_errors=True)
    log = environment.with_suffix(".log")
    start = time.monotonic()
    with log.open("wb") as output:
        run([sys.executable, "-I", "-m", "venv", str(environment)], output, log)
        python = str(environment / "bin" / "python")
        pip = [python, "-m", "pip", "install", "--disable-pip-version-check"]
        run([*pip, "--require-hashes", "--requirement", str(checkout / PINNED)], output, log)
        # All dependencies are installed by now, including the build backend.
        project = ["--no-deps", "--no-build-isolation", "--editable", str(checkout)]
        run([*pip, *project], output, log)
    (environment / "ready").write_text(f"{checkout}\n")
    say(f"environment created in {time.monotonic() - start:.0f} s")


def install_ensurepip(*, may_install: bool) -> None:
    """Install the Debian package with the part of Python that creates environments."""
    package = f"python3.{sys.version_info[1]}-venv"  # several Python versions may be installed
    command = f"apt-get update && apt-get install {package}"
    if not is_debian_python():
        fail(
            f"{sys.executable} cannot create virtual environments (it lacks ensurepip)",
            "install a complete Python 3.10 or newer and put it first on PATH",
        )
    if os.geteuid() != 0:
        fail(
            f"this Python cannot create virtual environments; installing {package} requires root",
            f"run as root: {command}",
        )
    if not may_install:
        fail(f"--no-install rules out installing {package}", f"install it: {command}")
    say(f"installing the Debian package {package}, which creates virtual environments")
    log = cache_folder() / "venv" / "apt.log"
    variables = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with log.open("wb") as output:
        run(["apt-get", "update", "-qq"], output, log, variables)
        install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
        run([*install, package], output, log, variables)


def is_debian_python() -> bool:
    """Return whether apt can extend the running Python."""
    return shutil.which("apt-get") is not None and sys.base_prefix == "/usr"


def run(
    command: list[str], output: BinaryIO, log: Path, variables: dict[str, str] | None = None
) -> None:
    """Run a command with its output in the log; if it fails, exit with the last lines."""
    process = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=variables,
    )
    if process.returncode != 0:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        fail(
            f"{' '.join(command[:4])} … failed (exit {process.returncode}); last lines:",
            f"fix the cause (full log: {log}) and run ./dev again",
            lines[-LAST_LINES:],
        )


def prune(environments: Path) -> None:
    """Remove incomplete environments and those not used for two weeks."""
    for environment in environments.iterdir():
        ready = environment / "ready"
        if not environment.is_dir():
            continue
        if not ready.is_file() or time.time() - ready.stat().st_mtime > UNUSED_SECONDS:
            shutil.rmtree(environment, ignore_errors=True)


def say(text: str) -> None:
    """Print a status line on standard error; standard output is for results."""
    print(f"dev: {text}", file=sys.stderr, flush=True)


def fail(what: str, remedy: str, lines: list[str] | None = None) -> NoReturn:
    """Print the problem, the lines that show it, and the remedy; exit with status 2."""
    say(what)
    for line in lines or ():
        print(f"  | {line}", file=sys.stderr)
    print(f"  -> {remedy}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), sys.argv[2:])
    except KeyboardInterrupt:
        say("interrupted; no incomplete results were kept")
        sys.exit(130)
