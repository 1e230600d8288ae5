"""What an error message is made of: a headline, facts below it, and a remedy.

All of them stay data until an error is shown: reports lay facts out in their own way, and each
interface spells its options in its own way.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TypeVar

from pytest_podshare.escaping import printable, printable_lines

# pytest's options begin with this
OPTION_PREFIX = "--podshare-"

_Error = TypeVar("_Error", bound="StructuredError")


@dataclasses.dataclass(frozen=True)
class Fact:
    """One line of an error message below its headline.

    Args:
        name: the label, for example `expected`, `got` or `why`; "" for a sentence without one.
        text: the text after the label.
    """

    name: str
    text: str


class Remedy:
    """A sentence that says what to do and names options, which each interface spells differently.

    Args:
        text: the sentence, with `{}` for each option and `{name}` for each value.
        options: the names of the options, for example `kind-bin`.
        values: the values, by name.
    """

    def __init__(self, text: str, *options: str, **values: str) -> None:
        self._text, self._options, self._values = text, options, values

    def __str__(self) -> str:
        return self.spell(OPTION_PREFIX)

    def spell(self, prefix: str) -> str:
        """Return the sentence for an interface whose options begin with `prefix`."""
        options = (prefix + option for option in self._options)
        return self._text.format(*options, **self._values)


class StructuredError(Exception):
    """An exception that keeps the parts of its message.

    Args:
        what: what happened, in one sentence (`file:line` first where there is a file).
        remedy: what to do, in one sentence.
        cause: why, in two or three words, for example `tool missing`; "" if unknown.
        at: `file:line` of the line to blame; "" if there is none.
        facts: the lines below the headline; excerpt and remedy if there are none.
        excerpt: the line of the file and a caret below it.
    """

    def __init__(
        self,
        what: str,
        remedy: str | Remedy,
        *,
        cause: str = "",
        at: str = "",
        facts: Iterable[Fact] = (),
        excerpt: str = "",
    ) -> None:
        super().__init__(what, str(remedy))
        self.what, self.remedy = what, str(remedy)
        self.cause, self.at, self.excerpt = cause, at, excerpt
        self._remedy, self._facts = remedy, tuple(facts)

    def __str__(self) -> str:
        return format_message(self.what, self.facts)

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Return the lines below the headline."""
        default = (self.excerpt, self.remedy) if self.excerpt else (self.remedy,)
        return self._facts or tuple(Fact("", line) for line in default)

    def with_explanation(self: _Error, cause: str, facts: Iterable[Fact]) -> _Error:
        """Return the same error with its cause and the facts that show it."""
        return self._with(cause=cause, _facts=tuple(facts))

    def with_remedy(self: _Error, remedy: str) -> _Error:
        """Return the same error with another remedy."""
        return self._with(remedy=remedy)

    def with_option_prefix(self: _Error, prefix: str) -> _Error:
        """Return the same error for an interface whose options begin with `prefix`."""
        if isinstance(self._remedy, Remedy):
            return self.with_remedy(self._remedy.spell(prefix))
        return self

    def _with(self: _Error, **changes: object) -> _Error:
        other = type(self).__new__(type(self), *self.args)
        other.__dict__.update(self.__dict__, **changes)
        return other


def format_message(headline: str, facts: Iterable[Fact]) -> str:
    """Return a headline with each fact on a line below it, behind its label if it has one."""
    facts = tuple(facts)
    width = max((len(fact.name) for fact in facts), default=0)
    if not width:
        return printable_lines("\n".join([headline, *(fact.text for fact in facts)]))
    # a remedy may have several lines; nothing else may, whatever a name or a message contains
    lines = (
        f"  {fact.name:<{width}}  {fact.text if fact.name == 'to do' else printable(fact.text)}"
        for fact in facts
    )
    return printable_lines("\n".join([printable(headline), *lines]))
