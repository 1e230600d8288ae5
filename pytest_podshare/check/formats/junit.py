"""Output for CI systems that read JUnit XML: one test case for each Pod template."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from pytest_podshare import errors
from pytest_podshare.check.checker import CheckResult
from pytest_podshare.check.distinct_findings import DistinctFinding
from pytest_podshare.check.inputs import Input
from pytest_podshare.escaping import printable


def render(result: CheckResult) -> str:
    """Return one suite, with a failure for each template that fails and an error per problem."""
    suite = ET.Element("testsuite", name="podshare check")
    distinct_findings: dict[tuple[Input, str], list[DistinctFinding]] = {}
    for distinct in result.distinct_findings:
        distinct_findings.setdefault((distinct.manifest, distinct.finding.subject), []).append(
            distinct
        )
    for checked in result.manifests:
        for template in (*checked.templates, *checked.others):
            own = distinct_findings.pop((checked.manifest, template.subject), [])
            _add_template(suite, result, checked.manifest, template.subject, own)
        for problem in checked.problems:
            _add_problem(suite, checked.manifest.origin, problem)
    for problem in result.input_problems:
        _add_problem(suite, "podshare check", problem)
    paths = {"tests": "testcase", "failures": "testcase/failure", "errors": "testcase/error"}
    for name, path in paths.items():
        suite.set(name, str(len(suite.findall(path))))
    whole = ET.Element("testsuites")
    whole.append(suite)
    ET.indent(whole)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{ET.tostring(whole, encoding='unicode')}\n"


def _add_template(
    suite: ET.Element,
    result: CheckResult,
    manifest: Input,
    subject: str,
    distinct_findings: list[DistinctFinding],
) -> None:
    case = ET.SubElement(
        suite, "testcase", classname=printable(manifest.origin), name=printable(subject)
    )
    if manifest.path is not None:
        case.set("file", printable(str(manifest.path)))
    failures = [distinct for distinct in distinct_findings if result.is_failure(distinct.finding)]
    if failures:
        first = printable(f"{failures[0].finding.rule}: {failures[0].finding.message}")
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        ET.SubElement(case, "failure", message=first + more).text = _format(failures)
    others = [distinct for distinct in distinct_findings if not result.is_failure(distinct.finding)]
    if others:
        ET.SubElement(case, "system-out").text = _format(others)


def _add_problem(suite: ET.Element, origin: str, problem: errors.PodshareError) -> None:
    case = ET.SubElement(
        suite, "testcase", classname=printable(origin), name=type(problem).__name__
    )
    lines = "\n".join(printable(line) for line in str(problem).splitlines())
    ET.SubElement(case, "error", message=printable(problem.what)).text = lines


def _format(distinct_findings: Iterable[DistinctFinding]) -> str:
    return "\n".join(
        f"{printable(distinct.location)}  {distinct.finding.severity}  {distinct.finding.rule}  "
        f"{printable(distinct.finding.message + distinct.scope)}\n"
        f"    {printable(distinct.finding.fix)}"
        for distinct in distinct_findings
    )
