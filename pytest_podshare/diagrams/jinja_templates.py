"""Jinja templates of HTML and SVG, which escape everything that they are given."""

from __future__ import annotations

import functools
from pathlib import Path

import jinja2

from pytest_podshare.escaping import printable, printable_lines


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
    filters = {"printable": printable, "printable_lines": printable_lines, "px": "{:.1f}".format}
    environment.filters |= filters
    return environment.get_template(path.name)
