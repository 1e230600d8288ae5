"""The line of a chart's template that a rendered line comes from, as far as the text shows it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence

from pytest_podshare.manifests.position import Position

_ACTION = re.compile(r"\{\{.*?\}\}", re.S)
# actions that write whole lines
_INSERTION = re.compile(r"\{\{-?\s*(?:include|template|tpl|toYaml|\.)|nindent|toYaml")
# stands for an action
_GAP = "\0"


@dataclasses.dataclass(frozen=True)
class TemplateText:
    """The lines of a template.

    Args:
        lines: the lines as they are in the file.
        patterns: what the stripped rendered line matches; None for a line that renders no text of
            its own.
        insertions: the indexes of the lines whose action writes whole lines.
    """

    lines: tuple[str, ...]
    patterns: tuple[re.Pattern[str] | None, ...]
    insertions: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> TemplateText:
        """Return the lines of a template's text."""
        gapped = _ACTION.sub(lambda action: _GAP + "\n" * action[0].count("\n"), text)
        lines = text.split("\n")
        patterns = tuple(_pattern(line.strip()) for line in gapped.split("\n"))
        insertions = (
            index
            for index, (line, pattern) in enumerate(zip(lines, patterns, strict=True))
            if pattern is None and _INSERTION.search(line)
        )
        return cls(tuple(lines), patterns, frozenset(insertions))

    def locate(self, rendered: Sequence[str], position: Position) -> Position | None:
        """Return where a position in rendered text comes from; None if the text does not show it.

        Args:
            rendered: the lines of the rendered text.
            position: the position there.
        """
        index = position.line - 1
        if not 0 <= index < len(rendered):
            return None
        found = self._find(rendered, index)
        if found is None:
            found = self._find_insertion(rendered, index)
            return None if found is None else Position(found + 1, _indent(self.lines[found]) + 1)
        line = self.lines[found]
        column = position.column - _indent(rendered[index]) + _indent(line)
        return Position(found + 1, column if column <= len(line) else _indent(line) + 1)

    def _find(self, rendered: Sequence[str], index: int) -> int | None:
        text = rendered[index].strip()
        matching = [i for i, pattern in enumerate(self.patterns) if _matches(pattern, text)]
        matching = [i for i in matching if self.lines[i].strip() == text] or matching
        contexts = [self._count_neighbours(i, rendered, index) for i in matching]
        best = max(contexts, default=0)
        if contexts.count(best) == 1:
            return matching[contexts.index(best)]
        return None

    def _count_neighbours(self, line: int, rendered: Sequence[str], index: int) -> int:
        """Return how many lines before and after a line match as well, without a gap."""
        count = 0
        for step in (-1, 1):
            own = (p for p in self._patterns_from(line + step, step))
            others = (text for text in _texts_from(rendered, index + step, step))
            for pattern, text in zip(own, others, strict=False):
                if not pattern.fullmatch(text):
                    break
                count += 1
        return count

    def _patterns_from(self, start: int, step: int) -> Iterator[re.Pattern[str]]:
        stop = -1 if step < 0 else len(self.patterns)
        return (pattern for i in range(start, stop, step) if (pattern := self.patterns[i]))

    def _find_insertion(self, rendered: Sequence[str], index: int) -> int | None:
        """Return the only line that can have written a line: that between its known neighbours."""
        before = (self._find(rendered, i) for i in range(index - 1, -1, -1))
        first = next((found for found in before if found is not None), -1)
        after = (self._find(rendered, i) for i in range(index + 1, len(rendered)))
        last = next((found for found in after if found is not None), len(self.lines))
        if last <= first:  # the next turn of a loop
            last = len(self.lines)
        lines = [line for line in self.insertions if first < line < last]
        return lines[0] if len(lines) == 1 else None


def _pattern(line: str) -> re.Pattern[str] | None:
    parts = line.split(_GAP)
    if not any(part.strip("- '\":#") for part in parts):
        return None
    return re.compile(".*".join(re.escape(part.strip()) for part in parts))


def _matches(pattern: re.Pattern[str] | None, text: str) -> bool:
    return pattern is not None and pattern.fullmatch(text) is not None


def _texts_from(rendered: Sequence[str], start: int, step: int) -> Iterator[str]:
    stop = -1 if step < 0 else len(rendered)
    return (text for i in range(start, stop, step) if (text := rendered[i].strip()))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
