"""The encoding of a manifest: Kubernetes reads UTF-8 only."""

from __future__ import annotations

import codecs

# where the NUL bytes of the first character are, if it is ASCII → the encoding
_BY_NULS: dict[tuple[bool, ...], str] = {
    (True, True, True, False): "UTF-32",
    (False, True, True, True): "UTF-32",
    (True, False, True, False): "UTF-16",
    (False, True, False, True): "UTF-16",
}
_MARKS = {
    # the mark of UTF-32 begins like that of UTF-16
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


def detect_wide(content: bytes) -> str:
    """Return `UTF-16` or `UTF-32` for such a text, with or without a byte order mark; else ""."""
    for mark, name in _MARKS.items():
        if content.startswith(mark):
            return name
    return _BY_NULS.get(tuple(byte == 0 for byte in content[:4]), "")
