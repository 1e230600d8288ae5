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
from pytest_podshare.check.distinct_findings import DistinctFinding
from pytest_podshare.check.rules import Rule
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
        "results": [_result(distinct) for distinct in result.distinct_findings],
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


def _result(distinct: DistinctFinding) -> dict[str, Any]:
    finding, path = distinct.finding, distinct.manifest.path
    names = [finding.subject, finding.container, finding.volume]
    location: dict[str, Any] = {
        "logicalLocations": [{"fullyQualifiedName": "/".join(name for name in names if name)}]
    }
    if path is not None:
        location["physicalLocation"] = _physical_location(distinct, path)
    message = f"{finding.message}{distinct.scope}\n{finding.fix}"
    if distinct.manifest.rendered and distinct.position is None:
        message = f"{distinct.location}: {message}"
    return {
        "ruleId": finding.rule,
        "ruleIndex": _INDEX[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": printable_lines(message)},
        "locations": [location],
        "partialFingerprints": {"podshare/v1": _fingerprint(distinct)},
    }


def _physical_location(distinct: DistinctFinding, path: Path) -> dict[str, Any]:
    relative = quote(path.as_posix(), safe="/", errors="surrogateescape")
    uri = path.as_uri() if path.is_absolute() else relative
    location: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    # without its line in the template, a finding is at the first one
    line, column = distinct.position or ((1, 1) if distinct.manifest.rendered else (0, 0))
    if line:
        location["region"] = {"startLine": line, "startColumn": max(column, 1)}
    return location


def _fingerprint(distinct: DistinctFinding) -> str:
    """Return a hash that stays the same when a finding moves, or is in other renderings as well."""
    finding, path = distinct.finding, distinct.manifest.path
    file = path.as_posix() if distinct.manifest.rendered and path else finding.file
    names = (finding.rule, file, finding.subject, finding.container, finding.volume, finding.path)
    return hashlib.sha256("\0".join(names).encode(errors="surrogateescape")).hexdigest()[:32]
