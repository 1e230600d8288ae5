"""The HTML page as text: its content, and that it is valid and harmless."""

import base64
import dataclasses
import hashlib
import re
from html.parser import HTMLParser

import pytest

from pytest_podshare.containers.evidence_entries import Note
from pytest_podshare.errors import Fact
from pytest_podshare.report import html_page
from tests.support.sample_reports import (
    FACTS,
    HOSTILE,
    SHAREVOL,
    broken,
    crowded,
    held,
    hostile,
    many,
    phase,
    pod_record,
    unchecked,
)

INFO = html_page.RunInfo("project", "1a2b3c4d")
# elements without an end tag
VOID = {"meta", "link", "input", "br", "hr", "img"}
# elements within a line; others begin a new one
INLINE = {"a", "b", "small", "span", "strong", "text"}


class Reader(HTMLParser):
    """Reads the elements and the text of a page, and checks that every element is closed."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.open, self.mismatched, self.texts = [], [], [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        """Record the start of an element."""
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in INLINE:
            self.texts.append(" ")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        """Record the end of an element."""
        if not self.open or self.open.pop() != tag:
            self.mismatched.append(tag)

    def handle_startendtag(self, tag, attrs):
        """Record an empty element of a diagram."""
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        """Record text, without the style sheet and the script."""
        if not self.open or self.open[-1] not in ("style", "script"):
            self.texts.append(data)

    @property
    def text(self):
        """Return the text of the page."""
        return " ".join("".join(self.texts).split())


def read(runs, info=INFO):
    """Return the page of these runs."""
    return Reader(html_page.render(runs, info))


@pytest.mark.parametrize(
    ("runs", "headline"),
    [
        ([], "No promises were checked"),
        ([phase(held())], "The only promise holds"),
        ([phase(held(), held())], "All 2 promises hold"),
        ([phase(broken(), failed=False)], "Every failure was expected"),
        ([phase(held(), broken())], "1 of 2 promises is broken"),
        ([phase(broken(), broken(), broken())], "3 of 3 promises are broken"),
        ([phase(held(), broken(verdict="unknown"))], "1 of 2 promises could not be checked"),
        ([phase(held(), error="assert 1 == 2")], "1 test failed"),
    ],
)
def test_the_headline_states_the_result(runs, headline):
    """A page is green only if something was proved and nothing failed."""
    html = html_page.render(runs, INFO)

    assert f"<h1>{headline}</h1>" in html
    assert f"<title>{headline} · project</title>" in html
    good = headline.startswith(("All", "The only"))
    assert ('<header class="card held">' in html) == good


def test_the_header_names_the_environment():
    """It shows the cluster, the versions, the run, its time and its duration."""
    text = read([phase(held(), offset=0.0), phase(held(), offset=12.0, test="other")]).text

    assert "podshare report · project · 2026-10-26 07:33 UTC, 15 s" in text
    assert "kind cluster podshare, Kubernetes v1.36.3, https://127.0.0.1:36415" in text
    assert re.search(r"1a2b3c4d, 2 tests, 2 checks", text)
    assert re.search(r"pytest-podshare \d[\d.]*, pytest \d[\d.]*, kubernetes \d[\d.]*, Py", text)


def test_every_check_is_shown_with_its_evidence():
    """Evidence is a method, steps and times; a failure is a list of facts; both name the test."""
    html = html_page.render([crowded()], INFO)
    text = Reader(html).text
    rows = re.findall(r'<dl class="rows">(.*?)</dl>', html, re.DOTALL)

    assert "xchange sh in each container over one exec session c1 wrote /tmp/xchange/pod" in text
    assert (
        "c1 wrote /tmp/xchange/podshare-34f65f6c219d1c6c 64 bytes sha256 6584c2be… 1.9 ms" in text
    )
    assert "c1 restarted (node): 1a2b → 3c4d 900 ms c2 found /etc/hosts by the same search" in text
    assert [re.findall("<dt>(.*?)</dt>", row) for row in rows] == [
        [fact.name for fact in FACTS],
        [],
    ]
    assert "different subPath: app mounts folder 'out' of volume shared-data" in text
    assert "The image of exporter has no cat. Use an image with cat." in text
    assert text.count(" in tests/test_web.py::test_web") == 3
    assert text.count("podshare-1a2b-3c4d/sharevol") == 1
    assert "at manifests/web.yaml:41" in text


def test_equal_pods_share_a_diagram():
    """There is one wide and one narrow diagram for each manifest and wiring."""
    runs = many(6)

    assert read(runs).tags.count("svg") == 2 * 2
    assert "2 Pods" in read([phase(held(), held(pod="ns/other"))]).text
    assert (
        read([phase(held()), phase(held(), pod=pod_record(stand_in="busybox"))]).tags.count("svg")
        == 4
    )


def mounts(check, wiring=None):
    """Return the verdicts at the mounts of a diagram, in order."""
    html = html_page.render([phase(check, pod=pod_record(wiring=wiring) if wiring else None)], INFO)
    label = re.search(r'<svg class="podshare-wiring"[^>]* aria-label="([^"]*)"', html)
    return re.findall(r"(c1|c2) mounts [^.(]*(?:\((\w+)\))?", label[1])


def test_the_diagram_shows_the_verdict_at_the_checked_mounts():
    """A check is about two containers, one, or all of them."""
    assert mounts(broken("c1→c2", ("xchange",))) == [("c1", "broken"), ("c2", "broken")]
    assert mounts(held("c2", ("xchange",))) == [("c1", ""), ("c2", "held")]
    assert mounts(held("", ("xchange",))) == [("c1", "held"), ("c2", "held")]
    assert mounts(held("c1→c2", ("other",))) == [("c1", ""), ("c2", "")]


def test_a_failure_without_a_volume_is_shown_if_the_containers_share_only_one():
    """The check failed before it named a volume."""
    assert mounts(broken("c1→c2", ())) == [("c1", "broken"), ("c2", "broken")]
    assert mounts(broken("c1", ())) == [("c1", ""), ("c2", "")]


def test_the_worst_verdict_of_a_mount_is_shown():
    """A mount with a held and a broken check is broken."""
    html = html_page.render([phase(held(), broken("c1", ("xchange",)), held("c1"))], INFO)

    assert (
        "c1 mounts xchange rw /tmp/xchange (broken). c2 mounts xchange rw /tmp/data (held)" in html
    )


def test_what_needs_attention_comes_first_and_is_linked():
    """The list at the top links to the checks, which are expanded."""
    runs = [*many(3), crowded()]
    html = html_page.render(runs, INFO)

    links = re.findall(r'<div><a href="#([^"]+)"><strong>', html)
    assert len(links) == 2
    for link in links:
        assert re.search(rf'<details class="check (broken|unknown)" id="{link}" open>', html)
    assert html.index("<h3>manifests/web.yaml") < html.index("<h3>manifests/number-0.yaml")


def test_of_many_pods_only_those_that_need_attention_are_expanded():
    """A page with three hundred checks stays readable."""
    few, lots = html_page.render(many(9), INFO), html_page.render([*many(300), crowded()], INFO)

    assert len(re.findall(r'<details class="card pod [^>]* open>', few)) == 3
    assert len(re.findall(r'<details class="card pod [^>]* open>', lots)) == 1
    assert len(re.findall(r'<details class="check ', lots)) == 303


def test_failures_outside_of_checks_are_grouped():
    """Without a cluster, every test fails with the same text."""
    text = read([phase(test=f"t::{name}", error="There is no kind.") for name in "abc"]).text

    assert text.count("There is no kind.") == 1
    assert all(f"t::{name}" in text for name in "abc")
    assert "3 tests failed" in text


def test_the_page_names_stand_ins_and_skeletons():
    """Neither proves anything about the real applications."""
    skeleton = read([phase(held(), pod=pod_record(stand_in="busybox:1"))]).text
    info = html_page.RunInfo("project", "1a2b3c4d", ("nginx:1.27", "centos:7"))

    assert "The applications did not run: busybox:1 ran instead of their images." in skeleton
    assert "the applications of 1 manifest did not run" in skeleton
    assert "did not run" not in read([phase(held())]).text
    assert (
        "nginx:1.27, centos:7 (on these nodes, instead of the published images"
        in read([phase(held())], info).text
    )


def test_the_page_lists_the_requested_capabilities():
    """A missing capability has a reason; without requests, none is listed."""
    capabilities = {"two-nodes": (True, "two take Pods"), "image-volumes": (False, "<b> it is off")}
    info = html_page.RunInfo("project", "1a2b3c4d", capabilities=capabilities)

    seen = read([phase(held())], info)

    assert re.search(
        r"Missing capability\s*image-volumes: <b> it is off\s*Capability\s*two-nodes\s*Run",
        seen.text,
    )
    assert "apability" not in read([phase(held())]).text


@pytest.mark.parametrize("runs", [[], [crowded()], many(40), hostile()])
def test_the_page_is_valid_and_loads_nothing(runs):
    """Every element is closed, ids are unique, and no link leaves the page."""
    seen = read(runs)
    ids = [value for name, value in seen.attributes if name == "id"]
    addresses = [value for name, value in seen.attributes if name in ("href", "src", "action")]

    assert (seen.mismatched, seen.open) == ([], [])
    assert len(ids) == len(set(ids))
    assert all(address.startswith("#") for address in addresses)
    assert not {"img", "link", "iframe", "object", "base"} & set(seen.tags)
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert ("http-equiv", "Content-Security-Policy") in seen.attributes


def policy(html):
    """Return what the browser may load and run."""
    return re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1]


def test_only_the_page_of_a_large_run_has_a_script():
    """It is the search; the browser runs no other script than that of this digest."""
    small, large = html_page.render(many(18), INFO), html_page.render([*many(21), *hostile()], INFO)
    (script,) = re.findall(r"<script>(.*?)</script>", large, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()

    assert policy(small) == "default-src 'none'; style-src 'unsafe-inline'"
    assert policy(large) == f"{policy(small)}; script-src 'sha256-{digest}'"
    assert "<script" not in small
    assert "This page contains no scripts" in small
    assert "no script but its search" in large


def test_a_repeated_failure_is_listed_once():
    """The same text at the same mount, with its number; another template has its own entry."""
    pods = [pod_record(template=f"Deployment/{name}") for name in ("api", "web")]
    runs = [phase(broken(), pod=pod) for pod in (pods[0], pods[0], pods[1])]

    (attention,) = re.findall(r'<ul class="attention.*?</ul>', html_page.render(runs, INFO), re.S)
    text = Reader(attention).text

    assert text.count("does not see what") == 2
    assert "(2 times) broken: different subPath · Deployment/api" in text
    assert "broken: different subPath · Deployment/web" in text


def test_of_many_entries_that_need_attention_the_others_are_collapsed():
    """The overview stays in sight."""
    runs = [phase(broken(headline=f"number {number} is broken")) for number in range(9)]

    html = html_page.render(runs, INFO)

    first, more = re.findall(r'<ul class="attention.*?</ul>', html, re.S)
    assert (first.count("<li>"), more.count("<li>")) == (6, 3)
    assert '<details class="more"><summary>3 more</summary>' in html


def test_a_promise_that_was_not_checked_says_why():
    """What has the same reason is listed below it; the drawing is that of the manifest."""
    pod = dataclasses.replace(pod_record(template="Job/once"), name="", node="", cluster=None)
    reason = "the cluster lacks <image-volumes>"
    runs = [unchecked(pod, "c1→c2", reason), unchecked(pod, "c2→c1", reason)]

    html = html_page.render(runs, INFO)
    text = Reader(html).text

    assert "All 2 promises were skipped" in text
    assert "No Pod was checked" in text
    assert "2 not checked the cluster lacks" in text
    assert "file visible c1 → c2 · xchange file visible c2 → c1 · xchange" in text
    assert f"Not proved: c1:/tmp/xchange, c2:/tmp/data ({reason})" in text
    assert html.count("<svg") == 2


def test_each_mount_says_what_was_proved():
    """The table below the drawing has the promises, and the reason if there are none."""
    lone = dataclasses.replace(SHAREVOL, containers=SHAREVOL.containers[:1])
    text = read([phase(held(), held("c1", assertion="assert_writable"))]).text
    alone = read([phase(held("c1", ("other",)), pod=pod_record(wiring=lone))]).text

    assert "c1 rw /tmp/xchange xchange emptyDir ✓ file visible, writable" in text
    assert "c2 rw /tmp/data xchange emptyDir ✓ file visible" in text
    assert "Not proved" not in text
    assert "xchange emptyDir none" in alone
    assert "Not proved: c1:/tmp/xchange (no other container mounts the volume)" in alone


def test_hostile_text_is_escaped():
    """The control: without escaping, the text contains elements."""
    assert {"script", "img"} <= set(Reader(HOSTILE).tags)
    assert "document.title='hostile'" in read(hostile()).text
    assert "<script" not in html_page.render(hostile(), INFO)
    assert html_page.render([*many(40), *hostile()], INFO).count("<script") == 1


def test_the_text_of_a_check_is_printable():
    """Text copied from the page cannot control a terminal."""
    clear = "\x1b[2J"
    good = held(headline=clear, method=clear, lines=(Note(clear, 0.1),))
    bad = broken(headline=clear, facts=(Fact("why", clear), Fact("", f"{clear}\n{clear}")))

    html = html_page.render([phase(good), phase(bad)], INFO)

    assert "\x1b" not in html
    # the broken check is also in the list at the top
    assert html.count("\\x1b[2J") == 3 + 1 + 4


def test_a_page_that_cannot_be_written_is_reported(tmp_path):
    """The run does not fail because of it."""
    (tmp_path / "file").write_text("in the way\n")

    good = html_page.write(tmp_path / "new" / "report.html", [phase(held())], INFO)
    bad = html_page.write(tmp_path / "file" / "report.html", [], INFO)

    assert good == f"podshare: report written to {tmp_path}/new/report.html"
    assert (tmp_path / "new" / "report.html").read_text().endswith("</html>\n")
    assert bad.startswith(f"podshare: cannot write the report to {tmp_path}/file/report.html: ")
