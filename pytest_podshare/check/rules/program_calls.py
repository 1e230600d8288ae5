"""The programs that a container calls: directly, through a wrapper, in a script, or in a hook."""

from __future__ import annotations

import dataclasses
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence

from pytest_podshare.check.rules.command_options import read_arguments
from pytest_podshare.check.rules.shell_script import split_commands
from pytest_podshare.wiring.model import ContainerSpec

SHELLS = ("sh", "ash", "bash", "dash", "zsh", "ksh")
# wrappers, which run the program in their arguments: the letters of options that have a value, and
# how many operands stand before the program
_WRAPPERS: Mapping[str, tuple[str, int]] = {
    **dict.fromkeys(("tini", "tini-static", "docker-init", "catatonit"), ("ep", 0)),
    "dumb-init": ("r", 0),
    "timeout": ("ks", 1),
    "env": ("uC", 0),
    "exec": ("a", 0),
    "nice": ("n", 0),
    "ionice": ("cn", 0),
    "stdbuf": ("eio", 0),
    **dict.fromkeys(("nohup", "setsid", "time", "command", "builtin"), ("", 0)),
    **dict.fromkeys(("su-exec", "gosu"), ("", 1)),
    "sudo": ("ugCDhpRrTt", 0),
    "doas": ("Cu", 0),
    **dict.fromkeys(("busybox", "toybox"), ("", 0)),
}
_LONG_VALUES = ("--rewrite", "--signal", "--kill-after", "--user", "--group", "--unset")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_MAX_DEPTH = 10


@dataclasses.dataclass(frozen=True)
class Call:
    """A call of a program.

    Args:
        words: the name of the program and its arguments.
        targets: the files to which its output is redirected.
        folder: the folder in which it runs; "" if the manifest does not show it.
        tolerated: whether its caller goes on, on purpose, if it fails.
        operator: what follows it in its script: `&&`, `||`, `;`, …; "" at the end.
    """

    words: tuple[str, ...]
    targets: tuple[str, ...] = ()
    folder: str = ""
    tolerated: bool = False
    operator: str = ""

    def locate(self, path: str) -> str:
        """Return the absolute path of a path in its arguments; "" if that does not show.

        A path that ends in a variable is taken for the folder before it.
        """
        path, variable, _ = path.partition("$")
        if variable:
            path = path[: path.rfind("/") + 1].rstrip("/")
        if path.startswith("/"):
            return path
        is_known = self.folder and path and not path.startswith("~")
        return posixpath.normpath(posixpath.join(self.folder, path)) if is_known else ""


def list_calls(container: ContainerSpec) -> Iterator[Call]:
    """Yield the calls of programs in the command, the hooks and the probes of a container."""
    for words in (container.command, *container.exec_commands):
        yield from _open(Call(tuple(words), folder=container.working_dir), _MAX_DEPTH)


def _open(call: Call, depth: int) -> Iterator[Call]:
    """Yield a call, or those in the script that it runs."""
    words = _unwrap(call.words)
    script = _find_script(words)
    if script is None or not depth:
        yield dataclasses.replace(call, words=words)
        return
    if call.targets:
        yield dataclasses.replace(call, words=())
    folders = [call.folder]
    for command in split_commands(script):
        inner = Call(
            tuple(command.words),
            tuple(command.targets),
            folders[-1],
            call.tolerated or command.tolerated,
            command.operator,
        )
        yield from _open(inner, depth - 1)
        if command.words[:1] == ["cd"]:
            folders[-1] = inner.locate(command.words[1]) if len(command.words) == 2 else ""
            if "$" in command.words[-1]:
                folders[-1] = ""
        # a subshell leaves its caller's folder alone
        if command.operator == "(":
            folders.append(folders[-1])
        elif command.operator == ")" and len(folders) > 1:
            folders.pop()


def _unwrap(words: Sequence[str]) -> tuple[str, ...]:
    """Return the words of the program that wrappers run."""
    rest = list(words)
    while rest:
        while rest and _ASSIGNMENT.match(rest[0]):
            rest.pop(0)
        wrapper = _WRAPPERS.get(posixpath.basename(rest[0])) if rest else None
        if wrapper is None:
            break
        rest = _skip_options(rest[1:], *wrapper)
    return tuple(rest)


def _skip_options(words: list[str], with_value: str, operands: int) -> list[str]:
    rest = list(words)
    while rest and rest[0].startswith("-") and rest[0] != "--":
        letters = rest.pop(0)
        if letters in _LONG_VALUES or (letters[-1] in with_value and not letters.startswith("--")):
            rest[:1] = []
    if rest[:1] == ["--"]:
        rest.pop(0)
    return rest[operands:]


def _find_script(words: Sequence[str]) -> str | None:
    """Return the script in the call of a shell; None if it is no such call."""
    if not words or posixpath.basename(words[0]) not in SHELLS:
        return None
    arguments = read_arguments(words[1:], "oO", ())
    return arguments.operands[0] if arguments.has("c") and arguments.operands else None
