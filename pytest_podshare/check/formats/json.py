"""For programs: everything, as one JSON object."""

from __future__ import annotations

import dataclasses
import json

from pytest_podshare.check import rules
from pytest_podshare.check.checker import Result

VERSION = 1


def render(result: Result) -> str:
    """The findings, what could not be checked, and the counts."""
    findings = [
        dataclasses.asdict(finding)
        | {
            "source": None if one.given.path is None else str(one.given.path),
            "rendered": one.given.rendered,
            "fails": result.fails(finding),
        }
        for one in result.checked
        for finding in one.findings
    ]
    counts = {
        severity: sum(finding.severity == severity for finding in result.findings)
        for severity in rules.SEVERITIES
    }
    whole = {
        "version": VERSION,
        "findings": findings,
        "problems": [
            {"error": type(each).__name__, "what": each.what, "remedy": each.remedy}
            for each in result.all_problems
        ],
        "counts": counts,
        "templates": len(result.pods),
        "manifests": sum(each.problem is None for each in result.checked),
    }
    return json.dumps(whole, indent=2) + "\n"
