"""Manifests as files of pytest's tree, and the levels between a file and its items."""

from __future__ import annotations

import collections
import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_podshare import errors
from pytest_podshare.check import rendering
from pytest_podshare.check.inputs import Input
from pytest_podshare.check.rendering import RenderJob
from pytest_podshare.check.settings import Settings
from pytest_podshare.manifests import source
from pytest_podshare.manifests.position import Position
from pytest_podshare.manifests.source import Source
from pytest_podshare.plugin import manifest_paths
from pytest_podshare.plugin.manifest_items import WiringItem, found, unreadable
from pytest_podshare.plugin.manifest_paths import Thing
from pytest_podshare.plugin.promise_items import PromiseItem, SharedPod
from pytest_podshare.plugin.stash import OPTIONS, SETTINGS
from pytest_podshare.wiring import expectations, templates
from pytest_podshare.wiring.templates import Template

_Nodes = Iterator[pytest.Item | pytest.Collector]


def of_path(
    path: Path, parent: pytest.Collector, things: tuple[Thing, ...], own: Settings
) -> ManifestFile | None:
    """The node of a file.

    Args:
        path: the file.
        parent: the node of its folder.
        things: what is to be read or rendered of it; nothing for a file that was named by itself.
        own: the project's settings.
    """
    if not things:
        things = _named(path, own)
    if not things:
        return None
    node: ManifestFile = ManifestFile.from_parent(parent, path=path, things=things)
    return node


def _named(path: Path, own: Settings) -> tuple[Thing, ...]:
    """A file that was given to pytest by name, if it is a manifest with Pods."""
    try:
        (things,) = manifest_paths.find([str(path)], ()).values()
        pods = any(
            templates.find_templates(thing.read(), own.pod_templates)
            for thing in things
            if isinstance(thing, Input)
        )
    except (errors.PodshareError, ValueError):
        # somebody else's YAML, perhaps
        return ()
    return things if pods or any(isinstance(thing, RenderJob) for thing in things) else ()


class ManifestFile(pytest.Module):
    """A manifest, or a chart, or an overlay.

    A Module, so that a module's fixtures may be meant for its items; as pytest's own text files
    with doctests, one without a Python module.
    """

    obj = None

    def __init__(self, *, things: tuple[Thing, ...], **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]
        self._things = things

    def collect(self) -> _Nodes:
        """Its items, or a level for each of its scenarios, or for each of its Pod templates."""
        for thing in self._things:
            if isinstance(thing, RenderJob) and rendering.is_chart(thing.folder):
                inside = functools.partial(_of_thing, thing=thing)
                yield TemplateCollector.from_parent(self, name=thing.name, inside=inside)
            else:
                yield from _of_thing(self, thing)


class TemplateCollector(pytest.Collector):
    """What is between a file and its items: a scenario of a chart, a Pod template."""

    def __init__(self, *, inside: Callable[[pytest.Collector], _Nodes], **kwargs: object) -> None:
        super().__init__(**kwargs)  # type: ignore[arg-type]
        self._inside = inside

    def collect(self) -> _Nodes:
        """What is in it."""
        return self._inside(self)


def _read(thing: Thing) -> Source:
    if isinstance(thing, Input):
        return thing.read()
    return source.read(rendering.render(thing), origin=thing.origin)


def _of_thing(parent: pytest.Collector, thing: Thing) -> _Nodes:
    """A level for each Pod template of a manifest, or the items of its only one."""
    try:
        inside = templates.find_templates(_read(thing), parent.config.stash[SETTINGS].pod_templates)
    except errors.PodshareError as error:
        if (
            isinstance(error, errors.RenderFailed)
            and isinstance(thing, RenderJob)
            and thing.optional
        ):
            return
        # a file that cannot be read must not keep the others from being tested
        yield WiringItem.of(parent, functools.partial(unreadable, error))
        return
    if len(inside) == 1:
        yield from _of_template(parent, inside[0])
        return
    count: collections.Counter[str] = collections.Counter()
    for template in inside:
        name = str(template)
        count[name] += 1
        unique = name if count[name] == 1 else f"{name}#{count[name]}"
        its = functools.partial(_of_template, template=template)
        yield TemplateCollector.from_parent(parent, name=unique, inside=its)


def _of_template(parent: pytest.Collector, template: Template) -> _Nodes:
    """What is found in a template, and what its wiring promises."""
    own, options = parent.config.stash[SETTINGS], parent.config.stash[OPTIONS]
    line = functools.partial(_line, parent, template)
    try:
        promises = expectations.read_promises(template)
    except errors.PodshareError as error:
        yield WiringItem.of(parent, functools.partial(unreadable, error), line(template.position))
        return
    find = functools.partial(found, template, own.ignore)
    yield WiringItem.of(parent, find, line(template.position))
    deployed = SharedPod(parent, template, options)
    for promise in promises:
        yield PromiseItem.of(parent, promise, deployed, line(promise.position))


def _line(parent: pytest.Collector, template: Template, at: Position | None) -> int | None:
    """The line of a place, counted from 0; the lines of what was rendered are those of no file."""
    is_in_file = Path(template.origin).name == parent.path.name
    return at.line - 1 if at is not None and is_in_file else None
