"""Keys that their mappings already have."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_podshare.check.rules.finding import Issue, rule
from pytest_podshare.manifests.constraints import DuplicateKey
from pytest_podshare.manifests.position import find_position
from pytest_podshare.wiring.model import Wiring
from pytest_podshare.wiring.templates import Template


@rule("warning")
def duplicate_key(template: Template, _: Wiring) -> Iterator[Issue]:
    """A mapping has a key twice, and the first value is ignored."""
    for duplicate in template.source.duplicate_keys:
        if _is_in(duplicate, template):
            yield Issue(
                f"the key {duplicate.key!r} is already on line {duplicate.first_line}:"
                " the value there is ignored",
                "Merge the two, or remove one of them.",
                duplicate.position,
            )


def _is_in(duplicate: DuplicateKey, template: Template) -> bool:
    """Return whether a key is in the object of the template: the last one that starts before it."""
    starts = (find_position(entry) for entry in template.source.objects)
    before = [start for start in starts if start and start <= duplicate.position]
    return bool(before) and max(before) == template.position
