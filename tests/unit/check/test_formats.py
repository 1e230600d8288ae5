"""One result in all formats."""

import dataclasses
import io
import json
import re
from email.message import Message
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pytest_podshare import errors
from pytest_podshare.check import formats, rules
from pytest_podshare.check.checker import CheckResult, ManifestResult, TemplateResult
from pytest_podshare.check.formats import sarif, text
from pytest_podshare.check.inputs import Input
from pytest_podshare.check.rules import Finding
from pytest_podshare.escaping import github_command

WARNING = Finding(
    rule="unused-volume",
    severity="warning",
    message="volume 'logs' (emptyDir) is not mounted by any container",
    fix="Mount it where it is needed, or remove it.",
    file="m/web.yaml",
    line=12,
    column=9,
    subject="Deployment/web",
    volume="logs",
)
ERROR = Finding(
    rule="mount-without-volume",
    severity="error",
    message="container 'app' mounts volume '50%,x' at /a:b\x1b, "
    "but the Pod declares no such volume",
    fix="Declare it.",
    file="web (default values): templates/pod.yaml",
    line=7,
    column=11,
    subject="Pod/web",
    container="app",
    volume="50%,x",
    path="/a:b\x1b",
)
INFO = Finding(
    rule="nowhere-to-write", severity="info", message="writes <b>", fix="do", file="stdin",
    line=0, column=0, subject="Pod/p", container="c",
)  # fmt: skip
PROBLEM = errors.ManifestInvalid(
    "bad.yaml:1:2: this is not YAML.", "Fix it.", excerpt="    1 | {\n      |  ^"
)
RESULT = CheckResult(
    (
        ManifestResult(Input("m/web.yaml", Path("m/web.yaml"), b""), (
            TemplateResult("Deployment/web", (WARNING,)), TemplateResult("Deployment/clean", ()),
        )),
        ManifestResult(
            Input(ERROR.file, Path("web/templates/pod.yaml"), b"", rendered=True),
            (TemplateResult("Pod/web", (ERROR,)),),
        ),
        ManifestResult(Input("stdin", None, b""), (TemplateResult("Pod/p", (INFO,)),)),
        ManifestResult(Input("bad.yaml", Path("bad.yaml"), b""), problems=(PROBLEM,)),
    ),
    (errors.ManifestNotFound("There is no x.", "Give one."),),
)  # fmt: skip


def single(*findings):
    """Return the result for one manifest with one template and these findings."""
    templates = (TemplateResult("Pod/p", findings),)
    return CheckResult((ManifestResult(Input("a", None, b""), templates),))


@pytest.mark.parametrize("name", formats.NAMES)
def test_every_format_works_for_an_empty_result(name):
    """It ends with a line break."""
    assert formats.render(name, CheckResult(())).endswith("\n")


def test_text():
    """Each finding is a line with a fix below it; the last line is a summary."""
    expected = r"""
m/web.yaml:12:9  warning  unused-volume  volume 'logs' (emptyDir) is not mounted by any container
    Mount it where it is needed, or remove it.
web (default values): templates/pod.yaml:7:11  error    mount-without-volume  container 'app' \
mounts volume '50%,x' at /a:b\x1b, but the Pod declares no such volume
    Declare it.
stdin  info     nowhere-to-write  writes <b>
    do
1 error, 1 warning, 1 info, 2 not checked: 4 Pod templates in 3 manifests
"""

    assert expected.lstrip("\n").replace("\\\n", "") == formats.render("text", RESULT)


@pytest.mark.parametrize(
    ("findings", "summary"),
    [
        ([], "no findings: 1 Pod template in 1 manifest"),
        ([WARNING, WARNING], "2 warnings: 1 Pod template in 1 manifest"),
        ([INFO, INFO], "2 info: 1 Pod template in 1 manifest"),
    ],
)
def test_the_summary_counts_findings(findings, summary):
    """Several findings are in the plural."""
    assert text.summarize(single(*findings)) == summary


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self):
        """Return that it is one."""
        return True


def write(stream):
    """Write the result to a stream; return what the stream gets."""
    text.write(RESULT, stream)
    return stream.getvalue()


def test_only_terminals_get_colours(monkeypatch):
    """The text is the same everywhere; NO_COLOR and FORCE_COLOR override the terminal."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    plain, coloured = write(io.StringIO()), write(Terminal())

    assert "\x1b" not in plain
    assert "\x1b[33mwarning" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert write(io.StringIO()) == coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert write(Terminal()) == plain


def test_json():
    """A finding has all of its fields, and the file in which to fix it."""
    whole = json.loads(formats.render("json", RESULT))

    assert whole["findings"][1] == {
        "rule": "mount-without-volume",
        "severity": "error",
        "message": ERROR.message,
        "fix": "Declare it.",
        "file": "web (default values): templates/pod.yaml",
        "line": 7,
        "column": 11,
        "subject": "Pod/web",
        "container": "app",
        "volume": "50%,x",
        "path": "/a:b\x1b",
        "source": "web/templates/pod.yaml",
        "source_line": 0,
        "source_column": 0,
        "rendered": True,
        "renderings": [],
        "renderings_total": 0,
        "fails": True,
    }
    assert [finding["fails"] for finding in whole["findings"]] == [True, True, False]
    assert whole["problems"][1] == {
        "error": "ManifestInvalid",
        "what": "bad.yaml:1:2: this is not YAML.",
        "remedy": "Fix it.",
    }
    assert {key: whole[key] for key in ("version", "counts", "templates", "manifests")} == {
        "version": 1,
        "counts": {"error": 1, "warning": 1, "info": 1},
        "templates": 4,
        "manifests": 3,
    }


def test_github():
    """An unknown line of a template is in the message: that of the rendered text."""
    expected = r"""
::warning file=m/web.yaml,line=12,col=9,title=unused-volume (Deployment/web)::volume 'logs' \
(emptyDir) is not mounted by any container%0AMount it where it is needed, or remove it.
::error file=web/templates/pod.yaml,title=mount-without-volume (Pod/web)::web (default values): \
templates/pod.yaml:7:11: container 'app' mounts volume '50%25,x' at /a:b\x1b, but the Pod \
declares no such volume%0ADeclare it.
::notice title=nowhere-to-write (Pod/p)::writes <b>%0Ado
::error title=ManifestNotFound::There is no x.%0AGive one.
::error title=ManifestInvalid::bad.yaml:1:2: this is not YAML.%0AFix it.
1 error, 1 warning, 1 info, 2 not checked: 4 Pod templates in 3 manifests
"""
    assert expected.lstrip("\n").replace("\\\n", "") == formats.render("github", RESULT)


def test_a_workflow_command_escapes_its_message_and_properties():
    """Neither line breaks, percent signs, colons nor commas can start something new."""
    command = github_command("error", "a\r\n::set-output::100%", file="a,line=1:x%\n", title="")

    assert command == "::error file=a%2Cline=1%3Ax%25%0A::a%0D%0A::set-output::100%25"


def test_junit():
    """Each Pod template is a test case; findings that do not fail it are its output."""
    suite = ET.fromstring(formats.render("junit", RESULT)).find("testsuite")

    assert {key: suite.get(key) for key in ("tests", "failures", "errors")} == {
        "tests": "6",
        "failures": "2",
        "errors": "2",
    }
    cases = [
        (case.get("classname"), case.get("name"), [child.tag for child in case]) for case in suite
    ]
    assert cases == [
        ("m/web.yaml", "Deployment/web", ["failure"]),
        ("m/web.yaml", "Deployment/clean", []),
        (ERROR.file, "Pod/web", ["failure"]),
        ("stdin", "Pod/p", ["system-out"]),
        ("bad.yaml", "ManifestInvalid", ["error"]),
        ("podshare check", "ManifestNotFound", ["error"]),
    ]
    failure = suite.find("testcase/failure")
    assert failure.get("message") == f"unused-volume: {WARNING.message}"
    assert failure.text.startswith("m/web.yaml:12:9  warning  unused-volume")


def sarif_run(result=RESULT):
    """Return the only run."""
    whole = json.loads(formats.render("sarif", result))
    assert whole["version"] == "2.1.0"
    (run,) = whole["runs"]
    return run


def test_sarif_describes_every_rule():
    """A rule is described once, with the level of its findings."""
    driver = sarif_run()["tool"]["driver"]

    assert [described["id"] for described in driver["rules"]] == [rule.id for rule in rules.ALL]
    for described, rule in zip(driver["rules"], rules.ALL, strict=True):
        levels = {"error": "error", "warning": "warning", "info": "note"}
        assert described["defaultConfiguration"]["level"] == levels[rule.severity]
        assert described["shortDescription"]["text"]
        assert rule.page in described["help"]["text"]


def test_sarif_links_to_the_documentation_if_the_package_has_its_url(monkeypatch):
    """Code scanning shows the link."""
    package = Message()
    package["Project-URL"] = "Documentation, https://docs.example.com/podshare/"
    monkeypatch.setattr(sarif.metadata, "metadata", lambda _: package)

    first = sarif_run()["tool"]["driver"]["rules"][0]

    assert first["helpUri"] == f"https://docs.example.com/podshare/{rules.ALL[0].page}"


def test_sarif_locates_every_finding():
    """It names the file and line; if the line of a template is unknown, its first line."""
    run = sarif_run()
    locations = [result["locations"][0].get("physicalLocation", {}) for result in run["results"]]

    assert [
        (location.get("artifactLocation", {}).get("uri"), location.get("region"))
        for location in locations
    ] == [
        ("m/web.yaml", {"startLine": 12, "startColumn": 9}),
        ("web/templates/pod.yaml", {"startLine": 1, "startColumn": 1}),
        (None, None),
    ]
    assert [result["level"] for result in run["results"]] == ["warning", "error", "note"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_sarif_reports_what_could_not_be_checked():
    """Problems are notifications of an unsuccessful execution."""
    (invocation,) = sarif_run()["invocations"]

    assert invocation["executionSuccessful"] is False
    notifications = invocation["toolExecutionNotifications"]
    assert [notification["descriptor"]["id"] for notification in notifications] == [
        "ManifestNotFound",
        "ManifestInvalid",
    ]


def test_a_sarif_finding_keeps_its_fingerprint_when_its_line_moves():
    """Another finding has another fingerprint."""

    def fingerprint(finding):
        (result,) = sarif_run(single(finding))["results"]
        return result["partialFingerprints"]["podshare/v1"]

    assert fingerprint(WARNING) == fingerprint(dataclasses.replace(WARNING, line=99))
    assert fingerprint(WARNING) != fingerprint(dataclasses.replace(WARNING, volume="other"))
