"""A change to entries of ConfigMaps, Secrets and the Pod's metadata, which is undone afterwards."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_podshare import errors
from pytest_podshare.kube.client import Api
from pytest_podshare.pods.config_source import ConfigEntry
from pytest_podshare.pods.pod import Pod


@contextlib.contextmanager
def changed_entries(pod: Pod, entries: Sequence[ConfigEntry]) -> Iterator[bytes]:
    """Set entries to a random value, and put back their previous values at the end.

    An entry that someone else has changed meanwhile stays as it is then.

    Args:
        pod: the Pod whose volume is filled from the entries.
        entries: the entries, with their previous values.

    Yields:
        What the file of each entry must then hold.

    Raises:
        MissingRight: the account may not read or patch an object.
        ApiError: the API server refuses the change, or, after success, putting it back.
    """
    value = f"podshare-{secrets.token_hex(8)}"
    by_path: dict[str, list[ConfigEntry]] = {}
    for entry in entries:
        by_path.setdefault(entry.path(pod.namespace), []).append(entry)
    with contextlib.ExitStack() as changes:
        for path, of_object in by_path.items():
            # before the request, whose answer may be lost
            changes.push(_Restoration(pod.api, path, of_object, value))
            pod.api.patch(path, _merge(entry.patch(entry.encode(value)) for entry in of_object))
        yield value.encode()


class _Restoration(contextlib.AbstractContextManager[None]):
    """Puts back the previous values of the entries of one object."""

    def __init__(self, api: Api, path: str, entries: Sequence[ConfigEntry], value: str) -> None:
        self._api, self._path, self._entries, self._value = api, path, entries, value

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            self._restore()
        except errors.ClusterError as error:
            is_gone = isinstance(error, errors.ApiError) and error.status == 404
            # an earlier failure says more
            if kind is None and not is_gone:
                names = ", ".join(map(str, self._entries))
                raise error.with_remedy(
                    f"Put back the previous value of {names} yourself."
                ) from None

    def _restore(self) -> None:
        live = self._api.get(self._path)
        ours = [entry for entry in self._entries if entry.read(live) == entry.encode(self._value)]
        if ours:
            self._api.patch(self._path, _merge(entry.patch(entry.before) for entry in ours))


def _merge(patches: Iterator[dict[str, Any]]) -> dict[str, Any]:
    """Return one patch for several patches of an object."""
    merged: dict[str, Any] = {}
    for patch in patches:
        _merge_into(merged, patch)
    return merged


def _merge_into(target: dict[str, Any], patch: Mapping[str, Any]) -> None:
    for key, value in patch.items():
        if isinstance(value, dict):
            _merge_into(target.setdefault(key, {}), value)
        else:
            target[key] = value
