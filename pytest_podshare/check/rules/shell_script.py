"""Splits a shell script into its commands, as far as that shows without running it.

It follows the POSIX Shell Command Language: quotes, comments, here-documents, operators.
"""

from __future__ import annotations

import dataclasses
import functools
import re

# characters of a word that mean nothing else
_PLAIN = re.compile(r"[^\s'\"\\$`#;&|()<>]+|#")
_OPERATOR = re.compile(r"&&|\|\||;;|\|&|[;&|()\n]")
_REDIRECTION = re.compile(r"&>>?|>>|>\||>&|<<<|<<-?|<>|<&|[<>]")
_DESCRIPTOR = re.compile(r"\d+")
_OPEN = {"(": ")", "{": "}"}
# words that stand before a command
_CONDITIONS = ("if", "elif", "while", "until", "!")
_BEGINNINGS = ("then", "do", "else", "{", "time")


@dataclasses.dataclass
class ShellCommand:
    """A simple command of a script.

    Args:
        words: its words without quotes; variables and substitutions are left as written.
        targets: the files to which its output is redirected.
        operator: what follows it: `&&`, `||`, `|`, `;`, `(`, `)`, a line feed, or "" at the end.
        tolerated: whether the script goes on, on purpose, if it fails: it is a condition, or
            followed by `||`.
    """

    words: list[str] = dataclasses.field(default_factory=list)
    targets: list[str] = dataclasses.field(default_factory=list)
    operator: str = ""
    tolerated: bool = False


@functools.lru_cache(maxsize=1024)
def split_commands(script: str) -> tuple[ShellCommand, ...]:
    """Return the commands of a script in order; what is in a substitution is left out."""
    commands = _Lexer(script).read()
    in_condition = False
    for command in commands:
        while command.words and command.words[0] in (*_CONDITIONS, *_BEGINNINGS):
            in_condition = command.words.pop(0) in _CONDITIONS
        command.tolerated = in_condition
        in_condition = in_condition and command.operator in ("&&", "||", "|", "")
    is_followed = False
    for command in reversed(commands):
        if command.operator not in ("&&", "|", "|&"):
            is_followed = command.operator == "||"
        command.tolerated = command.tolerated or is_followed
    return tuple(commands)


class _Lexer:
    """Reads a script from its start to its end."""

    def __init__(self, script: str) -> None:
        self._script = script
        self._at = 0
        self._commands: list[ShellCommand] = []
        self._command = ShellCommand()
        # the redirection whose file comes next, and the ends of here-documents that follow
        self._redirection = ""
        self._documents: list[str] = []

    def read(self) -> list[ShellCommand]:
        while self._at < len(self._script):
            character = self._script[self._at]
            operator = _OPERATOR.match(self._script, self._at)
            if character in " \t\r" or self._script.startswith("\\\n", self._at):
                self._at += 1 if character != "\\" else 2
            elif character == "#":
                self._skip_comment()
            elif self._is_redirection():
                self._read_redirection()
            elif operator:
                self._end_command(operator[0])
            elif character in "<>":
                self._add_word(character)
                self._at += 1
            else:
                self._add_word(self._read_word())
        self._end_command("")
        return self._commands

    def _is_redirection(self) -> bool:
        # in [[ ]] they compare
        is_test = self._command.words[:1] == ["[["]
        return not is_test and _REDIRECTION.match(self._script, self._at) is not None

    def _read_redirection(self) -> None:
        match = _REDIRECTION.match(self._script, self._at)
        assert match is not None
        self._at, self._redirection = match.end(), match[0]
        if self._script.startswith("(", self._at):
            # a process substitution is a word, not a file
            self._redirection = ""
            self._add_word(self._read_nested("("))

    def _add_word(self, word: str) -> None:
        redirection, self._redirection = self._redirection, ""
        if redirection in ("<<", "<<-"):
            self._documents.append(word)
        elif redirection == ">&" and (_DESCRIPTOR.fullmatch(word) or word == "-"):
            return
        elif ">" in redirection:
            self._command.targets.append(word)
        elif not redirection:
            next_is_redirection = _REDIRECTION.match(self._script, self._at)
            if not (_DESCRIPTOR.fullmatch(word) and next_is_redirection):
                self._command.words.append(word)

    def _end_command(self, operator: str) -> None:
        self._at += len(operator)
        self._command.operator, self._redirection = operator, ""
        self._commands.append(self._command)
        self._command = ShellCommand()
        if operator == "\n":
            for end in self._documents:
                self._skip_document(end)
            self._documents = []

    def _skip_document(self, end: str) -> None:
        pattern = re.compile(rf"^\t*{re.escape(end)}[ \t]*$", re.M)
        match = pattern.search(self._script, self._at)
        self._at = match.end() if match else len(self._script)

    def _skip_comment(self) -> None:
        end = self._script.find("\n", self._at)
        self._at = len(self._script) if end < 0 else end

    def _read_word(self) -> str:
        parts: list[str] = []
        while self._at < len(self._script):
            character = self._script[self._at]
            if plain := _PLAIN.match(self._script, self._at):
                self._at = plain.end()
                parts.append(plain[0])
            elif character == "'":
                end = self._script.find("'", self._at + 1)
                end = len(self._script) if end < 0 else end
                parts.append(self._script[self._at + 1 : end])
                self._at = end + 1
            elif character == '"':
                parts.append(self._read_double_quotes())
            elif character == "\\":
                following = self._script[self._at + 1 : self._at + 2]
                parts.append("" if following == "\n" else following)
                self._at += 2
            elif character in "$`":
                parts.append(self._read_expansion())
            else:
                break
        return "".join(parts)

    def _read_double_quotes(self) -> str:
        parts: list[str] = []
        self._at += 1
        while self._at < len(self._script) and self._script[self._at] != '"':
            character = self._script[self._at]
            if character == "\\":
                parts.append(self._script[self._at + 1 : self._at + 2])
                self._at += 2
            elif character in "$`":
                parts.append(self._read_expansion())
            else:
                parts.append(character)
                self._at += 1
        self._at += 1
        return "".join(parts)

    def _read_expansion(self) -> str:
        """Return a variable or a substitution, as written."""
        start = self._at
        following = self._script[start + 1 : start + 2]
        if self._script[start] == "`":
            end = self._script.find("`", start + 1)
            self._at = len(self._script) if end < 0 else end + 1
        elif following in ("(", "{"):
            self._at += 1
            self._read_nested(following)
        else:
            self._at += 1
        return self._script[start : self._at]

    def _read_nested(self, opening: str) -> str:
        """Return what is in brackets, with them; brackets in quotes do not count."""
        start, depth = self._at, 0
        while self._at < len(self._script):
            character = self._script[self._at]
            if character == "\\":
                self._at += 1
            elif character == "'" and opening == "(":
                end = self._script.find("'", self._at + 1)
                self._at = len(self._script) if end < 0 else end
            depth += (character == opening) - (character == _OPEN[opening])
            self._at += 1
            if depth == 0:
                break
        return "$" + self._script[start : self._at]
