"""The Secrets that Pods refer to, for an account that may get them but not list them."""

from __future__ import annotations

import functools
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pytest_podshare.deadline import Deadline, JobFailure, gather
from pytest_podshare.kube.client import Api, pod_path

_MAX_SECRETS = 100
# fields with a Secret's name: of a volume; and, as an object, of a variable, registry or driver
_NAME_FIELD = "secretName"
_REFERENCES = frozenset(
    ("secret", "secretRef", "secretKeyRef", "nodePublishSecretRef", "imagePullSecrets")
)


def fetch_secrets(
    api: Api, namespace: str, pods: Iterable[Mapping[str, Any]], deadline: Deadline
) -> list[dict[str, Any]]:
    """Return the Secrets that these Pods or Pod templates refer to, as far as they are readable."""
    references = (name for pod in pods for name in find_references(pod.get("spec") or {}))
    names = sorted(set(references))[:_MAX_SECRETS]
    root = posixpath.dirname(pod_path(namespace))
    jobs = {
        name: functools.partial(api.get, f"{root}/secrets/{name}", timeout=deadline.left)
        for name in names
    }
    secrets = gather(jobs, deadline).values()
    return [secret for secret in secrets if not isinstance(secret, JobFailure)]


def find_references(value: Any, field: str = "") -> Iterator[str]:
    """Yield the names of the Secrets in a Pod's spec, at any depth.

    Args:
        value: the spec, or a part of it.
        field: the field that the part is in.
    """
    if isinstance(value, list):
        for item in value:
            yield from find_references(item, field)
    elif isinstance(value, Mapping):
        if field in _REFERENCES and isinstance(value.get("name"), str):
            yield value["name"]
        for name, item in value.items():
            yield from find_references(item, name)
    elif field == _NAME_FIELD and isinstance(value, str):
        yield value
