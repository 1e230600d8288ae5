"""What looks like a secret though nobody has said that it is one: by its name, or by its shape."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

# anywhere in a name: DB_PASSWORD, clientSecret, GITHUB_TOKEN, apiKey
_PASSWORD = r"passw(?:or)?d|passphrase"
_LOUD = (
    rf"{_PASSWORD}|secret|token|credential|authorization"
    r"|(?:api|access|private|signing|encryption)[_.-]?key"
)
# words of their own in a name: PGP_KEY, MYSQL_PWD; not in MONKEY, and not in KEYCLOAK
_QUIET = r"keys?|pass|pwd|pw|creds?|auth|jwt|pat|cookie|dsn"
# from that word on to the end of the name: a search is quick when it begins with what is rare
_TAIL = rf"(?:(?:{_LOUD})|[_.-](?:{_QUIET})(?![A-Za-z0-9]))[\w.-]{{0,60}}"
_NAME = rf"[\w.-]{{0,60}}{_TAIL}"
_ANY_NAME = re.compile(rf"(?i){_LOUD}|\b(?:{_QUIET})\b|[_.-](?:{_QUIET})")
_SMELLING = re.compile(rf"(?i){_NAME}|(?:{_QUIET})")
# such a name names a file, a thing or a time, which is worth reading and tells nothing
_HARMLESS = re.compile(r"(?i)[_.-](?:file|path|dir|name|namespace|host|port|ttl)$")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

# a quoted value may have lost its second quote when a line was cut
_QUOTED = r"(?:\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?)"
_VALUE = rf"{_QUOTED}|[^\s,;&\"'<>)}}\]]+"
_BEGIN = r"(?<![\w.-])"


def _named(before: str, value: str = _VALUE) -> re.Pattern[str]:
    """A pattern of what is kept, the name in it, and the value after it."""
    return re.compile(rf"(?i)(?P<kept>{before})(?P<value>{value})")


_NAMED = (
    # PASSWORD=…, ?access_token=…, --password=…
    _named(rf"(?P<name>{_TAIL})\\?[\"']?="),
    # password = "…", as pytest shows a variable
    _named(rf"(?P<name>{_TAIL})[ \t]+=[ \t]+", _QUOTED),
    # --password …
    _named(rf"{_BEGIN}--?(?P<name>{_NAME})[ \t]+(?!-)"),
    # "password": "…", also within a string of JSON
    _named(
        rf"[\"'](?P<name>{_NAME}|{_QUIET})\\?[\"']\s*:\s*", rf"\\\"[^\"\\\n]*(?:\\\")?|{_QUOTED}"
    ),
    # password: …
    _named(rf"(?P<name>(?:{_PASSWORD})[\w.-]{{0,60}}):[ \t]*"),
    # token: …, which is prose as well: what has a digit or is long is no word of it
    _named(rf"(?P<name>{_TAIL}):[ \t]*(?=[\"']|[^\s/,;]*\d|[^\s/]{{16}})"),
    # name: PASSWORD, and value: … on the next line
    _named(
        rf"{_BEGIN}name[\"']?\s*[:=]\s*[\"']?(?P<name>{_NAME}|{_QUIET})[\"']?\s*,?\s*"
        r"[\"']?value[\"']?\s*[:=]\s*"
    ),
)
# a number and a slash after the colon is a port; a password may hold slashes, and an @
_ADDRESS = re.compile(r"(?P<kept>://[^\s/:@\"']*:)(?!\d+[/?#])(?P<value>[^\s\"']+)(?=@)")
_SHAPES = (
    # from its first line to its last, or to the end of what was cut
    re.compile(
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?!-----BEGIN ).)*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
        re.DOTALL,
    ),
    _ADDRESS,
    re.compile(
        r"(?i)(?P<kept>\bauthorization[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic|token)\s+)?)"
        r"[^\s\"',]+"
    ),
    re.compile(r"(?i)(?P<kept>\bbearer\s+)(?=\S*[0-9._~+/=-])[\w.~+/=-]{6,}"),
    # a JSON Web Token, whole or cut
    re.compile(r"\beyJ[\w-]{8,}(?:\.[\w-]*){0,4}"),
    # by their issuers' prefixes: GitHub, GitLab, Slack, AWS, Google, Stripe, OpenAI
    re.compile(
        r"\b(?:gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}"
        r"|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{30,}|[sr]k_(?:live|test)_\w{10,}|sk-[\w-]{20,})"
    ),
)
# what a shell puts something else in the place of
_EXPRESSION = re.compile(r"`|\$[({A-Z_]")
_BASIC = re.compile(r"(?i)\b(basic\s+)([A-Za-z0-9+/]{6,}={0,2})")
_KEY_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_LINE = re.compile(r"[A-Za-z0-9+/=]{30}")


def is_secret_name(name: str) -> bool:
    """Whether a value of that name is likely to be secret: `DB_PASSWORD`, `apiKey`, `--token`."""
    words = _HUMP.sub("_", name.lstrip("-"))
    return bool(_SMELLING.fullmatch(words)) and not _HARMLESS.search(words)


def hidden(text: str, mark: str) -> str:
    """The text with the mark in the place of whatever looks secret."""

    def replaced(found: re.Match[str]) -> str:
        parts = found.groupdict()
        if _HARMLESS.search(_HUMP.sub("_", parts.get("name") or "")):
            return found[0]
        return (parts.get("kept") or "") + mark

    for pattern in (*_SHAPES, *(_NAMED if _ANY_NAME.search(text) else ())):
        text = pattern.sub(replaced, text)
    text = _BASIC.sub(lambda found: _basic(found, mark), text)
    return _without_key_ends(text, mark) if _KEY_END.search(text) else text


def values(text: str) -> Iterator[str]:
    """What stands in a text under a name that smells, or in an address, without its quotes."""
    for pattern in (_ADDRESS, *_NAMED):
        for found in pattern.finditer(text):
            value = found["value"].strip("\"'\\")
            if not _EXPRESSION.match(value):
                yield value


def _basic(found: re.Match[str], mark: str) -> str:
    """`Basic` is a word of English too: what follows must be a user and a password in base64."""
    try:
        decoded = base64.b64decode(found[2] + "=" * (-len(found[2]) % 4))
    except binascii.Error:
        return found[0]
    return found[1] + mark if b":" in decoded else found[0]


def _without_key_ends(text: str, mark: str) -> str:
    """The text without private keys whose first line is not there any more."""
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        if not _KEY_END.search(line):
            lines.append(line)
            continue
        while lines and _KEY_LINE.search(lines[-1]):
            lines.pop()
        lines.append(mark + line[len(line.rstrip("\r\n")) :])
    return "".join(lines)
