"""The paths that the text of a configuration file names: files to serve, to read, to write."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator

_PATH = r"/[\w./@*?+\[\]{}-]*[\w*}\]/]"
_PATHS = rf"{_PATH}(?:[\s,]+{_PATH})*"
_FIND = re.compile(_PATH)
# nginx: files that it serves, and its logs
_NGINX = re.compile(rf"^\s*(?:root|alias|access_log|error_log)\s+\"?({_PATH})\"?[\s;]", re.M)
# Fluent Bit and Fluentd: the files that they follow, and their positions in them
_FLUENT = re.compile(
    rf"^\s*(?:- )?(?:path|db|pos_file):?[ \t]+[\"']?({_PATHS})[\"']?\s*$", re.M | re.I
)
_IS_TAIL = re.compile(r"^\s*(?:- )?(?:name:?|@type)[ \t]+tail\s*$", re.M | re.I)
# Promtail
_PROMTAIL = re.compile(rf"^\s*(?:- )?__path__:\s*[\"']?({_PATH})[\"']?\s*$", re.M)
# Filebeat, Vector and the OpenTelemetry Collector: lists in brackets, or an entry on each line
_LIST = re.compile(
    r"^\s*(?:- )?\"?(?:paths|include)\"?\s*[:=]\s*(\[[^\]]*\]|(?:\n\s*-[ \t]+\S.*)+)", re.M
)
_ENTRY = re.compile(rf"(?:[\[,]|-[ \t])\s*[\"']?({_PATH})[\"']?\s*(?=[,\]\n]|\Z)")
# logrotate: the files before a block
_LOGROTATE = re.compile(rf"^({_PATHS})\s*\{{\s*$", re.M)


@dataclasses.dataclass(frozen=True)
class ConfiguredPath:
    """A path in a configuration file.

    Args:
        path: the path, which may have `*` in it.
        is_read: whether the program finds nothing unless another one writes there.
    """

    path: str
    is_read: bool

    @property
    def location(self) -> str:
        """Return the path, or the deepest folder with all files that it matches."""
        names = self.path.rstrip("/").split("/")
        count = next((i for i, name in enumerate(names) if set(name) & set("*?[{")), len(names))
        return "/".join(names[:count]) or "/"


@functools.lru_cache(maxsize=256)
def find_paths(text: str) -> tuple[ConfiguredPath, ...]:
    """Return the paths in a configuration file, each once, in no particular order."""
    if "/" not in text:
        return ()
    return tuple(dict.fromkeys(_find(text)))


def _find(text: str) -> Iterator[ConfiguredPath]:
    for path in _NGINX.findall(text):
        yield ConfiguredPath(path, is_read=False)
    for paths in _FLUENT.findall(text) if _IS_TAIL.search(text) else ():
        for path in _FIND.findall(paths):
            yield ConfiguredPath(path, is_read="*" in path or path.endswith(".log"))
    for paths in (*_PROMTAIL.findall(text), *_LOGROTATE.findall(text)):
        for path in _FIND.findall(paths):
            yield ConfiguredPath(path, is_read=True)
    for entries in _LIST.findall(text):
        for path in _ENTRY.findall(entries):
            yield ConfiguredPath(path, is_read=True)
