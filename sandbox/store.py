"""The products of build steps: folders in the cache and images in the engine, named by their key.

A product exists as a whole or not at all. This module runs no steps.
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

from sandbox.plan import BuildStep

KEEP = 3


@dataclass(frozen=True)
class ProductStore:
    """The cache folder ``root`` and the images of ``engine`` (``docker`` or ``podman``)."""

    root: Path
    engine: str
    keys: Mapping[str, str]
    params: Mapping[str, str]

    def folder(self, step: BuildStep) -> Path:
        """Return the folder of the step's product, which may not exist yet."""
        return self.root / "steps" / f"{step.name}-{self.keys[step.name]}"

    def image(self, step: BuildStep) -> str:
        """Return the name of the image that the step builds, or "" if it builds none."""
        return step.image.format_map({**self.params, "key": self.keys[step.name]})

    def has(self, step: BuildStep) -> bool:
        """Return whether the product exists; for an image, whether the engine has it."""
        if step.image:
            return image_exists(self.engine, self.image(step))
        return self.folder(step).is_dir()

    @contextmanager
    def new_product(self, step: BuildStep) -> Iterator[Path]:
        """Provide an empty folder that becomes the product if the block ends without an error."""
        final = self.folder(step)
        final.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".partial-{final.name}-", dir=final.parent))
        partial.chmod(0o755)  # otherwise mkdtemp's 0700 would end up in images
        try:
            yield partial
            shutil.rmtree(final, ignore_errors=True)
            partial.rename(final)
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def mark_used(self, step: BuildStep) -> None:
        """Record that the product is in use, so that it is not pruned."""
        folder = self.folder(step)
        if step.image:  # the folder only records when the image was last used
            folder.mkdir(parents=True, exist_ok=True)
        if folder.is_dir():
            os.utime(folder)

    def prune(self, step: BuildStep) -> list[str]:
        """Remove all but the newest products of the step; return the keys of those removed."""
        folders = [
            folder
            for folder in (self.root / "steps").glob(f"{step.name}-*")
            # A step's name can be the start of another one's; a key contains no dash.
            if folder.name.rpartition("-")[0] == step.name
        ]
        folders.sort(key=lambda folder: folder.stat().st_mtime, reverse=True)
        removed = []
        for folder in folders[KEEP:]:
            key = folder.name.rpartition("-")[2]
            self._remove_images(step, key)
            shutil.rmtree(folder, ignore_errors=True)
            removed.append(key)
        return removed

    def remove_image(self, step: BuildStep) -> None:
        """Remove the step's image, if it builds one."""
        self._remove_images(step, self.keys[step.name])

    def _remove_images(self, step: BuildStep, key: str) -> None:
        name = step.image.partition(":")[0]
        if not name:
            return
        listing = subprocess.run(
            [self.engine, "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", name],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        # The result is not checked: an image that a container still uses is meant to stay.
        for tag in (line for line in listing.stdout.split() if line.endswith(key)):
            subprocess.run(
                [self.engine, "image", "rm", tag], stdin=subprocess.DEVNULL, capture_output=True
            )

    def remove_partial_products(self) -> None:
        """Remove what killed builds have left. Call it only while holding the build lock."""
        for partial in (self.root / "steps").glob(".partial-*"):
            shutil.rmtree(partial, ignore_errors=True)


def image_exists(engine: str, tag: str) -> bool:
    """Return whether the engine has an image of this name; no registry is contacted."""
    if shutil.which(engine) is None:
        return False
    process = subprocess.run(
        [engine, "image", "inspect", tag],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return process.returncode == 0


@dataclass(frozen=True)
class StepTimings:
    """How long each step took the last time it ran on this machine."""

    path: Path

    def read(self) -> dict[str, float]:
        """Return seconds by step; empty if nothing was measured or the file is damaged."""
        try:
            seconds = json.loads(self.path.read_text())
            return {str(step): float(value) for step, value in seconds.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}

    def record(self, step: str, seconds: float) -> None:
        """Record a measurement."""
        timings = {**self.read(), step: round(seconds, 1)}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(timings, indent=1, sort_keys=True) + "\n")
        new.replace(self.path)
