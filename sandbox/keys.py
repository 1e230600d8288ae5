"""Content keys: the name of a product is the hash of everything that shaped it.

Times and places of files never matter, so a fresh clone finds what another one built.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.plan import Step

LENGTH = 12


def keys_of(plan: Iterable[Step], params: Mapping[str, str], root: Path) -> dict[str, str]:
    """The key of every step; ``plan`` is in an order where needs come first."""
    keys: dict[str, str] = {}
    for step in plan:
        keys[step.name] = _digest(_facts(step, keys, params, root))
    return keys


def _facts(
    step: Step, keys: Mapping[str, str], params: Mapping[str, str], root: Path
) -> Iterator[bytes]:
    for name in (step.script, *step.inputs):
        path = name.format_map(params)
        for entry in _files(root / path, step):
            yield entry.relative_to(root).as_posix().encode()
            yield _content(entry)
    for param in step.params:
        yield f"{param}={params[param]}".encode()
    for need in step.needs:
        yield f"{need}={keys[need]}".encode()


def _digest(facts: Iterable[bytes]) -> str:
    total = hashlib.sha256()
    for fact in facts:
        # Each fact goes in as a digest of fixed length, so no two lists of facts run together.
        total.update(hashlib.sha256(fact).digest())
    return total.hexdigest()[:LENGTH]


def _files(path: Path, step: Step) -> list[Path]:
    if not path.exists():
        raise SandboxError(
            f"step {step.name} reads {path}, which is not there",
            "restore the file (git status shows what is missing)",
        )
    if path.is_file():
        return [path]
    return sorted(
        entry
        for entry in path.rglob("*")
        if (entry.is_file() or entry.is_symlink()) and "__pycache__" not in entry.parts
    )


def _content(path: Path) -> bytes:
    if path.is_symlink():
        return b"link " + bytes(path.readlink())
    # Git keeps the executable bit and no other, so no other may count.
    mode = b"x " if path.stat().st_mode & 0o100 else b"- "
    return mode + path.read_bytes()
