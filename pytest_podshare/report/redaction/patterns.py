"""Patterns of text that looks like a secret because of its name or its format."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

# anywhere in a name: DB_PASSWORD, clientSecret, GITHUB_TOKEN, apiKey
_PASSWORD = r"passw(?:or)?d|passphrase"
_ANYWHERE = (
    rf"{_PASSWORD}|secret|token|credential|authorization"
    r"|(?:api|access|private|signing|encryption)[_.-]?key"
)
# only as a separate word in a name: PGP_KEY, MYSQL_PWD; not MONKEY or KEYCLOAK
_SEPARATE = r"keys?|pass|pwd|pw|creds?|auth|jwt|pat|cookie|dsn"
# from that word to the end of the name: a search that starts with a rare word is fast
_TAIL = rf"(?:(?:{_ANYWHERE})|[_.-](?:{_SEPARATE})(?![A-Za-z0-9]))[\w.-]{{0,60}}"
_NAME = rf"[\w.-]{{0,60}}{_TAIL}"
_ANY_NAME = re.compile(rf"(?i){_ANYWHERE}|\b(?:{_SEPARATE})\b|[_.-](?:{_SEPARATE})")
_SECRET_NAME = re.compile(rf"(?i){_NAME}|(?:{_SEPARATE})")
# the value of such a name is a file, an object or a time: useful to read, and not secret
_HARMLESS = re.compile(r"(?i)[_.-](?:file|path|dir|name|namespace|host|port|ttl)$")
_CAMEL_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

# a truncated value has no closing quote
_QUOTED = r"(?:\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?)"
_VALUE = rf"{_QUOTED}|[^\s,;&\"'<>)}}\]]+"
_BEGIN = r"(?<![\w.-])"


def _named(before: str, value: str = _VALUE) -> re.Pattern[str]:
    """Return a pattern of a name, which is kept, and the value after it."""
    return re.compile(rf"(?i)(?P<kept>{before})(?P<value>{value})")


_NAMED = (
    # PASSWORD=…, ?access_token=…, --password=…
    _named(rf"(?P<name>{_TAIL})\\?[\"']?="),
    # password = "…", as pytest shows a variable
    _named(rf"(?P<name>{_TAIL})[ \t]+=[ \t]+", _QUOTED),
    # --password …
    _named(rf"{_BEGIN}--?(?P<name>{_NAME})[ \t]+(?!-)"),
    # "password": "…", also in a string of JSON
    _named(
        rf"[\"'](?P<name>{_NAME}|{_SEPARATE})\\?[\"']\s*:\s*", rf"\\\"[^\"\\\n]*(?:\\\")?|{_QUOTED}"
    ),
    # password: …
    _named(rf"(?P<name>(?:{_PASSWORD})[\w.-]{{0,60}}):[ \t]*"),
    # token: …, also in prose: a value has a digit, or is longer than a word
    _named(rf"(?P<name>{_TAIL}):[ \t]*(?=[\"']|[^\s/,;]*\d|[^\s/]{{16}})"),
    # name: PASSWORD, and value: … on the next line
    _named(
        rf"{_BEGIN}name[\"']?\s*[:=]\s*[\"']?(?P<name>{_NAME}|{_SEPARATE})[\"']?\s*,?\s*"
        r"[\"']?value[\"']?\s*[:=]\s*"
    ),
)
# a number and a slash after the colon is a port; a password may contain slashes and an @
_URL = re.compile(r"(?P<kept>://[^\s/:@\"']*:)(?!\d+[/?#])(?P<value>[^\s\"']+)(?=@)")
_FORMATS = (
    # from its first line to its last, or to the end of truncated text
    re.compile(
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?!-----BEGIN ).)*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
        re.DOTALL,
    ),
    _URL,
    re.compile(
        r"(?i)(?P<kept>\bauthorization[\"']?\s*[:=]\s*[\"']?(?:(?:bearer|basic|token)\s+)?)"
        r"[^\s\"',]+"
    ),
    re.compile(r"(?i)(?P<kept>\bbearer\s+)(?=\S*[0-9._~+/=-])[\w.~+/=-]{6,}"),
    # a JSON Web Token, also truncated
    re.compile(r"\beyJ[\w-]{8,}(?:\.[\w-]*){0,4}"),
    # tokens with a known prefix: GitHub, GitLab, Slack, AWS, Google, Stripe, OpenAI
    re.compile(
        r"\b(?:gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}"
        r"|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{30,}|[sr]k_(?:live|test)_\w{10,}|sk-[\w-]{20,})"
    ),
)
# what a shell expands
_EXPRESSION = re.compile(r"`|\$[({A-Z_]")
_BASIC = re.compile(r"(?i)\b(basic\s+)([A-Za-z0-9+/]{6,}={0,2})")
_KEY_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_KEY_LINE = re.compile(r"[A-Za-z0-9+/=]{30}")


def is_secret_name(name: str) -> bool:
    """Return whether a value of that name is likely secret: `DB_PASSWORD`, `apiKey`, `--token`."""
    words = _CAMEL_CASE.sub("_", name.lstrip("-"))
    return bool(_SECRET_NAME.fullmatch(words)) and not _HARMLESS.search(words)


def hide(text: str, placeholder: str) -> str:
    """Return the text with a placeholder for everything that looks like a secret."""

    def replace(found: re.Match[str]) -> str:
        parts = found.groupdict()
        if _HARMLESS.search(_CAMEL_CASE.sub("_", parts.get("name") or "")):
            return found[0]
        return (parts.get("kept") or "") + placeholder

    for pattern in (*_FORMATS, *(_NAMED if _ANY_NAME.search(text) else ())):
        text = pattern.sub(replace, text)
    text = _BASIC.sub(lambda found: _hide_basic(found, placeholder), text)
    return _hide_key_ends(text, placeholder) if _KEY_END.search(text) else text


def find_values(text: str) -> Iterator[str]:
    """Yield the values of secret names, and the passwords of URLs, without their quotes."""
    for pattern in (_URL, *_NAMED):
        for found in pattern.finditer(text):
            value = found["value"].strip("\"'\\")
            if not _EXPRESSION.match(value):
                yield value


def _hide_basic(found: re.Match[str], placeholder: str) -> str:
    """Hide what follows `Basic` only if it is a user and a password in base64, not prose."""
    try:
        decoded = base64.b64decode(found[2] + "=" * (-len(found[2]) % 4))
    except binascii.Error:
        return found[0]
    return found[1] + placeholder if b":" in decoded else found[0]


def _hide_key_ends(text: str, placeholder: str) -> str:
    """Hide private keys whose first lines are truncated."""
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        if not _KEY_END.search(line):
            lines.append(line)
            continue
        while lines and _KEY_LINE.search(lines[-1]):
            lines.pop()
        lines.append(placeholder + line[len(line.rstrip("\r\n")) :])
    return "".join(lines)
