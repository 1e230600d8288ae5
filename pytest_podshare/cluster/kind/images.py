"""Local images onto the nodes of a kind cluster: in one archive, and once for each cluster."""

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
from pytest_podshare.cluster.kind.binary import KindSettings, find_kind
from pytest_podshare.cluster.kind.nodes import engine_program

# seconds for saving or loading an archive; large images on slow disks take minutes
_PATIENCE = 600.0


def load(settings: KindSettings, images: Sequence[str]) -> None:
    """Load images, by name from the local engine or from archives, onto every node.

    Those that the cluster has been given before, and that are the same still, are passed over.

    Args:
        settings: the cluster.
        images: names of local images, or paths of archives as `docker save` writes them.

    Raises:
        ImageLoadFailed: there is no such image, or kind could not load it.
    """
    if not images:
        return
    known, archives = _known(settings), [image for image in images if Path(image).is_file()]
    ids = {**_ids(images, archives), **{each: _contents(Path(each)) for each in archives}}
    missing = [image for image in ids if not ids[image] or known.get(image) != ids[image]]
    names = [image for image in missing if image not in archives]
    # beside the cluster, whose lock is held: what a killed run left of it is found there
    with tempfile.TemporaryDirectory(prefix="images-", dir=settings.folder) as folder:
        if names:
            saved = str(Path(folder) / "images.tar")
            _run([engine_program(), "save", "--output", saved, *names], f"save {' '.join(names)}")
            _load(settings, saved, " ".join(names))
        for archive in (image for image in missing if image in archives):
            _load(settings, archive, archive)
    settings.loaded.write_text(json.dumps({**known, **ids}))


def _known(settings: KindSettings) -> dict[str, str]:
    """What the cluster has been given, by what it is called, with what it was."""
    try:
        return dict(json.loads(settings.loaded.read_text()))
    except (OSError, ValueError, TypeError):
        return {}


def _ids(images: Sequence[str], archives: Sequence[str]) -> dict[str, str]:
    """The ids of the images that are named; "" where the engine has none, or does not say."""
    names = [image for image in dict.fromkeys(images) if image not in archives]
    if not names:
        return {}
    asked = [engine_program(), "image", "inspect", "--format", "{{.Id}}", *names]
    with contextlib.suppress(subprocess.TimeoutExpired):
        done = subprocess.run(asked, capture_output=True, text=True, timeout=_PATIENCE, check=False)
        if done.returncode == 0:
            return dict(zip(names, done.stdout.split(), strict=True))
    return dict.fromkeys(names, "")


def _contents(archive: Path) -> str:
    """The digest of an archive's list of contents, which names each by its own digest."""
    with contextlib.suppress(OSError, tarfile.TarError), tarfile.open(archive) as opened:
        for name in ("index.json", "manifest.json"):
            with contextlib.suppress(KeyError):
                listed = opened.extractfile(name)
                return hashlib.sha256(listed.read() if listed else b"").hexdigest()
    return ""


def _load(settings: KindSettings, archive: str, what: str) -> None:
    kind = str(find_kind(settings.kind_bin))
    _run([kind, "load", "image-archive", archive, "--name", settings.name], f"load {what}")


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
            errors.Remedy(
                "Give {} the name of a local image (see `docker images`)"
                " or the path of an archive.",
                "image",
            ),
        )
