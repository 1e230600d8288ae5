"""One result, told in every format."""

import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from pytest_podshare import errors
from pytest_podshare.check import formats, rules
from pytest_podshare.check.checker import Checked, Result, TemplateResult
from pytest_podshare.check.formats import text
from pytest_podshare.check.inputs import Input
from pytest_podshare.check.rules import Finding
from pytest_podshare.escaping import github_command as command

WARNING = Finding(
    rule="unused-volume",
    severity="warning",
    message="volume 'logs' (emptyDir) is mounted by no container",
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
    message="container 'app' mounts volume '50%,x' at /a:b\x1b, which the Pod does not declare",
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
    rule="nowhere-to-write", severity="info", message="says <b>", fix="do", file="stdin",
    line=0, column=0, subject="Pod/p", container="c",
)  # fmt: skip
PROBLEM = errors.ManifestInvalid(
    "bad.yaml:1:2: this is no YAML.", "Mend it.", excerpt="    1 | {\n      |  ^"
)
RESULT = Result(
    (
        Checked(Input("m/web.yaml", Path("m/web.yaml"), b""), (
            TemplateResult("Deployment/web", (WARNING,)), TemplateResult("Deployment/clean", ()),
        )),
        Checked(
            Input(ERROR.file, Path("web/templates/pod.yaml"), b"", rendered=True),
            (TemplateResult("Pod/web", (ERROR,)),),
        ),
        Checked(Input("stdin", None, b""), (TemplateResult("Pod/p", (INFO,)),)),
        Checked(Input("bad.yaml", Path("bad.yaml"), b""), problem=PROBLEM),
    ),
    (errors.ManifestNotFound("There is no x.", "Give one."),),
)  # fmt: skip


@pytest.mark.parametrize("name", formats.NAMES)
def test_every_format_can_tell_of_nothing(name):
    """And ends with a line break."""
    whole = formats.named(name)(Result(()))

    assert whole.endswith("\n")


def test_text():
    """A line for each finding and one for what to do, and a summary."""
    expected = r"""
m/web.yaml:12:9  warning  unused-volume  volume 'logs' (emptyDir) is mounted by no container
    Mount it where it is needed, or remove it.
web (default values): templates/pod.yaml:7:11  error    mount-without-volume  container 'app' \
mounts volume '50%,x' at /a:b\x1b, which the Pod does not declare
    Declare it.
stdin  info     nowhere-to-write  says <b>
    do
1 error, 1 warning, 1 info, 2 not checked: 4 Pod templates in 3 manifests
"""

    assert expected.lstrip("\n").replace("\\\n", "") == formats.named("text")(RESULT)


@pytest.mark.parametrize(
    ("findings", "summary"),
    [
        ([], "no findings: 1 Pod template in 1 manifest"),
        ([WARNING, WARNING], "2 warnings: 1 Pod template in 1 manifest"),
        ([INFO, INFO], "2 info: 1 Pod template in 1 manifest"),
    ],
)
def test_the_summary_counts(findings, summary):
    """In the plural where there are several."""
    pods = (TemplateResult("Pod/p", tuple(findings)),)

    assert text.summary(Result((Checked(Input("a", None, b""), pods),))) == summary


class Terminal(io.StringIO):
    """A stream that shows colours."""

    def isatty(self):
        """It is one."""
        return True


def written(stream):
    """What a stream gets."""
    text.write(RESULT, stream)
    return stream.getvalue()


def test_colours_are_for_terminals(monkeypatch):
    """The words are the same; a file gets none, and NO_COLOR and FORCE_COLOR are heeded."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    plain, coloured = written(io.StringIO()), written(Terminal())

    assert "\x1b" not in plain
    assert "\x1b[33mwarning" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert written(io.StringIO()) == coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert written(Terminal()) == plain


def test_json():
    """Everything a finding has, and the file that it is to be mended in."""
    whole = json.loads(formats.named("json")(RESULT))

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
        "rendered": True,
        "fails": True,
    }
    assert [each["fails"] for each in whole["findings"]] == [True, True, False]
    assert whole["problems"][1] == {
        "error": "ManifestInvalid",
        "what": "bad.yaml:1:2: this is no YAML.",
        "remedy": "Mend it.",
    }
    assert {key: whole[key] for key in ("version", "counts", "templates", "manifests")} == {
        "version": 1,
        "counts": {"error": 1, "warning": 1, "info": 1},
        "templates": 4,
        "manifests": 3,
    }


def test_github():
    """Rendered text has its place in the message, since its lines are not the file's."""
    expected = r"""
::warning file=m/web.yaml,line=12,col=9,title=unused-volume (Deployment/web)::volume 'logs' \
(emptyDir) is mounted by no container%0AMount it where it is needed, or remove it.
::error file=web/templates/pod.yaml,title=mount-without-volume (Pod/web)::web (default values): \
templates/pod.yaml:7:11: container 'app' mounts volume '50%25,x' at /a:b\x1b, which the Pod does \
not declare%0ADeclare it.
::notice title=nowhere-to-write (Pod/p)::says <b>%0Ado
::error title=ManifestNotFound::There is no x.%0AGive one.
::error title=ManifestInvalid::bad.yaml:1:2: this is no YAML.%0AMend it.
1 error, 1 warning, 1 info, 2 not checked: 4 Pod templates in 3 manifests
"""
    found = formats.named("github")(RESULT)

    assert expected.lstrip("\n").replace("\\\n", "") == found


def test_a_workflow_command_cannot_be_broken_out_of():
    """Line breaks, percent signs, and in properties colons and commas."""
    told = command("error", "a\r\n::set-output::100%", file="a,line=1:x%\n", title="")

    assert told == "::error file=a%2Cline=1%3Ax%25%0A::a%0D%0A::set-output::100%25"


def test_junit():
    """A test case for each Pod template, failed by what counts; the rest is its output."""
    suite = ET.fromstring(formats.named("junit")(RESULT)).find("testsuite")

    assert {key: suite.get(key) for key in ("tests", "failures", "errors")} == {
        "tests": "6",
        "failures": "2",
        "errors": "2",
    }
    cases = [(case.get("classname"), case.get("name"), [e.tag for e in case]) for case in suite]
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


def sarif():
    """The run."""
    whole = json.loads(formats.named("sarif")(RESULT))
    assert whole["version"] == "2.1.0"
    (run,) = whole["runs"]
    return run


def test_sarif_describes_every_rule():
    """Once, with the level that its findings have."""
    driver = sarif()["tool"]["driver"]

    assert [each["id"] for each in driver["rules"]] == [each.id for each in rules.ALL]
    for described, rule in zip(driver["rules"], rules.ALL, strict=True):
        levels = {"error": "error", "warning": "warning", "info": "note"}
        assert described["defaultConfiguration"]["level"] == levels[rule.severity]
        assert described["shortDescription"]["text"]
        assert rule.page in described["help"]["text"]


def test_sarif_names_the_documents_where_the_package_says_where_they_are(monkeypatch):
    """By its URL of that name; code scanning shows the link."""
    from email.message import Message

    from pytest_podshare.check.formats import sarif as module

    facts = Message()
    facts["Project-URL"] = "Documentation, https://docs.example.com/podshare/"
    monkeypatch.setattr(module.metadata, "metadata", lambda _: facts)

    first = sarif()["tool"]["driver"]["rules"][0]

    assert first["helpUri"] == f"https://docs.example.com/podshare/{rules.ALL[0].page}"


def test_sarif_places_every_finding():
    """In its file and line; of rendered text, in the template as such."""
    run = sarif()
    places = [
        (each.get("artifactLocation", {}).get("uri"), each.get("region"))
        for result in run["results"]
        for each in [result["locations"][0].get("physicalLocation", {})]
    ]

    assert places == [
        ("m/web.yaml", {"startLine": 12, "startColumn": 9}),
        ("web/templates/pod.yaml", {"startLine": 1, "startColumn": 1}),
        (None, None),
    ]
    assert [each["level"] for each in run["results"]] == ["warning", "error", "note"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_sarif_says_what_was_not_checked():
    """As notifications of an execution that did not succeed."""
    (invocation,) = sarif()["invocations"]

    assert invocation["executionSuccessful"] is False
    notes = [each["descriptor"]["id"] for each in invocation["toolExecutionNotifications"]]
    assert notes == ["ManifestNotFound", "ManifestInvalid"]


def test_a_sarif_finding_is_known_again_when_its_line_moves():
    """And not mistaken for another."""
    import dataclasses

    def fingerprint(finding):
        one = Checked(Input("a", None, b""), (TemplateResult("Pod/p", (finding,)),))
        run = json.loads(formats.named("sarif")(Result((one,))))["runs"][0]
        return run["results"][0]["partialFingerprints"]["podshare/v1"]

    assert fingerprint(WARNING) == fingerprint(dataclasses.replace(WARNING, line=99))
    assert fingerprint(WARNING) != fingerprint(dataclasses.replace(WARNING, volume="other"))
