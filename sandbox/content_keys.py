"""Content keys: each product is named by a hash of everything that determines its content.

Modification times and locations do not count, so a fresh clone finds what another clone built.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.plan import BuildStep

LENGTH = 12


def content_keys(
    plan: Iterable[BuildStep], params: Mapping[str, str], root: Path
) -> dict[str, str]:
    """Return the key of every step; each step in ``plan`` comes after the steps that it needs."""
    keys: dict[str, str] = {}
    for step in plan:
        keys[step.name] = _digest(_facts(step, keys, params, root))
    return keys


def _facts(
    step: BuildStep, keys: Mapping[str, str], params: Mapping[str, str], root: Path
) -> Iterator[bytes]:
    for name in (step.script, *step.inputs):
        path = name.format_map(params)
        for file in _files(root / path, step):
            yield file.relative_to(root).as_posix().encode()
            yield _content(file)
    for param in step.params:
        yield f"{param}={params[param]}".encode()
    for need in step.needs:
        yield f"{need}={keys[need]}".encode()


def _digest(facts: Iterable[bytes]) -> str:
    total = hashlib.sha256()
    for fact in facts:
        # A digest of fixed length for each fact, so that no two lists of facts run together.
        total.update(hashlib.sha256(fact).digest())
    return total.hexdigest()[:LENGTH]


def _files(path: Path, step: BuildStep) -> list[Path]:
    if not path.exists():
        raise SandboxError(
            f"step {step.name} reads {path}, which does not exist",
            "restore the file (git status shows what is missing)",
        )
    if path.is_file():
        return [path]
    return sorted(
        file
        for file in path.rglob("*")
        if (file.is_file() or file.is_symlink()) and "__pycache__" not in file.parts
    )


def _content(path: Path) -> bytes:
    if path.is_symlink():
        return b"link " + bytes(path.readlink())
    # The executable bit is the only permission that Git stores, so no other may count.
    mode = b"x " if path.stat().st_mode & 0o100 else b"- "
    return mode + path.read_bytes()
