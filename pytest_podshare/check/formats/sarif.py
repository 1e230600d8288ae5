"""For code scanning: SARIF 2.1.0."""

from __future__ import annotations

import hashlib
import json
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pytest_podshare.check import rules
from pytest_podshare.check.checker import Checked, Result
from pytest_podshare.check.formats import text
from pytest_podshare.check.rules import Finding, Rule
from pytest_podshare.escaping import printable_lines

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_PROGRAM = "pytest-podshare"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def render(result: Result) -> str:
    """One run of one tool."""
    home = _home()
    notes = [
        {
            "level": "error",
            "descriptor": {"id": type(each).__name__},
            "message": {"text": printable_lines(str(each))},
        }
        for each in result.all_problems
    ]
    run = {
        "tool": {
            "driver": {
                "name": "podshare",
                "semanticVersion": metadata.version(_PROGRAM),
                "rules": [_rule(rule, home) for rule in rules.ALL],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": not notes, "toolExecutionNotifications": notes}],
        "results": [_finding(finding, one) for one in result.checked for finding in one.findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _home() -> str:
    """Where the documents are published, as the package says; "" where it does not."""
    given = metadata.metadata(_PROGRAM).get_all("Project-URL") or []
    urls = dict(entry.split(", ", 1) for entry in given)
    return str(urls.get("Documentation", "")).rstrip("/")


def _rule(rule: Rule, home: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "help": {"text": f"{rule.summary} See {rule.page} of {_PROGRAM}."},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["kubernetes", "volumes"]},
    }
    return described | ({"helpUri": f"{home}/{rule.page}"} if home else {})


_INDEX = {rule.id: index for index, rule in enumerate(rules.ALL)}


def _finding(finding: Finding, one: Checked) -> dict[str, Any]:
    names = [finding.subject, finding.container, finding.volume]
    location: dict[str, Any] = {
        "logicalLocations": [{"fullyQualifiedName": "/".join(name for name in names if name)}]
    }
    if one.given.path is not None:
        location["physicalLocation"] = _physical(finding, one)
    message = f"{finding.message}\n{finding.fix}"
    if one.given.rendered:
        message = f"{text.place(finding)}: {message}"
    return {
        "ruleId": finding.rule,
        "ruleIndex": _INDEX[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": printable_lines(message)},
        "locations": [location],
        "partialFingerprints": {"podshare/v1": _fingerprint(finding)},
    }


def _physical(finding: Finding, one: Checked) -> dict[str, Any]:
    path = one.given.path or Path()
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix(), safe="/")
    where: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    # lines of rendered text are none of the file's
    line, column = (1, 1) if one.given.rendered else (finding.line, finding.column)
    if line:
        where["region"] = {"startLine": line, "startColumn": max(column, 1)}
    return where


def _fingerprint(finding: Finding) -> str:
    """The same for the same finding, wherever its line moves to."""
    facts = (finding.rule, finding.file, finding.subject)
    names = (finding.container, finding.volume, finding.path)
    return hashlib.sha256("\0".join((*facts, *names)).encode()).hexdigest()[:32]
