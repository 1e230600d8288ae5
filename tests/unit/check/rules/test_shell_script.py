"""Shell scripts are split into commands, words and redirections."""

import pytest

from pytest_podshare.check.rules.shell_script import split_commands

SCRIPTS = {
    "several commands": (
        "a b; c\nd && e",
        [(["a", "b"], []), (["c"], []), (["d"], []), (["e"], [])],
    ),
    "quotes": ("a 'b > c' \"d; $E\" f\\ g", [(["a", "b > c", "d; $E", "f g"], [])]),
    "a redirection": ("a >b 2>>c 2>&1 <d", [(["a"], ["b", "c"])]),
    "a redirection of everything": (
        "a &>b; c >&d; e >|f",
        [(["a"], ["b"]), (["c"], ["d"]), (["e"], ["f"])],
    ),
    "a comment": ("a # b > c\nd#e", [(["a"], []), (["d#e"], [])]),
    "a substitution": (
        "a $(b > c; d) `e > f` ${g#h}",
        [(["a", "$(b > c; d)", "`e > f`", "${g#h}"], [])],
    ),
    "a process substitution": ("a <(b) > >(tee c)", [(["a", "$(b)", "$(tee c)"], [])]),
    "a here-document": ("cat > a <<'E'\nb > c\nE\nd", [(["cat"], ["a"]), (["d"], [])]),
    "an indented here-document": (
        "a <<-E | b\n\tc > d\n\tE\ne",
        [(["a"], []), (["b"], []), (["e"], [])],
    ),
    "a line that continues": ("a \\\n b", [(["a", "b"], [])]),
    "a comparison": ("[[ a > b ]] && c", [(["[[", "a", ">", "b", "]]"], []), (["c"], [])]),
    "a condition": (
        "if a; then b; else c; fi",
        [(["a"], []), (["b"], []), (["c"], []), (["fi"], [])],
    ),
    "an open quote": ("a 'b", [(["a", "b"], [])]),
}


@pytest.mark.parametrize(("script", "expected"), SCRIPTS.values(), ids=SCRIPTS)
def test_a_script_is_split(script, expected):
    """Quotes, comments and substitutions are not taken for commands."""
    commands = [command for command in split_commands(script) if command.words or command.targets]

    found = [(command.words, command.targets) for command in commands]
    assert found == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("a", [False]),
        ("a || b", [True, False]),
        ("a && b || c", [True, True, False]),
        ("a | b || c; d", [True, True, False, False]),
        ("! a; b", [True, False]),
        ("if a && b; then c; fi", [True, True, False, False]),
        ("while a; do b; done", [True, False, False]),
    ],
)
def test_a_failure_may_be_tolerated(script, expected):
    """A command is a condition, or another follows it in case that it fails."""
    assert [command.tolerated for command in split_commands(script) if command.words] == expected
