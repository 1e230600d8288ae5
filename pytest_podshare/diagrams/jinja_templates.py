"""Jinja templates of HTML and SVG, which escape everything that they are given."""

from __future__ import annotations

import functools
from pathlib import Path

import jinja2

from pytest_podshare.escaping import printable, printable_lines


def _format_pixels(value: float) -> str:
    """Return `12.5`, or `12` for 12.0: a page has many drawings."""
    return f"{value:.1f}".removesuffix(".0")


@functools.cache
def load_template(path: Path) -> jinja2.Template:
    """Return the template in a file."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(path.parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters = {"printable": printable, "printable_lines": printable_lines, "px": _format_pixels}
    environment.filters |= filters
    return environment.get_template(path.name)
