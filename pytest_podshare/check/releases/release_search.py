"""The search for releases in manifests, and the jobs that render those of this repository."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_podshare.check.manifest_input import Input
from pytest_podshare.check.releases import argo, flux
from pytest_podshare.check.releases.git_repository import GitRepository, find_repository
from pytest_podshare.check.releases.release import Release, read_text
from pytest_podshare.check.render_options import RenderOptions
from pytest_podshare.check.rendering import RenderJob
from pytest_podshare.manifests.source import Source

_GROUPS = (flux.GROUP.encode(), argo.GROUP.encode())


@dataclasses.dataclass
class ReleaseSearch:
    """A search that yields the jobs of each release once."""

    options: RenderOptions
    exclude: Sequence[str] = ()
    _manifests: list[Input] = dataclasses.field(default_factory=list, init=False)
    _seen: set[object] = dataclasses.field(default_factory=set, init=False)
    # the URLs of GitRepositories by their names, and the ConfigMaps by their folder or rendering
    _urls: dict[str, set[str]] = dataclasses.field(default_factory=dict, init=False)
    _config_maps: dict[object, list[dict[str, Any]]] = dataclasses.field(
        default_factory=dict, init=False
    )
    # releases that are not rendered, and those without some of their values
    _elsewhere: list[Release] = dataclasses.field(default_factory=list, init=False)
    _incomplete: list[Release] = dataclasses.field(default_factory=list, init=False)

    def find_jobs(self, manifests: Sequence[Input]) -> list[RenderJob]:
        """Return the jobs of the releases in further manifests, except for repeated jobs.

        Args:
            manifests: the manifests, which may have been rendered by jobs of this search.
        """
        self._manifests += manifests
        self._read_urls(manifests)
        jobs = {manifest.job for manifest in manifests if manifest.job is not None}
        # an overlay is the same whoever renders it
        self._seen.update(job.read_input() for job in jobs if not job.is_chart)
        return [
            job
            for manifest in manifests
            for release in self._read_releases(manifest)
            for job in self._list_jobs(release)
        ]

    @property
    def notes(self) -> Iterator[str]:
        """Yield what was passed over, in one line for all."""
        if self._elsewhere:
            subject = "them" if len(self._elsewhere) > 1 else "it"
            yield (
                f"{_summarize(self._elsewhere)} not rendered: this repository has no chart or "
                f"overlay for {subject}."
            )
        if self._incomplete:
            missing = " and ".join(self._incomplete[0].missing)
            yield (
                f"{_summarize(self._incomplete)} rendered without values that are not in the "
                f"repository ({missing})."
            )

    def _read_releases(self, manifest: Input) -> Iterator[Release]:
        if not any(group in manifest.content for group in _GROUPS):
            return
        repository = _find_repository(manifest)
        for subject in _list_objects([manifest]):
            if _is(subject, flux.GROUP, flux.KIND):
                yield flux.read_release(
                    manifest,
                    subject,
                    lambda: self._list_config_maps(manifest),
                    lambda name: repository if self._is_here(name, repository) else None,
                )
            elif _is(subject, argo.GROUP, argo.KIND):
                yield from argo.read_releases(manifest, subject, repository)

    def _read_urls(self, manifests: Iterable[Input]) -> None:
        holders = (entry for entry in manifests if flux.SOURCE_GROUP.encode() in entry.content)
        for subject in _list_objects(holders):
            if _is(subject, flux.SOURCE_GROUP, flux.SOURCE_KIND):
                urls = self._urls.setdefault(read_text(subject, "metadata.name"), set())
                urls.add(read_text(subject, "spec.url"))

    def _is_here(self, name: str, repository: GitRepository | None) -> bool:
        """Return whether a GitRepository can be this repository, as far as its URL is known."""
        urls = self._urls.get(name)
        return repository is not None and (not urls or any(map(repository.may_be, urls)))

    def _list_config_maps(self, manifest: Input) -> list[dict[str, Any]]:
        """Return the ConfigMaps in the folder of a manifest, or in its rendering."""
        place = _find_place(manifest)
        if place not in self._config_maps:
            holders = (entry for entry in self._manifests if b"ConfigMap" in entry.content)
            objects = _list_objects(entry for entry in holders if _find_place(entry) == place)
            self._config_maps[place] = [
                subject for subject in objects if subject.get("kind") == "ConfigMap"
            ]
        return self._config_maps[place]

    def _list_jobs(self, release: Release) -> Iterator[RenderJob]:
        repository = _find_repository(release.manifest)
        folder = release.find_folder(repository)
        if repository is None or folder is None:
            self._elsewhere.append(release)
            return
        if any(fnmatch.fnmatch(str(folder), pattern) for pattern in self.exclude):
            return
        job = release.make_job(folder, repository.root, self.options)
        if (key := job.read_input()) not in self._seen:
            self._seen.add(key)
            if release.missing:
                self._incomplete.append(release)
            yield job


def _find_repository(manifest: Input) -> GitRepository | None:
    path = manifest.path
    return find_repository(path.absolute().parent if path else Path.cwd())


def _list_objects(manifests: Iterable[Input]) -> Iterator[dict[str, Any]]:
    for manifest in manifests:
        for part in manifest.read_parts():
            if isinstance(part, Source):
                yield from part.objects


def _find_place(manifest: Input) -> object:
    if manifest.job is not None:
        return manifest.job
    return manifest.path.parent if manifest.path else None


def _is(subject: Mapping[str, Any], group: str, kind: str) -> bool:
    version = subject.get("apiVersion")
    return (
        subject.get("kind") == kind and isinstance(version, str) and version.startswith(f"{group}/")
    )


def _summarize(releases: Sequence[Release]) -> str:
    """Return `HelmRelease/web in apps/web.yaml and 3 more are`."""
    first, others = releases[0], len(releases) - 1
    return f"{first} and {others} more are" if others else f"{first} is"
