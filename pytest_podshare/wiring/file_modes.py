"""What the command of a container says about the modes of its files, such as `umask 077`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pytest_podshare.wiring import folders
from pytest_podshare.wiring.model import ContainerSpec

# the permission to read of the group and of others
_READ = 0o044
_OPTIONS = r"(?:-\S+\s+)*"
_MODE = r"(?P<mode>[0-7]{3,4}\b|[ugoa]*[-+=][rwxXst]*(?:,[ugoa]*[-+=][rwxXst]*)*)"
_COMMANDS = re.compile(
    rf"(?P<umask>umask\s+{_OPTIONS})(?P<mask>[0-7]{{1,4}}\b|[ugoa]+[-+=][rwx]*(?:,[ugoa]+[-+=][rwx]*)*)"
    rf"|chmod\s+{_OPTIONS}{_MODE}"
    r"|(?:install|mkdir)\s+(?:-[A-Za-z]+\s+)*?(?:-[A-Za-z]*m\s*|--mode[= ])(?P<made>[0-7]{3,4})\b"
)
# a command begins a script, or follows one of these
_START = re.compile(r"(?:^|[;&|({\n]|\b(?:then|do|else|exec|sudo)\s)\s*")
_COMMENT = re.compile(r"(?:^|(?<=\s))#[^\n]*")
# the arguments of a command end at one of these
_END = re.compile(r"[;&|)}\n]|\s#")
_OCTAL = re.compile(r"[0-7]+")
# symbolic modes that take the permission to read away from the group or from others
_TAKES_READ = re.compile(r"(?:^|,)u?[go]+(?:-[wx]*r[rwx]*|=[wx]*)(?=,|$)")


def find_private_modes(container: ContainerSpec, paths: Sequence[str]) -> tuple[str, ...]:
    """Return the commands of a container that keep files from its group or from others.

    For example `umask 077`, `chmod 600` or `install -m 600`, in the words of the manifest. A
    command may be a word of its own, or in a script. One whose files all lie elsewhere is missing.

    Args:
        container: the container.
        paths: where it mounts the volume in which the files are.
    """
    words = container.command
    scripts = [word for word in words if re.search(r"\s", word)]
    # what is called without a shell
    scripts += [" ".join(words[start:]) for start, word in enumerate(words) if _is_program(word)]
    found = (text for script in scripts for text in _find_in(_COMMENT.sub("", script), paths))
    return tuple(dict.fromkeys(found))


def _is_program(word: str) -> bool:
    return word.rpartition("/")[2] in ("chmod", "install", "mkdir")


def _find_in(script: str, paths: Sequence[str]) -> Iterator[str]:
    for start in _START.finditer(script):
        command = _COMMANDS.match(script, start.end()) or _COMMANDS.match(
            script, _skip_folder(script, start.end())
        )
        if command is None or not _is_private(command):
            continue
        arguments = _END.split(script[command.end() :], maxsplit=1)[0].split()
        if command["umask"] or _may_be_in(paths, arguments):
            yield " ".join(command[0].split())


def _may_be_in(paths: Sequence[str], arguments: Sequence[str]) -> bool:
    """Return whether one of the files can be in a volume, or be a folder that contains it."""
    files = [argument.strip("'\"") for argument in arguments if not argument.startswith("-")]
    return not files or any(
        not file.startswith("/") or folders.is_within(file, path) or folders.is_within(path, file)
        for file in files
        for path in paths
    )


def _skip_folder(script: str, start: int) -> int:
    """Return where the name of a program begins behind its folder: `/bin/chmod`."""
    folder = re.compile(r"(?:/[\w.-]+)*/").match(script, start)
    return folder.end() if folder else start


def _is_private(command: re.Match[str]) -> bool:
    if command["umask"]:
        mask = command["mask"]
        return bool(int(mask, 8) & _READ) if _OCTAL.fullmatch(mask) else _takes_read(mask)
    mode = command["mode"] or command["made"]
    return (int(mode, 8) & _READ) != _READ if _OCTAL.fullmatch(mode) else _takes_read(mode)


def _takes_read(mode: str) -> bool:
    return _TAKES_READ.search(mode) is not None
