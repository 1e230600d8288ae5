"""One release of a chart or an overlay, and how it is rendered."""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_podshare import errors
from pytest_podshare.check import rendering
from pytest_podshare.check.manifest_input import Input
from pytest_podshare.check.releases.git_repository import GitRepository
from pytest_podshare.check.render_options import RenderOptions
from pytest_podshare.check.rendering import RenderJob
from pytest_podshare.manifests import source

STDIN = "-"

# what helm accepts; anything else could be an option of its command line
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,51}[a-z0-9])?")


@dataclasses.dataclass(frozen=True)
class Release:
    """A release that a manifest describes.

    Args:
        manifest: the manifest.
        subject: the object in it: `HelmRelease/web`.
        path: the path of its chart or overlay from the root of the repository; None if that is in
            another place.
        name: the name that helm gives it.
        namespace: the namespace of its objects; "" for none.
        value_files: the value files, as paths from the root of the repository. Those of other
            places are left out.
        values: further values, which win.
        words: further words of helm's command line.
        missing: what its values need that is not in the repository: `Secret web-values`.
    """

    manifest: Input
    subject: str
    path: str | None
    name: str
    namespace: str = ""
    value_files: tuple[str, ...] = ()
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    words: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return `HelmRelease/web in apps/web.yaml`."""
        return f"{self.subject} in {self.manifest.origin}"

    def find_folder(self, repository: GitRepository | None) -> Path | None:
        """Return the folder of its chart or overlay; None if it is not in the repository."""
        if repository is None or self.path is None or not _NAME.fullmatch(self.name):
            return None
        folder = repository.find(self.path)
        if folder is None or not rendering.is_renderable(folder):
            return None
        return self._show(folder)

    def make_job(self, folder: Path, root: Path, options: RenderOptions) -> RenderJob:
        """Return the job that renders it.

        Args:
            folder: the folder of its chart or overlay.
            root: the root of the repository.
            options: the options for helm and kustomize.
        """
        if not rendering.is_chart(folder):
            return rendering.overlay_job(folder, enable_helm=options.enable_helm)
        own = dataclasses.replace(options.find(folder), namespace=self.namespace)
        update = (rendering.DEPENDENCY_UPDATE,) if own.dependency_update else ()
        files = [str(self._show(root / file)) for file in self.value_files]
        files += [STDIN] if self.values else []
        argument = rendering.as_argument(folder)
        command = (
            "helm",
            "template",
            self.name,
            argument,
            *rendering.value_words(files),
            *self.words,
            *own.words,
        )
        return RenderJob(
            str(self),
            folder,
            (*command, *update),
            optional=bool(self.missing),
            is_release=True,
            values=json.dumps(self.values, default=str).encode() if self.values else b"",
        )

    def _show(self, path: Path) -> Path:
        """Return a path as a user of the manifest's path would write it."""
        named = self.manifest.path
        absolute = named is not None and named.is_absolute()
        return path if absolute else Path(os.path.relpath(path))


def look_up(value: Any, path: str) -> Any:
    """Return what is at a path in a mapping, such as `spec.chart.spec`; None if nothing is."""
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def read_text(value: Any, path: str) -> str:
    """Return the string at a path in a mapping; "" if there is none."""
    found = look_up(value, path)
    return found if isinstance(found, str) else ""


def list_entries(value: Any, path: str) -> list[Any]:
    """Return the entries of the list at a path in a mapping; none if there is no list."""
    found = look_up(value, path)
    return found if isinstance(found, list) else []


def parse_values(text: str) -> dict[str, Any] | None:
    """Return the values in the text of a value file; None if it is not YAML."""
    try:
        documents = source.read(text.encode(), unique_keys=False).documents
    except errors.ManifestError:
        return None
    return documents[0] if documents and isinstance(documents[0], dict) else {}


def merge(values: Mapping[str, Any], others: Any) -> dict[str, Any]:
    """Return values with others on top, as helm merges value files."""
    merged = dict(values)
    for key, value in (others if isinstance(others, dict) else {}).items():
        own = merged.get(key)
        if isinstance(own, dict) and isinstance(value, dict):
            value = merge(own, value)
        merged[key] = value
    return merged
