"""Output for code scanning: SARIF 2.1.0."""

from __future__ import annotations

import hashlib
import json
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pytest_podshare.check import rules
from pytest_podshare.check.checker import CheckResult
from pytest_podshare.check.formats import text
from pytest_podshare.check.inputs import Input
from pytest_podshare.check.rules import Finding, Rule
from pytest_podshare.escaping import printable_lines

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_PROGRAM = "pytest-podshare"
_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_INDEX = {rule.id: index for index, rule in enumerate(rules.ALL)}


def render(result: CheckResult) -> str:
    """Return one run of one tool."""
    url = _documentation_url()
    notifications = [
        {
            "level": "error",
            "descriptor": {"id": type(problem).__name__},
            "message": {"text": printable_lines(str(problem))},
        }
        for problem in result.problems
    ]
    run = {
        "tool": {
            "driver": {
                "name": "podshare",
                "semanticVersion": metadata.version(_PROGRAM),
                "rules": [_rule(rule, url) for rule in rules.ALL],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {"executionSuccessful": not notifications, "toolExecutionNotifications": notifications}
        ],
        "results": [_finding(finding, manifest) for finding, manifest in result.located_findings()],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _documentation_url() -> str:
    """Return the URL of the documentation in the package's metadata; "" if there is none."""
    entries = metadata.metadata(_PROGRAM).get_all("Project-URL") or []
    urls = dict(entry.split(", ", 1) for entry in entries)
    return str(urls.get("Documentation", "")).rstrip("/")


def _rule(rule: Rule, url: str) -> dict[str, Any]:
    described: dict[str, Any] = {
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "help": {"text": f"{rule.summary} See {rule.page} of {_PROGRAM}."},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["kubernetes", "volumes"]},
    }
    return described | ({"helpUri": f"{url}/{rule.page}"} if url else {})


def _finding(finding: Finding, manifest: Input) -> dict[str, Any]:
    names = [finding.subject, finding.container, finding.volume]
    location: dict[str, Any] = {
        "logicalLocations": [{"fullyQualifiedName": "/".join(name for name in names if name)}]
    }
    if manifest.path is not None:
        location["physicalLocation"] = _physical_location(finding, manifest.path, manifest.rendered)
    message = f"{finding.message}\n{finding.fix}"
    if manifest.rendered:
        message = f"{text.format_location(finding)}: {message}"
    return {
        "ruleId": finding.rule,
        "ruleIndex": _INDEX[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": printable_lines(message)},
        "locations": [location],
        "partialFingerprints": {"podshare/v1": _fingerprint(finding)},
    }


def _physical_location(finding: Finding, path: Path, rendered: bool) -> dict[str, Any]:
    uri = (
        path.as_uri()
        if path.is_absolute()
        else quote(path.as_posix(), safe="/", errors="surrogateescape")
    )
    location: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    # line numbers of rendered text are not those of the template
    line, column = (1, 1) if rendered else (finding.line, finding.column)
    if line:
        location["region"] = {"startLine": line, "startColumn": max(column, 1)}
    return location


def _fingerprint(finding: Finding) -> str:
    """Return a hash that stays the same when the finding moves to another line."""
    facts = (finding.rule, finding.file, finding.subject)
    names = (finding.container, finding.volume, finding.path)
    return hashlib.sha256("\0".join((*facts, *names)).encode(errors="surrogateescape")).hexdigest()[
        :32
    ]
