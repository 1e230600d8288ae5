"""The products of steps: folders in the cache and images in the engine, named by their key.

A product is there or it is not; there are no half products. Nothing here runs a step.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.plan import Step

KEEP = 3


@dataclass(frozen=True)
class Store:
    """The cache at ``root`` and the images of ``engine`` (``docker`` or ``podman``)."""

    root: Path
    engine: str
    keys: Mapping[str, str]
    params: Mapping[str, str]

    def folder(self, step: Step) -> Path:
        """Where the step's product is, or would be."""
        return self.root / "steps" / f"{step.name}-{self.keys[step.name]}"

    def image(self, step: Step) -> str:
        """The tag of the image the step makes; empty when it makes none."""
        return step.image.format_map({**self.params, "key": self.keys[step.name]})

    def has(self, step: Step) -> bool:
        """Whether the product is there. For an image only the engine's word counts."""
        if step.image:
            return image_exists(self.engine, self.image(step))
        return self.folder(step).is_dir()

    @contextmanager
    def making(self, step: Step) -> Iterator[Path]:
        """An empty folder that becomes the product when the block ends without an error."""
        final = self.folder(step)
        final.parent.mkdir(parents=True, exist_ok=True)
        half = Path(tempfile.mkdtemp(prefix=f".half-{final.name}-", dir=final.parent))
        half.chmod(0o755)  # mkdtemp's 0700 would otherwise end up in images
        try:
            yield half
            shutil.rmtree(final, ignore_errors=True)
            half.rename(final)
        finally:
            shutil.rmtree(half, ignore_errors=True)

    def touch(self, step: Step) -> None:
        """Note that the product is in use, so that pruning spares it."""
        folder = self.folder(step)
        if step.image:  # its folder is only the note that the image was used
            folder.mkdir(parents=True, exist_ok=True)
        if folder.is_dir():
            os.utime(folder)

    def prune(self, step: Step) -> list[str]:
        """Remove all but the newest products of the step; returns the keys that went."""
        folders = [
            folder
            for folder in (self.root / "steps").glob(f"{step.name}-*")
            # One step's name can be the start of another's; a key holds no dash.
            if folder.name.rpartition("-")[0] == step.name
        ]
        folders.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
        gone = []
        for folder in folders[KEEP:]:
            key = folder.name.rpartition("-")[2]
            self._untag(step, key)
            shutil.rmtree(folder, ignore_errors=True)
            gone.append(key)
        return gone

    def untag(self, step: Step) -> None:
        """Remove the step's image, if it makes one."""
        self._untag(step, self.keys[step.name])

    def _untag(self, step: Step, key: str) -> None:
        name = step.image.partition(":")[0]
        if not name:
            return
        listed = subprocess.run(
            [self.engine, "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", name],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        # An image a container still uses stays, which is right; so no check of the outcome.
        for tag in (line for line in listed.stdout.split() if line.endswith(key)):
            subprocess.run(
                [self.engine, "image", "rm", tag], stdin=subprocess.DEVNULL, capture_output=True
            )

    def sweep(self) -> None:
        """Remove what builds that were killed left half made. Only under the build lock."""
        for half in (self.root / "steps").glob(".half-*"):
            shutil.rmtree(half, ignore_errors=True)


def image_exists(engine: str, tag: str) -> bool:
    """Whether the engine holds an image of this name; no registry is asked."""
    if shutil.which(engine) is None:
        return False
    found = subprocess.run(
        [engine, "image", "inspect", tag],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return found.returncode == 0


@dataclass(frozen=True)
class Timings:
    """How long each step took the last time on this machine."""

    path: Path

    def read(self) -> dict[str, float]:
        """Seconds by step; empty when nothing was measured or the file is damaged."""
        try:
            measured = json.loads(self.path.read_text())
            return {str(step): float(seconds) for step, seconds in measured.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}

    def note(self, step: str, seconds: float) -> None:
        """Remember a measurement."""
        measured = {**self.read(), step: round(seconds, 1)}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(measured, indent=1, sort_keys=True) + "\n")
        new.replace(self.path)
