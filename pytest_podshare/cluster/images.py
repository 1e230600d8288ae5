"""Local images onto the nodes of a kind cluster, in one archive."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.cluster.kind_program import KindSettings, find_kind
from pytest_podshare.cluster.nodes import engine_program

# seconds for saving or loading an archive; large images on slow disks take minutes
_PATIENCE = 600.0


def load(settings: KindSettings, images: Sequence[str]) -> None:
    """Load images, by name from the local engine or from archives, onto every node.

    Args:
        settings: the cluster.
        images: names of local images, or paths of archives as `docker save` writes them.

    Raises:
        ImageLoadFailed: there is no such image, or kind could not load it.
    """
    archives = [image for image in images if Path(image).is_file()]
    names = [image for image in images if image not in archives]
    with tempfile.TemporaryDirectory(prefix="podshare-images-") as folder:
        if names:
            saved = Path(folder) / "images.tar"
            _run(
                [engine_program(), "save", "--output", str(saved), *names],
                f"save {' '.join(names)}",
            )
            archives.append(str(saved))
        kind = str(find_kind(settings.kind_bin))
        for archive in archives:
            _run(
                [kind, "load", "image-archive", archive, "--name", settings.name],
                f"load {archive if archive in images else ' '.join(names)}",
            )


def _run(command: list[str], what: str) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        raise errors.ImageLoadFailed(
            f"Could not {what} within {_PATIENCE:.0f} s.", "Use smaller images, or a faster disk."
        ) from None
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["no word of why"])[-1]
        raise errors.ImageLoadFailed(
            f"Could not {what}: {said}",
            "Give --podshare-image the name of a local image (see `docker images`) "
            "or the path of an archive.",
        )
