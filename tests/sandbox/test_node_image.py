"""A pull of the node image is given up early if no registry responds."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox import node_image


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("echo v1: Pulling from kindest/node; sleep 3; echo done", True),
        ("echo v1: Pulling from kindest/node; exit 1", False),
        ("echo no such host >&2; exit 1", False),
        ("sleep 60", False),
    ],
)
def test_a_pull_is_given_up_if_no_registry_responds(
    script: str, tmp_path: Path, *, expected: bool
) -> None:
    """A registry that has responded gets time to finish."""
    engine = tmp_path / "engine"
    engine.write_text(f"#!/bin/sh\n{script}\n")
    engine.chmod(0o755)
    assert node_image.pull(str(engine), "kindest/node:v1", response_within=2) is expected
