"""Collectors: a manifest file, and the levels between a file and its items."""

from __future__ import annotations

import collections
import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_podshare import errors
from pytest_podshare.check import rendering, rules
from pytest_podshare.check.inputs import Input
from pytest_podshare.check.project_settings import ProjectSettings
from pytest_podshare.check.rendering import RenderJob
from pytest_podshare.manifests import source
from pytest_podshare.manifests.position import Position
from pytest_podshare.manifests.source import Source
from pytest_podshare.plugin import manifest_paths
from pytest_podshare.plugin.manifest_items import Findings, WiringItem
from pytest_podshare.plugin.manifest_paths import ManifestInput
from pytest_podshare.plugin.promise_items import PromiseItem
from pytest_podshare.plugin.shared_pods import PodGroup
from pytest_podshare.plugin.stash import OPTIONS, SETTINGS
from pytest_podshare.wiring import expectations, shared_claims, templates
from pytest_podshare.wiring.promise import PromiseOption
from pytest_podshare.wiring.templates import Template

_Nodes = Iterator[pytest.Item | pytest.Collector]


def create_collector(
    path: Path,
    parent: pytest.Collector,
    inputs: tuple[ManifestInput, ...],
    settings: ProjectSettings,
) -> ManifestFile | None:
    """Return the collector of a file; None if it is not a manifest with Pods.

    Args:
        path: the file.
        parent: the collector of its folder.
        inputs: what to read or render; empty if only an argument of pytest names the file.
        settings: the project's settings.
    """
    inputs = inputs or _find_inputs(path, settings)
    if not inputs:
        return None
    return ManifestFile.from_parent(parent, path=path, inputs=inputs)


def _find_inputs(path: Path, settings: ProjectSettings) -> tuple[ManifestInput, ...]:
    """Return what to read or render of a file, or nothing if it is not a manifest with Pods."""
    try:
        (inputs,) = manifest_paths.find_inputs([str(path)], (), settings.rendering).values()
        has_pods = any(
            isinstance(manifest, RenderJob)
            or templates.find_templates(manifest.read(), settings.pod_templates)
            for manifest in inputs
        )
    except (errors.PodshareError, ValueError):
        # perhaps YAML that is meant for another plugin
        return ()
    return inputs if has_pods else ()


class ManifestFile(pytest.Module):
    """A manifest, a chart or an overlay.

    It is a Module, so that fixtures of module scope work; like pytest's own text files with
    doctests, it has no Python module.
    """

    obj = None

    def __init__(self, *, inputs: tuple[ManifestInput, ...], **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]
        self._inputs = inputs

    def collect(self) -> _Nodes:
        """Yield its items, or a level for each render job of a chart or each Pod template."""
        for manifest in self._inputs:
            if isinstance(manifest, RenderJob) and rendering.is_chart(manifest.folder):
                collect = functools.partial(_collect_manifest, manifest=manifest)
                yield TemplateCollector.from_parent(
                    self, name=manifest.name, collect_children=collect
                )
            else:
                yield from _collect_manifest(self, manifest)


class TemplateCollector(pytest.Collector):
    """A level between a file and its items: a render job of a chart, or a Pod template."""

    def __init__(
        self, *, collect_children: Callable[[pytest.Collector], _Nodes], **kwargs: object
    ) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]
        self._collect_children = collect_children

    def collect(self) -> _Nodes:
        """Yield its items, or a level for each Pod template."""
        return self._collect_children(self)


def _read(manifest: ManifestInput) -> Source:
    if isinstance(manifest, Input):
        return manifest.read()
    return source.read(rendering.render(manifest), origin=manifest.origin)


def _collect_manifest(parent: pytest.Collector, manifest: ManifestInput) -> _Nodes:
    """Yield a level for each Pod template of a manifest, or the items of its only one."""
    settings = parent.config.stash[SETTINGS]
    try:
        found = templates.find_templates(_read(manifest), settings.pod_templates)
    except errors.PodshareError as error:
        is_optional = isinstance(manifest, RenderJob) and manifest.optional
        if not (is_optional and isinstance(error, errors.RenderFailed)):
            # other files are still collected
            yield WiringItem.from_parent(parent, find=functools.partial(_fail, error), line=0)
        return
    if len(found) == 1:
        yield from _collect_template(parent, "", found[0])
        return
    count: collections.Counter[str] = collections.Counter()
    unique_names: dict[str, Template] = {}
    for template in found:
        name = str(template)
        count[name] += 1
        unique_names[name if count[name] == 1 else f"{name}#{count[name]}"] = template
    # two objects of one name cannot exist in one namespace
    single = {name: one for name, one in unique_names.items() if count[str(one)] == 1}
    others = {name: shared_claims.list_options(one, single) for name, one in single.items()}
    options = [option for listed in others.values() for option in listed]
    group = PodGroup(parent, single, parent.config.stash[OPTIONS])
    sharing = {*(option.to_template for option in options), *filter(others.get, others)}
    for name, template in unique_names.items():
        collect = functools.partial(
            _collect_template,
            name=name,
            template=template,
            others=others.get(name, ()),
            group=group if name in sharing else None,
        )
        yield TemplateCollector.from_parent(parent, name=name, collect_children=collect)


def _collect_template(
    parent: pytest.Collector,
    name: str,
    template: Template,
    others: tuple[PromiseOption, ...] = (),
    group: PodGroup | None = None,
) -> _Nodes:
    """Yield an item for the wiring of a Pod template, and one for each of its promises.

    Args:
        parent: the collector of the items.
        name: the template's name in ids; "" if it is the only one of its manifest.
        template: the template.
        others: what it can promise to other templates.
        group: the templates with which it shares a claim, and itself; None for itself alone.
    """
    settings, options = parent.config.stash[SETTINGS], parent.config.stash[OPTIONS]
    line = _line(parent, template, template.position)
    try:
        promises = expectations.read_promises(template, others)
    except errors.PodshareError as error:
        yield WiringItem.from_parent(parent, find=functools.partial(_fail, error), line=line)
        return
    ignore, enable = settings.ignore, settings.enable
    find = functools.partial(rules.check, template, ignore=ignore, enable=enable)
    yield WiringItem.from_parent(parent, find=find, line=line)
    group = group or PodGroup(parent, {name: template}, options)
    for promise in promises:
        line = _line(parent, template, promise.position)
        yield PromiseItem.from_parent(
            parent, promise=promise, template=name, group=group, line=line
        )


def _fail(error: errors.PodshareError) -> Findings:
    raise error


def _line(parent: pytest.Collector, template: Template, position: Position | None) -> int | None:
    """Return a position's line in the collected file, from 0; None if the text was rendered."""
    is_in_file = Path(template.origin).name == parent.path.name
    return position.line - 1 if position is not None and is_in_file else None
