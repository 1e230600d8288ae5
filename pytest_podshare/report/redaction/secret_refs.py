"""The Secrets that Pods name: known one by one, to an account that may not list them."""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pytest_podshare import deadline as bounded
from pytest_podshare.deadline import Deadline, JobFailure
from pytest_podshare.kube.client import Api, pod_path

# the most that are asked for
_MOST = 100
# what holds a Secret's name: of a volume, of a variable, of a registry, of a driver
_NAME = "secretName"
_REFERENCES = frozenset(
    ("secret", "secretRef", "secretKeyRef", "nodePublishSecretRef", "imagePullSecrets")
)


def get(
    api: Api, namespace: str, pods: Iterable[Mapping[str, Any]], deadline: Deadline
) -> list[dict[str, Any]]:
    """Those that are to be had, of the Pods or the templates of Pods."""
    names = sorted({name for pod in pods for name in of(pod.get("spec") or {})})[:_MOST]
    root = posixpath.dirname(pod_path(namespace))
    jobs = {
        name: functools.partial(api.get, f"{root}/secrets/{name}", timeout=deadline.left)
        for name in names
    }
    found = bounded.gather(jobs, deadline).values()
    return [each for each in found if not isinstance(each, JobFailure)]


def of(value: Any, key: str = "") -> Iterator[str]:
    """The names of the Secrets in a Pod's spec, wherever they stand in it."""
    if isinstance(value, list):
        for each in value:
            yield from of(each, key)
    elif isinstance(value, Mapping):
        if key in _REFERENCES and isinstance(value.get("name"), str):
            yield value["name"]
        for name, each in value.items():
            yield from of(each, name)
    elif key == _NAME and isinstance(value, str):
        yield value
