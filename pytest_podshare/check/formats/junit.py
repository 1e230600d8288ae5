"""For CI systems that read JUnit XML: a test case for each Pod template."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

from pytest_podshare import errors
from pytest_podshare.check.checker import Checked, Result, TemplateResult
from pytest_podshare.check.formats import text
from pytest_podshare.check.rules import Finding
from pytest_podshare.escaping import printable


def render(result: Result) -> str:
    """One suite: a template whose findings count fails; what was not checked is an error."""
    suite = ET.Element("testsuite", name="podshare check")
    for one in result.checked:
        for pod in one.pods:
            _case(suite, result, one, pod)
        if one.problem is not None:
            _error(suite, one.given.origin, one.problem)
    for problem in result.problems:
        _error(suite, "podshare check", problem)
    counted = {"tests": "testcase", "failures": "testcase/failure", "errors": "testcase/error"}
    for name, path in counted.items():
        suite.set(name, str(len(suite.findall(path))))
    whole = ET.Element("testsuites")
    whole.append(suite)
    ET.indent(whole)
    return f"<?xml version='1.0' encoding='utf-8'?>\n{ET.tostring(whole, encoding='unicode')}\n"


def _case(suite: ET.Element, result: Result, one: Checked, pod: TemplateResult) -> None:
    case = ET.SubElement(
        suite, "testcase", classname=printable(one.given.origin), name=printable(pod.subject)
    )
    if one.given.path is not None:
        case.set("file", printable(str(one.given.path)))
    failing = [finding for finding in pod.findings if result.fails(finding)]
    if failing:
        first = printable(f"{failing[0].rule}: {failing[0].message}")
        more = f" (and {len(failing) - 1} more)" if len(failing) > 1 else ""
        ET.SubElement(case, "failure", message=first + more).text = _told(failing)
    rest = [finding for finding in pod.findings if not result.fails(finding)]
    if rest:
        ET.SubElement(case, "system-out").text = _told(rest)


def _error(suite: ET.Element, origin: str, problem: errors.PodshareError) -> None:
    case = ET.SubElement(
        suite, "testcase", classname=printable(origin), name=type(problem).__name__
    )
    whole = "\n".join(printable(line) for line in str(problem).splitlines())
    ET.SubElement(case, "error", message=printable(problem.what)).text = whole


def _told(findings: Iterable[Finding]) -> str:
    return "\n".join(
        f"{text.place(each)}  {each.severity}  {each.rule}  {printable(each.message)}\n"
        f"    {printable(each.fix)}"
        for each in findings
    )
