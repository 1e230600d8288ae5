"""Which paths a program changes: the one table of programs, by their names and arguments."""

from __future__ import annotations

import dataclasses
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from pytest_podshare.check.rules.command_options import Arguments, read_arguments


@dataclasses.dataclass(frozen=True)
class WrittenPath:
    """A path that a program writes to, moves, removes, or whose owner or mode it changes.

    Args:
        path: the path as written.
        program: the name of the program.
        if_needed: whether the program may find nothing to do: `mkdir -p`, `rm -f`, `cp -n`.
    """

    path: str
    program: str
    if_needed: bool = False


Finder = Callable[[Arguments], Sequence[str]]

# options with a value, by program; all others are flags
_VALUES: Mapping[str, str] = {
    **dict.fromkeys(("cp", "mv", "ln"), "St"),
    "curl": "AbCcDdEeFHhKmoPQrTtUuwXxYyz",
    "install": "gmoSt",
    **dict.fromkeys(("mkdir", "mkfifo", "mknod"), "m"),
    "rsync": "BefMT",
    "scp": "cFiJloPS",
    "tar": "bCFfgHIKLNTVX",
    "touch": "drt",
    "truncate": "rs",
    "unzip": "dPx",
    "wget": "aBeiOoPQTtUw",
}
_LONG_VALUES = frozenset(
    {"--chmod", "--chown", "--data", "--date", "--directory", "--exclude", "--exclude-from"}
    | {"--file", "--files-from", "--filter", "--from", "--group", "--header", "--include"}
    | {"--max-time", "--mode", "--output", "--output-dir", "--output-document", "--owner"}
    | {"--reference", "--request", "--retry", "--rsh", "--size", "--suffix"}
    | {"--target-directory", "--user", "--directory-prefix"}
)
# options with which a program does nothing if it is done already
_IF_NEEDED: Mapping[str, tuple[str, ...]] = {
    "mkdir": ("p", "--parents"),
    "rm": ("f", "--force"),
    "cp": ("n", "u", "--no-clobber", "--update"),
    "mv": ("n", "u", "--no-clobber", "--update"),
    "install": ("d", "--directory"),
    "touch": ("c", "--no-create"),
}
_SYMBOLIC_MODE = re.compile(r"-[rwxXst]+")
_ON_ANOTHER_HOST = re.compile(r"[^/]*:")


def find_written(words: Sequence[str]) -> Iterator[WrittenPath]:
    """Yield the paths that a call of a program changes; none for a program that is not known.

    Args:
        words: the name of the program and its arguments, after the shell has expanded them as far
            as the manifest shows.
    """
    if not words:
        return
    program = posixpath.basename(words[0])
    if program in ("busybox", "toybox"):
        yield from find_written(words[1:])
        return
    find = _FINDERS.get(program)
    if find is None:
        return
    arguments = read_arguments(words[1:], _VALUES.get(program, ""), _LONG_VALUES)
    if_needed = arguments.has(*_IF_NEEDED.get(program, ()))
    for path in find(arguments):
        if path and path != "-":
            yield WrittenPath(path, program, if_needed)


def _all(arguments: Arguments) -> Sequence[str]:
    return arguments.operands


def _first(arguments: Arguments) -> Sequence[str]:
    return arguments.operands[:1]


def _after_first(arguments: Arguments) -> Sequence[str]:
    """Return the files that get another owner or mode, which comes first."""
    if arguments.has("--reference"):
        return arguments.operands
    # a mode such as -x looks like an option
    takes_away = any(_SYMBOLIC_MODE.fullmatch(word) for word in arguments.words)
    return arguments.operands if takes_away else arguments.operands[1:]


def _target(arguments: Arguments) -> Sequence[str]:
    folders = arguments.values("t", "--target-directory")
    if folders:
        return folders
    return arguments.operands[-1:] if len(arguments.operands) > 1 else ()


def _moved(arguments: Arguments) -> Sequence[str]:
    return (*_target(arguments), *arguments.operands) if len(arguments.operands) > 1 else ()


def _installed(arguments: Arguments) -> Sequence[str]:
    return arguments.operands if arguments.has("d", "--directory") else _target(arguments)


def _copied_to(arguments: Arguments) -> Sequence[str]:
    return [path for path in _target(arguments) if not _ON_ANOTHER_HOST.match(path)]


def _edited(arguments: Arguments) -> Sequence[str]:
    """Return the files that `sed -i` or `perl -i` edits in place."""
    in_place, has_script, files = False, False, list[str]()
    words = iter(arguments.words)
    for word in words:
        if not word.startswith("-") or word == "-":
            files.append(word)
        elif word.startswith("--"):
            in_place = in_place or word.startswith("--in-place")
            has_script = has_script or word.startswith(("--expression", "--file"))
        elif letters := re.match(r"-[^ief]*([ief])", word):
            # what follows an i is a suffix, what follows the others a script
            in_place = in_place or letters[1] == "i"
            has_script = has_script or letters[1] != "i"
            if letters[1] != "i" and letters.end() == len(word):
                next(words, None)
    if not in_place:
        return ()
    return files if has_script else files[1:]


def _unpacked(arguments: Arguments) -> Sequence[str]:
    """Return the folder into which tar extracts, or the archive that it creates."""
    # the first word may be flags without a dash: `tar xf x.tar`
    words = arguments.words
    if words and not words[0].startswith("-"):
        arguments = _read_old_style(words)
    if arguments.has("x", "--extract", "--get"):
        if arguments.has("O", "--to-stdout"):
            return ()
        return arguments.values("C", "--directory") or (".",)
    return arguments.values("f", "--file") if arguments.has("c", "r", "u", "--create") else ()


def _read_old_style(words: Sequence[str]) -> Arguments:
    """Return the arguments of a tar whose first word is flags without a dash."""
    rest = list(words[1:])
    expanded: list[str] = []
    for letter in words[0]:
        expanded.append(f"-{letter}")
        if letter in _VALUES["tar"] and rest:
            expanded.append(rest.pop(0))
    return read_arguments([*expanded, *rest], _VALUES["tar"], _LONG_VALUES)


def _downloaded(arguments: Arguments) -> Sequence[str]:
    """Return where curl or wget saves what it loads; by default curl prints it."""
    files = arguments.values("o", "--output")
    return files or arguments.values("--output-dir")


def _fetched(arguments: Arguments) -> Sequence[str]:
    files = arguments.values("O", "--output-document")
    return files or arguments.values("P", "--directory-prefix")


def _extracted(arguments: Arguments) -> Sequence[str]:
    return arguments.values("d")


def _cloned(arguments: Arguments) -> Sequence[str]:
    operands = arguments.operands
    return operands[-1:] if operands[:1] == ("clone",) and len(operands) > 2 else ()


def _output_file(arguments: Arguments) -> Sequence[str]:
    return [word.removeprefix("of=") for word in arguments.words if word.startswith("of=")]


_FINDERS: Mapping[str, Finder] = {
    **dict.fromkeys(("touch", "mkdir", "rmdir", "rm", "unlink", "shred"), _all),
    **dict.fromkeys(("tee", "truncate", "mkfifo"), _all),
    "mknod": _first,
    **dict.fromkeys(("chown", "chmod", "chgrp"), _after_first),
    **dict.fromkeys(("cp", "ln"), _target),
    "mv": _moved,
    "install": _installed,
    **dict.fromkeys(("rsync", "scp"), _copied_to),
    "dd": _output_file,
    **dict.fromkeys(("sed", "perl"), _edited),
    **dict.fromkeys(("tar", "bsdtar"), _unpacked),
    "curl": _downloaded,
    "wget": _fetched,
    "unzip": _extracted,
    "git": _cloned,
}
# the names of the programs, for a quick look at a script
PROGRAMS = frozenset(_FINDERS)
