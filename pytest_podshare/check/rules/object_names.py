"""Names of ConfigMaps, Secrets and claims that no manifest creates, and what may be meant."""

from __future__ import annotations

import re

from pytest_podshare.check.rules.similar_names import find_nearest, is_typo
from pytest_podshare.wiring.render_objects import (
    CLAIM,
    CONFIG_MAP,
    SECRET,
    Reference,
    RenderObjects,
)
from pytest_podshare.wiring.templates import Template

# created in every namespace by OpenShift and Istio
_IN_EVERY_NAMESPACE = ("openshift-service-ca.crt", "istio-ca-root-cert")
_ACCOUNT_TOKEN = re.compile(r"-token(?:-[a-z0-9]{5})?$")
# a claim of one Pod of a StatefulSet
_NUMBERED = re.compile(r"-\d+$")
# what kustomize appends to the names of what it generates
_HASH = re.compile(r"-[bcdfghkmt2456789]{10}$")
# the release of `helm template` without a name
_DEFAULT_RELEASE = "release-name"
_OF_HELM = ("helm.sh/chart", "chart", "heritage")
_RELEASES = ("app.kubernetes.io/instance", "release")


def is_well_known(reference: Reference) -> bool:
    """Return whether the cluster itself creates the object of that name."""
    if reference.kind == CONFIG_MAP:
        return reference.name in _IN_EVERY_NAMESPACE
    pattern = _ACCOUNT_TOKEN if reference.kind == SECRET else _NUMBERED
    return reference.kind in (SECRET, CLAIM) and bool(pattern.search(reference.name))


def find_meant(reference: Reference, objects: RenderObjects) -> str | None:
    """Return the name that was probably meant: a misspelt one, or a similar one that nothing uses.

    Args:
        reference: the reference to an object that does not exist.
        objects: the objects of the render.
    """
    names = objects.list_names(reference)
    for name in names:
        if is_typo(reference.name, _HASH.sub("", name)) and not _is_numbered(reference.name):
            return name
    unused = [name for name in names if objects.is_unused(name)]
    for name in unused:
        if f"-{name}".endswith(f"-{reference.name}") or reference.name.endswith(f"-{name}"):
            return name
    return find_nearest(reference.name, unused)


def _is_numbered(name: str) -> bool:
    """Return whether the last part of a name is one letter, as in `shard-a`."""
    return len(name.rpartition("-")[2]) == 1


def has_release_prefix(template: Template, name: str) -> bool:
    """Return whether a chart gave a name, since it begins with the name of the release."""
    labels = (template.subject.get("metadata") or {}).get("labels")
    entries = labels if isinstance(labels, dict) else {}
    releases = [_DEFAULT_RELEASE]
    if any(label in entries for label in _OF_HELM):
        releases += [str(entries[label]) for label in _RELEASES if entries.get(label)]
    return any(name.startswith(f"{release}-") for release in releases)
