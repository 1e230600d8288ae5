"""What the text of manifests says about an object: who may create it, who mentions it.

Objects are created in more ways than there are kinds to read: by operators, by hooks, by commands.
A name is therefore looked up in the text, and only when it is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_IN_NAME = re.compile(rb"[\w-]")
_SEPARATOR = re.compile(rb"^---", re.M)
_KIND = re.compile(rb"(?:^|[{,])\s*[\"']?kind[\"']?:\s*[\"']?(\w+)", re.M)
_GROUP = re.compile(rb"(?:^|[{,])\s*[\"']?apiVersion[\"']?:\s*[\"']?([\w.-]+)/", re.M)
_NAME = re.compile(rb"(?:^|[{,])\s*[\"']?name[\"']?:\s*[\"']?([\w.-]+)", re.M)
# what stands before a name in arguments, in variables, and in the resourceNames of a Role
_BEFORE_ARGUMENT = re.compile(
    rb"(?:[=,]|(?:configmaps?|secrets?|cm|pvc)/|^\s*- |value: |[^\s:-] )[\"']?$", re.M
)
_LONGEST_BEFORE = 40
# groups whose resources create no ConfigMap, Secret or claim, though they may refer to some
_NEVER_CREATE = (
    *(b"monitoring.coreos.com", b"networking.istio.io", b"argoproj.io", b"serving.knative.dev"),
    *(b"kubeflow.org", b"ray.io"),
)
_BUILT_IN = (b"apps", b"batch", b"autoscaling", b"policy", b"extensions")
# an Ingress has the names of Secrets that cert-manager or the user creates
_REQUESTS = re.compile(rb"^\s*[\"']?kind[\"']?:\s*[\"']?Ingress|serving-cert-secret-name", re.M)


def count_mentions(name: str, texts: Iterable[bytes]) -> int:
    """Return how often manifests mention a name."""
    return sum(1 for text in texts for _ in _find_mentions(name, text))


def contains(kind: str, name: str, texts: Iterable[bytes]) -> bool:
    """Return whether a manifest seems to have an object of this kind and name."""
    return any(
        kind.encode() in _KIND.findall(document) and name.encode() in _NAME.findall(document)
        for document in _find_documents(name, texts)
    )


def is_argument(name: str, texts: Iterable[bytes]) -> bool:
    """Return whether a name is an argument of a program, or a Role allows to change its object."""
    return any(
        _BEFORE_ARGUMENT.search(before) and after not in (b".", b"/", b":")
        for text in texts
        for before, after in _find_mentions(name, text)
    )


def may_create(name: str, texts: tuple[bytes, ...]) -> bool:
    """Return whether something in the manifests may create an object of this name when it runs."""
    if is_argument(name, texts):
        return True
    if any(_is_request(document) for document in _find_documents(name, texts)):
        return True
    # operators derive names from those of their resources
    prefixes = (found for text in texts for found in _list_custom_names(text))
    return any(name.startswith(f"{prefix}-") for prefix in prefixes)


def _find_mentions(name: str, text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield what stands before and after each place where a text has this name as a word."""
    word = name.encode()
    start = text.find(word)
    while start >= 0:
        end = start + len(word)
        before, after = text[max(0, start - _LONGEST_BEFORE) : start], text[end : end + 1]
        if not _IN_NAME.match(before[-1:]) and not _IN_NAME.match(after):
            yield before, after
        start = text.find(word, end)


def _is_request(document: bytes) -> bool:
    return bool(_REQUESTS.search(document)) or _is_custom(document)


def _list_custom_names(text: bytes) -> Iterator[str]:
    for document in _SEPARATOR.split(text):
        if _is_custom(document) and (found := _NAME.search(document)):
            yield found[1].decode()


def _is_custom(document: bytes) -> bool:
    """Return whether a document has a custom resource whose operator may create objects."""
    return any(
        not group.endswith(b".k8s.io") and group not in (*_BUILT_IN, *_NEVER_CREATE)
        for group in _GROUP.findall(document)
    )


def _find_documents(name: str, texts: Iterable[bytes]) -> Iterator[bytes]:
    for text in texts:
        if name.encode() in text:
            yield from (part for part in _SEPARATOR.split(text) if name.encode() in part)
