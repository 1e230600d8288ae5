"""Output for programs: everything, as one JSON object."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter

from pytest_podshare.check import rules
from pytest_podshare.check.checker import CheckResult

VERSION = 1


def render(result: CheckResult) -> str:
    """Return the findings, the problems and the counts."""
    findings = [
        dataclasses.asdict(distinct.finding)
        | {
            "source": None if distinct.manifest.path is None else str(distinct.manifest.path),
            "source_line": distinct.position.line if distinct.position else 0,
            "source_column": distinct.position.column if distinct.position else 0,
            "rendered": distinct.manifest.rendered,
            "renderings": list(distinct.places),
            "renderings_total": distinct.total,
            "fails": result.is_failure(distinct.finding),
        }
        for distinct in result.distinct_findings
    ]
    severities = Counter(finding.severity for finding in result.findings)
    counts = {severity: severities[severity] for severity in rules.SEVERITIES}
    whole = {
        "version": VERSION,
        "findings": findings,
        "problems": [
            {"error": type(problem).__name__, "what": problem.what, "remedy": problem.remedy}
            for problem in result.problems
        ],
        "counts": counts,
        "templates": len(result.templates),
        "manifests": sum(checked.is_checked for checked in result.manifests),
    }
    return json.dumps(whole, indent=2) + "\n"
