"""What the API server says of fields that it does not know or does not like.

Documentation: Kubernetes API Concepts, Field validation; and Warning headers (299) of a response.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# rejects an object with an unknown field; ignored by API servers before 1.25
STRICT = "Strict"
_STRICT_ERROR = "strict decoding error: "
_UNKNOWN_FIELD = re.compile(r'unknown field "([^"]+)"')
_WARNING = re.compile(r'\b299 \S+ "((?:[^"\\]|\\.)*)"')


def find_unknown_fields(message: str) -> list[str]:
    """Return the paths of the fields that a rejection names; none if it has another reason."""
    _, _, problems = message.partition(_STRICT_ERROR)
    return list(dict.fromkeys(_UNKNOWN_FIELD.findall(problems)))


def parse_warnings(headers: Iterable[str]) -> tuple[str, ...]:
    """Return the texts of Warning headers, each once."""
    texts = (match[1] for header in headers for match in _WARNING.finditer(header))
    return tuple(dict.fromkeys(re.sub(r"\\(.)", r"\1", text) for text in texts))
