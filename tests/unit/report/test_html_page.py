"""The page, as text: what is on it, and that it is whole and harmless."""

import re
from html.parser import HTMLParser

import pytest

from pytest_podshare.containers.proof import Note
from pytest_podshare.errors import Fact
from pytest_podshare.report import html_page
from tests.support.sample_reports import (
    FACTS,
    HOSTILE,
    broken,
    crowded,
    held,
    hostile,
    many,
    pod,
    told,
)

ABOUT = html_page.RunInfo("project", "1a2b3c4d")
# elements that HTML leaves open
VOID = {"meta", "link", "input", "br", "hr", "img"}


class Reader(HTMLParser):
    """Reads a page: its elements, its text, and whether what is opened is closed."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.open, self.wrong, self.texts = [], [], [], [], []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        """An element begins."""
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        """An element ends."""
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)

    def handle_startendtag(self, tag, attrs):
        """An element of a drawing that holds nothing."""
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        """A piece of text."""
        if not self.open or self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self):
        """What there is to read."""
        return " ".join("".join(self.texts).split())


def read(runs, about=ABOUT):
    """The page of these runs."""
    return Reader(html_page.render(runs, about))


@pytest.mark.parametrize(
    ("runs", "headline"),
    [
        ([], "No promise was checked"),
        ([told(held())], "The one promise holds"),
        ([told(held(), held())], "All 2 promises hold"),
        ([told(broken(), failed=False)], "Nothing failed that was not meant to"),
        ([told(held(), broken())], "1 of 2 promises is broken"),
        ([told(broken(), broken(), broken())], "3 of 3 promises are broken"),
        ([told(held(), broken(verdict="unknown"))], "1 of 2 promises could not be judged"),
        ([told(held(), error="assert 1 == 2")], "1 test failed"),
    ],
)
def test_the_headline_says_how_it_went(runs, headline):
    """No page is green over a run that failed, nor over one that proved nothing."""
    html = html_page.render(runs, ABOUT)

    assert f"<h1>{headline}</h1>" in html
    assert f"<title>{headline} · project</title>" in html
    good = headline.startswith(("All", "The one"))
    assert ('<header class="card held">' in html) == good


def test_the_header_names_what_took_part():
    """Cluster, versions, run, when and how long."""
    text = read([told(held(), at=0.0), told(held(), at=12.0, test="other")]).text

    assert "podshare report · project · 2026-10-26 07:33 UTC, 15 s" in text
    assert "kind cluster podshare, Kubernetes v1.36.3, https://127.0.0.1:36415" in text
    assert re.search(r"1a2b3c4d, 2 tests, 2 checks", text)
    assert re.search(r"pytest-podshare \d[\d.]*, pytest \d[\d.]*, kubernetes \d[\d.]*, Py", text)


def test_every_check_is_there_with_its_evidence():
    """Method, steps and proofs with their times, failures fact by fact, and which test made it."""
    html = html_page.render([crowded()], ABOUT)
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
    assert "different subPath: app mounts the folder 'out' of the volume" in text
    assert "The image of exporter has no cat. Use an image that has one." in text
    assert text.count("in tests/test_web.py::test_web, on Pod podshare-1a2b-3c4d/sharevol") == 3
    assert "at manifests/web.yaml:41" in text


def test_pods_that_were_made_alike_are_drawn_once():
    """A drawing of each manifest and wiring, wide and narrow, however many tests deployed it."""
    runs = many(6)

    assert read(runs).tags.count("svg") == 2 * 2
    assert "2 Pods" in read([told(held(), held(pod="ns/other"))]).text
    assert read([told(held()), told(held(), on=pod(stand_in="busybox"))]).tags.count("svg") == 4


def mounts(check, wiring=None):
    """The verdicts at the mounts of a drawing, in the order in which it says them."""
    html = html_page.render([told(check, on=pod(wiring=wiring) if wiring else None)], ABOUT)
    label = re.search(r'<svg class="podshare-wiring"[^>]* aria-label="([^"]*)"', html)
    return re.findall(r"(c1|c2) mounts [^.(]*(?:\((\w+)\))?", label[1])


def test_the_drawing_shows_the_verdict_at_the_mounts_it_is_about():
    """Of both containers, of one, of all; none where the failure was expected."""
    assert mounts(broken("c1→c2", ("xchange",))) == [("c1", "broken"), ("c2", "broken")]
    assert mounts(held("c2", ("xchange",))) == [("c1", ""), ("c2", "held")]
    assert mounts(held("", ("xchange",))) == [("c1", "held"), ("c2", "held")]
    assert mounts(held("c1→c2", ("other",))) == [("c1", ""), ("c2", "")]


def test_a_failure_that_names_no_volume_shows_where_there_is_one_alone():
    """It failed before it got to know any."""
    assert mounts(broken("c1→c2", ())) == [("c1", "broken"), ("c2", "broken")]
    assert mounts(broken("c1", ())) == [("c1", ""), ("c2", "")]


def test_the_worst_verdict_of_a_mount_is_the_one_that_is_shown():
    """A mount that held once and broke once is broken."""
    html = html_page.render([told(held(), broken("c1", ("xchange",)), held("c1"))], ABOUT)

    assert (
        "c1 mounts xchange rw /tmp/xchange (broken). c2 mounts xchange rw /tmp/data (held)" in html
    )


def test_what_needs_a_look_comes_first_and_is_linked():
    """The list at the top leads to the checks, which are unfolded."""
    runs = [*many(3), crowded()]
    html = html_page.render(runs, ABOUT)

    links = re.findall(r'<a href="#([^"]+)">', html)
    assert len(links) == 2
    for link in links:
        assert re.search(rf'<details class="check (broken|unknown)" id="{link}" open>', html)
    assert html.index("manifests/web.yaml</h3>") < html.index("manifests/number-0.yaml</h3>")


def test_of_many_pods_only_what_needs_a_look_is_unfolded():
    """Three hundred checks are still a page that one can look at."""
    few, lots = html_page.render(many(9), ABOUT), html_page.render([*many(300), crowded()], ABOUT)

    assert len(re.findall(r'<details class="card pod [^>]* open>', few)) == 3
    assert len(re.findall(r'<details class="card pod [^>]* open>', lots)) == 1
    assert len(re.findall(r'<details class="check ', lots)) == 303


def test_failures_that_no_check_tells_are_grouped():
    """A cluster that is not there fails every test in the same words."""
    text = read([told(test=f"t::{name}", error="There is no kind.") for name in "abc"]).text

    assert text.count("There is no kind.") == 1
    assert all(f"t::{name}" in text for name in "abc")
    assert "3 tests failed" in text


def test_where_the_applications_did_not_run_the_page_says_so():
    """And what stood in for them; as the header does of images that only carry a name."""
    apart = read([told(held(), on=pod(stand_in="busybox:1"))]).text
    about = html_page.RunInfo("project", "1a2b3c4d", ("nginx:1.27", "centos:7"))

    assert "The applications did not run: busybox:1 stood in for their images." in apart
    assert "the applications of 1 manifest did not run" in apart
    assert "did not run" not in read([told(held())]).text
    assert "nginx:1.27, centos:7: on these nodes" in read([told(held())], about).text


def test_what_the_cluster_was_asked_for_is_on_the_page():
    """With the reason of what it lacks; nothing where nothing was asked for."""
    capabilities = {"two-nodes": (True, "two take Pods"), "image-volumes": (False, "<b> it is off")}
    about = html_page.RunInfo("project", "1a2b3c4d", capabilities=capabilities)

    seen = read([told(held())], about)

    assert re.search(r"Lacks\s*image-volumes: <b> it is off\s*Has\s*two-nodes\s*Run", seen.text)
    assert "Lacks" not in read([told(held())]).text


@pytest.mark.parametrize("runs", [[], [crowded()], many(40), hostile()])
def test_the_page_is_whole_and_loads_nothing(runs):
    """Every element is closed, ids are unique, and no address leads out of the page."""
    seen = read(runs)
    ids = [value for name, value in seen.attributes if name == "id"]
    addresses = [value for name, value in seen.attributes if name in ("href", "src", "action")]

    assert (seen.wrong, seen.open) == ([], [])
    assert len(ids) == len(set(ids))
    assert all(address.startswith("#") for address in addresses)
    assert not {"script", "img", "link", "iframe", "object", "base"} & set(seen.tags)
    assert not [name for name, _ in seen.attributes if name.startswith("on")]
    assert ("http-equiv", "Content-Security-Policy") in seen.attributes


def test_a_hostile_text_is_shown_as_it_is():
    """Escaped everywhere; the control: raw it would have made elements."""
    assert {"script", "img"} <= set(Reader(HOSTILE).tags)
    assert "document.title='hostile'" in read(hostile()).text
    assert "<script" not in html_page.render(hostile(), ABOUT)


def test_what_a_check_says_is_printable():
    """Whoever copies it from the page into a terminal is not steered."""
    clear = "\x1b[2J"
    good = held(headline=clear, method=clear, lines=(Note(clear, 0.1),))
    bad = broken(headline=clear, facts=(Fact("why", clear), Fact("", f"{clear}\n{clear}")))

    html = html_page.render([told(good), told(bad)], ABOUT)

    assert "\x1b" not in html
    # the one that broke is in the list at the top as well
    assert html.count("\\x1b[2J") == 3 + 1 + 4


def test_a_page_that_cannot_be_written_is_a_line(tmp_path):
    """The run itself is not to fail for it."""
    (tmp_path / "file").write_text("in the way\n")

    good = html_page.write(tmp_path / "new" / "report.html", [told(held())], ABOUT)
    bad = html_page.write(tmp_path / "file" / "report.html", [], ABOUT)

    assert good == f"podshare: report in {tmp_path}/new/report.html"
    assert (tmp_path / "new" / "report.html").read_text().endswith("</html>\n")
    assert bad.startswith(f"podshare: no report: {tmp_path}/file/report.html cannot be written: ")
