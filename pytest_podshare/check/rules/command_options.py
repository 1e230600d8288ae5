"""The options and operands in the arguments of a program."""

from __future__ import annotations

import dataclasses
from collections.abc import Container, Sequence


@dataclasses.dataclass(frozen=True)
class Arguments:
    """The arguments of a program.

    Args:
        words: all of them, as written.
        options: the options in order, each with its value, or "": `("m", "644")`.
        operands: the other words.
    """

    words: tuple[str, ...]
    options: tuple[tuple[str, str], ...]
    operands: tuple[str, ...]

    def has(self, *names: str) -> bool:
        """Return whether one of these options is among them: a letter, or `--long`."""
        return any(name in names for name, _ in self.options)

    def values(self, *names: str) -> tuple[str, ...]:
        """Return the values of these options."""
        return tuple(value for name, value in self.options if name in names and value)


def read_arguments(
    words: Sequence[str], with_value: Container[str], long_with_value: Container[str]
) -> Arguments:
    """Return the arguments of a program, read as getopt reads them.

    Args:
        words: the arguments.
        with_value: the letters of options that have a value.
        long_with_value: the long options that have a value in the next word, if not after `=`.
    """
    options: list[tuple[str, str]] = []
    operands: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            operands += rest
            break
        if word.startswith("--"):
            name, found, value = word.partition("=")
            if not found and name in long_with_value and rest:
                value = rest.pop(0)
            options.append((name, value))
        elif word.startswith("-") and len(word) > 1:
            options += _read_letters(word[1:], with_value, rest)
        else:
            operands.append(word)
    return Arguments(tuple(words), tuple(options), tuple(operands))


def _read_letters(
    letters: str, with_value: Container[str], rest: list[str]
) -> list[tuple[str, str]]:
    """Return the options in one word; the last one may have its value in the next."""
    options: list[tuple[str, str]] = []
    for index, letter in enumerate(letters):
        if letter not in with_value:
            options.append((letter, ""))
            continue
        value = letters[index + 1 :] or (rest.pop(0) if rest else "")
        options.append((letter, value))
        break
    return options
