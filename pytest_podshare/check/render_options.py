"""What helm and kustomize are called with: options of the command line and of a project."""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Mapping
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class HelmOptions:
    """The options for the runs of `helm template` for a chart.

    Args:
        values: the value files of each run, in helm's order; none for the default values and each
            of the chart's `ci/*-values.yaml`.
        assignments: the values for `--set`.
        kube_version: the version of Kubernetes that the chart sees; "" for helm's default.
        api_versions: further API versions that the chart sees.
        namespace: the namespace of the release; "" for helm's default.
        release_name: the name of the release; "" for helm's default.
        dependency_update: whether helm fetches missing dependencies.
    """

    values: tuple[tuple[str, ...], ...] = ()
    assignments: tuple[str, ...] = ()
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()
    namespace: str = ""
    release_name: str = ""
    dependency_update: bool = False

    def extend(self, other: HelmOptions) -> HelmOptions:
        """Return these options with others added, which win."""
        return HelmOptions(
            values=other.values or self.values,
            assignments=(*self.assignments, *other.assignments),
            kube_version=other.kube_version or self.kube_version,
            api_versions=(*self.api_versions, *other.api_versions),
            namespace=other.namespace or self.namespace,
            release_name=other.release_name or self.release_name,
            dependency_update=other.dependency_update or self.dependency_update,
        )

    @property
    def words(self) -> tuple[str, ...]:
        """Return the words of the command line, without value files and dependency updates."""
        named = (
            *(("--set", text) for text in self.assignments),
            *(("--kube-version", text) for text in (self.kube_version,) if text),
            *(("--api-versions", text) for text in self.api_versions),
            *(("--namespace", text) for text in (self.namespace,) if text),
        )
        return tuple(word for option in named for word in option)


@dataclasses.dataclass(frozen=True)
class RenderOptions:
    """The options for all charts and overlays.

    Args:
        charts: the options for charts, by a pattern of their paths below `folder`.
        folder: the folder of the project.
        helm: the options of the command line, for every chart.
        enable_helm: whether kustomize may render charts.
    """

    charts: Mapping[str, HelmOptions] = dataclasses.field(default_factory=dict)
    folder: Path = Path()
    helm: HelmOptions = HelmOptions()
    enable_helm: bool = False

    def find(self, chart: Path) -> HelmOptions:
        """Return the options for a chart."""
        options = HelmOptions()
        for pattern, own in self.charts.items():
            if fnmatch.fnmatch(str(chart.absolute()), str(self.folder.absolute() / pattern)):
                options = options.extend(own)
        return options.extend(self.helm)

    def find_kube_version(self, chart: Path | None) -> str:
        """Return the version of Kubernetes that a chart is rendered for; "" for any.

        Args:
            chart: the chart; None for a manifest that is not from a chart.
        """
        return (self.helm if chart is None else self.find(chart)).kube_version
