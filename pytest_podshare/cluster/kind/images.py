"""Load local images onto the nodes of a kind cluster, in one archive and only once."""

from __future__ import annotations

import contextlib
import hashlib
import json
import subprocess
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pytest_podshare import errors
from pytest_podshare.cluster.kind.binary import find_kind
from pytest_podshare.cluster.kind.engine import find_engine
from pytest_podshare.cluster.kind.settings import KindSettings

# seconds for saving or loading an archive; large images on slow disks take minutes
_TIMEOUT = 600.0


def load(settings: KindSettings, images: Sequence[str]) -> None:
    """Load images onto every node, except those that were loaded before and have not changed.

    Args:
        settings: the cluster.
        images: the names of local images, or paths of archives as `docker save` writes them.

    Raises:
        ImageLoadFailed: an image does not exist, or kind could not load it.
    """
    if not images:
        return
    loaded = _read_loaded(settings)
    archives = [image for image in images if Path(image).is_file()]
    ids = {
        **_read_ids([image for image in dict.fromkeys(images) if image not in archives]),
        **{archive: _archive_digest(Path(archive)) for archive in archives},
    }
    missing = [image for image in ids if not ids[image] or loaded.get(image) != ids[image]]
    names = [image for image in missing if image not in archives]
    # in the cluster's folder, where the next run removes what a killed one leaves
    with tempfile.TemporaryDirectory(prefix="images-", dir=settings.folder) as folder:
        if names:
            saved = str(Path(folder) / "images.tar")
            _run([find_engine(), "save", "--output", saved, *names], f"save {' '.join(names)}")
            _load_archive(settings, saved, " ".join(names))
        for archive in (image for image in missing if image in archives):
            _load_archive(settings, archive, archive)
    settings.images_file.write_text(json.dumps({**loaded, **ids}))


def _read_loaded(settings: KindSettings) -> dict[str, str]:
    """Return the images that were loaded, each with its ID or digest."""
    try:
        return dict(json.loads(settings.images_file.read_text()))
    except (OSError, ValueError, TypeError):
        return {}


def _read_ids(names: Sequence[str]) -> dict[str, str]:
    """Return the ID of each image; "" if the engine does not return it."""
    if not names:
        return {}
    inspect = [find_engine(), "image", "inspect", "--format", "{{.Id}}", *names]
    with contextlib.suppress(subprocess.TimeoutExpired):
        done = subprocess.run(
            inspect, capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
        if done.returncode == 0:
            return dict(zip(names, done.stdout.split(), strict=True))
    return dict.fromkeys(names, "")


def _archive_digest(archive: Path) -> str:
    """Return the digest of an archive's index, which lists the digests of its content."""
    with contextlib.suppress(OSError, tarfile.TarError), tarfile.open(archive) as opened:
        for name in ("index.json", "manifest.json"):
            with contextlib.suppress(KeyError):
                index = opened.extractfile(name)
                return hashlib.sha256(index.read() if index else b"").hexdigest()
    return ""


def _load_archive(settings: KindSettings, archive: str, images: str) -> None:
    kind = str(find_kind(settings.kind_bin))
    _run([kind, "load", "image-archive", archive, "--name", settings.name], f"load {images}")


def _run(command: list[str], action: str) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        raise errors.ImageLoadFailed(
            f"Could not {action} within {_TIMEOUT:.0f} s.", "Use smaller images or a faster disk."
        ) from None
    if done.returncode != 0:
        message = (done.stderr.strip().splitlines() or ["no error message"])[-1]
        raise errors.ImageLoadFailed(
            f"Could not {action}: {message}",
            errors.Remedy(
                "Set {} to the name of a local image (see `docker images`)"
                " or to the path of an archive.",
                "image",
            ),
        )
