"""Output formats: one module for each, each with a function `render(result) -> str`."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from pytest_podshare.check.checker import CheckResult

NAMES = ("text", "json", "sarif", "junit", "github")


def render(name: str, result: CheckResult) -> str:
    """Return a result in the format of that name."""
    # import only what is needed: text does not need an XML library
    module = importlib.import_module(f"{__name__}.{name}")
    render_format: Callable[[CheckResult], str] = module.render
    return render_format(result)
