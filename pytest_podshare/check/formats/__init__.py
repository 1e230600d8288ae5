"""How a result is told: one module for each way, each with `render(result) -> str`."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from pytest_podshare.check.checker import Result

NAMES = ("text", "json", "sarif", "junit", "github")


def named(name: str) -> Callable[[Result], str]:
    """The function that tells a result in the format of that name."""
    # one at a time: whoever reads text need not wait for an XML library
    module = importlib.import_module(f"{__name__}.{name}")
    render: Callable[[Result], str] = module.render
    return render
