"""Tests of the line and the caret in an error."""

import pytest


@pytest.mark.parametrize(
    ("line", "caret"),
    [
        ("\u65e5\u672c: a: b", "    |        ^"),
        ("e\u0301: a: b", "    |     ^"),
        ('a:\t"b"\tc', "    |   \t   \t^"),
    ],
)
def test_the_caret_is_below_its_column(line, caret, error_text):
    """Wide characters, combining characters and tabs keep their width."""
    assert error_text(f"{line}\n").splitlines()[2] == caret


def test_a_long_line_is_cut_around_the_caret(error_text):
    """A manifest of one line does not fill the screen."""
    _, line, caret, _ = error_text(
        f"{{'a': {'b' * 500}, 'c': 1, 'c': 2, 'd': {'e' * 500}}}"
    ).splitlines()

    assert len(line) < 120
    assert line[caret.index("^") :].startswith("'c': 2")
    assert line.startswith("  1 | …b")
