"""The HTML page in Chromium: on a desktop, on a phone, in dark mode, on paper, by keyboard."""

import itertools

import pytest

from tests.support.sample_reports import broken, crowded, held, hostile, many, phase

DESKTOP, PHONE, SMALLEST = 1280, 390, 320
RUNS = {
    "nothing": [],
    "passing": [phase(held(), held("c2→c1"))],
    "failing": [phase(held(), broken(), error="assert 1 == 2"), *many(3)],
    "crowded": [crowded()],
    "many": [crowded(), *many(300)],
    "hostile": hostile(),
}

# how much wider than the screen the page is, and the elements that are too wide
TOO_WIDE = """() => [document.documentElement.scrollWidth - innerWidth,
  ...[...document.querySelectorAll("body *")]
    .filter(element => element.getBoundingClientRect().right > innerWidth + 1)
    .map(element => element.tagName + "." + element.getAttribute("class"))]"""
# every visible text of the diagrams, with its position
LABELS = """() => [...document.querySelectorAll("figure svg text")]
  .filter(element => element.checkVisibility() && !element.matches(".sign"))
  .map(element => { const r = element.getBoundingClientRect();
    return {text: element.textContent, left: r.left, right: r.right, top: r.top, bottom: r.bottom}
  })"""
BOXES = """() => [...document.querySelectorAll("figure svg rect")]
  .filter(element => element.checkVisibility())
  .map(element => { const r = element.getBoundingClientRect();
    return {left: r.left, right: r.right, top: r.top, bottom: r.bottom} })"""
# every text with its colour and the colour behind it
COLOURS = """() => [...document.querySelectorAll("body *")]
  .filter(element => element.checkVisibility() && !element.closest("svg")
    && [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()))
  .map(element => { let under = element;
    while (getComputedStyle(under).backgroundColor === "rgba(0, 0, 0, 0)")
      under = under.parentElement;
    return [element.tagName + "." + element.className, getComputedStyle(element).color,
      getComputedStyle(under).backgroundColor] })"""


@pytest.fixture(params=RUNS)
def runs(request):
    """Return the reports that the page shows."""
    return RUNS[request.param]


def test_the_page_fits_every_screen_and_loads_nothing(show, runs):
    """There is no horizontal scrolling, no request for another file, and no message."""
    tab = show(runs)
    too_wide = {}
    for width, scheme in ((DESKTOP, "light"), (PHONE, "dark"), (SMALLEST, "light")):
        tab.page.set_viewport_size({"width": width, "height": 900})
        tab.page.emulate_media(color_scheme=scheme)
        too_wide[width] = tab.page.evaluate(TOO_WIDE)

    assert too_wide == {DESKTOP: [0], PHONE: [0], SMALLEST: [0]}
    assert [request.rpartition("/")[2] for request in tab.requests] == ["0.html"]
    assert tab.messages == []


def test_a_page_with_these_faults_is_detected(show):
    """The control: the page is too wide, with a remote image and a script that logs an error."""
    tab = show(
        [],
        PHONE,
        html="<!DOCTYPE html><body><div style='width:500px'>wide</div>"
        "<img src='http://127.0.0.1:9/x.png'><script>console.error('oh')</script></body>",
    )

    assert tab.page.evaluate(TOO_WIDE) == [110 + 8, "DIV.null"]
    assert len(tab.requests) == 2
    assert "oh" in tab.messages


def test_every_check_is_on_the_page(show):
    """There are three hundred and three checks, each with its promise and its time."""
    found = show(RUNS["many"]).page.locator("details.check")

    assert found.count() == 303
    assert found.locator("summary .promise").count() == 303
    assert found.locator("summary .time").count() == 303


def test_hostile_text_runs_no_script(show):
    """The control: without escaping, the same text runs."""
    tab = show(RUNS["hostile"])
    raw = show(
        [], html="<!DOCTYPE html><title>page</title><script>document.title='hostile'</script>"
    )

    assert tab.page.title() == "1 of 2 promises is broken · project"
    assert tab.page.locator("script, img").count() == 0
    assert "document.title='hostile'" in tab.page.locator("h3").first.inner_text()
    large = show([*RUNS["many"], *RUNS["hostile"]])
    assert large.page.locator("script, img").count() == 1
    assert (large.page.title(), large.messages) == ("2 of 305 promises are broken · project", [])
    assert raw.page.title() == "hostile"


def overlapping(labels):
    """Return pairs of labels that cover each other."""
    return [
        (one["text"], other["text"])
        for one, other in itertools.combinations(labels, 2)
        if one["left"] < other["right"] - 1
        and other["left"] < one["right"] - 1
        and one["top"] < other["bottom"] - 3
        and other["top"] < one["bottom"] - 3
    ]


def outside(labels, boxes):
    """Return labels that are not completely inside a box."""
    return [
        label["text"]
        for label in labels
        if not any(
            box["left"] <= label["left"]
            and label["right"] <= box["right"] + 1
            and box["top"] <= label["top"]
            and label["bottom"] <= box["bottom"] + 1
            for box in boxes
        )
    ]


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
def test_the_diagram_of_a_crowded_pod_is_legible(show, width):
    """No label covers another, leaves its box, or is too small."""
    tab = show(RUNS["crowded"], width)
    labels, boxes = tab.page.evaluate(LABELS), tab.page.evaluate(BOXES)

    assert len(boxes) == 6 + 8
    assert len(labels) > 50
    assert overlapping(labels) == []
    assert outside(labels, boxes) == []
    assert min(label["bottom"] - label["top"] for label in labels) > 11

    moved = {**labels[1], "text": "moved", "left": labels[0]["left"], "top": labels[0]["top"]}
    assert overlapping([labels[0], {**moved, "bottom": labels[0]["bottom"]}])
    assert outside([{**labels[0], "right": 5000}], boxes)


def luminance(colour):
    """Return the relative luminance of `rgb(1, 2, 3)` as WCAG defines it."""
    channels = [float(channel) / 255 for channel in colour.strip("rgba()").split(",")[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first, second):
    """Return the contrast ratio of two colours, between 1 and 21."""
    dark, light = sorted((luminance(first), luminance(second)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_enough_contrast(show, scheme):
    """WCAG asks for 4.5, in light and dark mode."""
    tab = show([*RUNS["failing"], crowded(), phase(broken(), failed=False)], scheme=scheme)
    colours = tab.page.evaluate(COLOURS)

    pale = [text for text in colours if contrast(text[1], text[2]) < 4.5]
    behind = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert len(colours) > 40
    assert pale == []
    assert (luminance(behind) > 0.5) == (scheme == "light")
    assert contrast("rgb(0, 0, 0)", "rgb(255, 255, 255)") == pytest.approx(21)


def test_checks_expand_by_keyboard(show):
    """Enter expands the focused check, and Enter collapses it again."""
    tab = show(RUNS["passing"])
    evidence = tab.page.locator("details.check .evidence").first
    before = evidence.is_visible()
    tab.page.locator("details.check > summary").first.focus()
    tab.page.keyboard.press("Enter")
    after = evidence.is_visible()
    tab.page.keyboard.press("Enter")

    assert (before, after, evidence.is_visible()) == (False, True, False)
    assert "c1 wrote /tmp/xchange/podshare-" in evidence.text_content()


def test_held_checks_can_be_hidden(show):
    """A radio button without a script leaves only what needs attention."""
    tab = show(RUNS["many"])
    shown = tab.page.locator("details.check").locator("visible=true")
    everything = tab.page.locator("details.pod").locator("visible=true").count()
    tab.page.get_by_label("2 that need attention").check()

    assert everything == 101
    assert tab.page.locator("details.pod").locator("visible=true").count() == 1
    assert tab.page.locator(".manifest").locator("visible=true").count() == 1
    assert tab.page.locator(".grid th[scope=row]").locator("visible=true").count() == 1
    assert shown.count() == 2
    tab.page.get_by_label("all 303").check()
    assert tab.page.locator("details.pod").locator("visible=true").count() == 101


def test_a_link_leads_to_the_check(show):
    """Links from the list at the top and from outside expand a collapsed check."""
    tab = show(RUNS["many"])
    tab.page.locator(".attention a").first.click()
    check = tab.page.locator("details.check.broken").first
    inside = tab.page.locator("details.pod").nth(50).locator("details.check").first
    other = show(RUNS["many"], anchor=inside.get_attribute("id"))

    assert 0 <= check.bounding_box()["y"] < 900
    assert not inside.is_visible()
    assert other.page.locator(f"#{inside.get_attribute('id')}").is_visible()


def test_every_cell_of_the_overview_leads_to_its_check(show):
    """Also where scripts cannot run; a check that was folded is visible then."""
    for script in (True, False):
        tab = show(RUNS["many"], script=script).page
        cells = tab.locator(".grid td a")
        targets = cells.evaluate_all("all => all.map(one => one.getAttribute('href').slice(1))")
        cell = tab.locator(".grid tbody").nth(60).locator("td a")
        check = tab.locator(f"#{cell.get_attribute('href')[1:]}")
        before = check.is_visible()
        cell.click()

        assert cells.count() == 102
        assert {tab.locator(f"#{target}").count() for target in targets[::10]} == {1}
        assert (before, check.is_visible()) == (False, True)
        assert 0 <= check.bounding_box()["y"] < 900
        assert "file visible: 3 held" in cell.get_attribute("title")


def test_the_search_leaves_what_matches(show):
    """It looks at paths, names and evidence, and at all words; an empty field shows all again."""
    tab = show(RUNS["many"]).page
    pods = tab.locator("details.pod").locator("visible=true")
    rows = tab.locator(".grid th[scope=row]").locator("visible=true")
    found = {}
    for words in ("NUMBER-77.yaml", "exporter cat", "deployment/web", "sharevol", "nowhere", ""):
        tab.get_by_role("searchbox").fill(words)
        found[words] = (pods.count(), rows.count(), tab.locator("output").inner_text())

    assert found == {
        "NUMBER-77.yaml": (1, 1, "1 of 101 Pod templates"),
        "exporter cat": (1, 1, "1 of 101 Pod templates"),
        "deployment/web": (1, 1, "1 of 101 Pod templates"),
        "sharevol": (101, 101, "101 of 101 Pod templates"),
        "nowhere": (0, 0, "0 of 101 Pod templates"),
        "": (101, 101, ""),
    }
    assert tab.locator(".manifest").locator("visible=true").count() == 101


def test_a_link_leads_to_a_check_that_is_filtered_out(show):
    """The address of the page wins over the search and the filter."""
    tab = show(RUNS["many"]).page
    target = tab.locator("details.pod").nth(50).locator("details.check").first
    tab.get_by_role("searchbox").fill("exporter")
    tab.get_by_label("2 that need attention").check()
    hidden = target.is_visible()
    tab.evaluate("id => { location.hash = id }", target.get_attribute("id"))
    tab.wait_for_function(
        "id => document.getElementById(id).checkVisibility()", arg=target.get_attribute("id")
    )

    assert not hidden
    assert target.is_visible()


def test_only_what_needs_attention_is_unfolded(show):
    """Of a large run; a small one is unfolded. Buttons unfold and fold all."""
    tab, small = show(RUNS["many"]).page, show(many(18)).page
    is_open = "all => all.filter(one => one.open).length"
    pods = tab.locator("details.pod")
    first = pods.evaluate_all(is_open)
    tab.get_by_role("button", name="Unfold all").click()
    unfolded = pods.evaluate_all(is_open)
    tab.get_by_role("button", name="Fold all", exact=True).click()

    assert (first, unfolded, pods.evaluate_all(is_open)) == (1, 101, 0)
    assert small.locator("details.pod").evaluate_all(is_open) == 6
    assert small.get_by_role("searchbox").count() == 0


def test_without_scripts_only_the_search_is_missing(show):
    """The filter and the links are there, and no control that does nothing."""
    tab = show(RUNS["many"], script=False).page
    tab.get_by_label("2 that need attention").check()

    assert not tab.locator("input[type=search]").is_visible()
    assert not tab.locator(".tools button").first.is_visible()
    assert tab.locator("details.pod").locator("visible=true").count() == 1
    assert show(RUNS["many"]).page.locator("input[type=search]").is_visible()


def test_the_overview_can_be_skipped_by_keyboard(show):
    """It has a link for each cell; the link past them is visible while it has the focus."""
    tab = show(RUNS["many"]).page
    link = tab.get_by_role("link", name="Skip the overview")
    before = link.bounding_box()["x"]
    link.focus()
    focused = link.bounding_box()["x"]
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")

    assert before < 0 <= focused
    assert tab.evaluate("document.activeElement.closest('.pod').id") == "pod-1"


def test_the_slash_key_leads_to_the_search(show):
    """In the field it is a character."""
    tab = show(RUNS["many"]).page
    tab.keyboard.press("/")
    tab.keyboard.type("a/b")

    assert tab.get_by_role("searchbox").input_value() == "a/b"


def test_a_screen_reader_can_read_the_page(show):
    """The page has ordered headings, diagram descriptions, a language and one main element."""
    tab = show(RUNS["failing"]).page
    headings = tab.get_by_role("heading").all()
    levels = [int(heading.evaluate("e => e.tagName[1]")) for heading in headings]
    diagram = tab.get_by_role("img", name="mounts").first

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert "mounts xchange rw /tmp/xchange" in diagram.get_attribute("aria-label")
    assert tab.locator("html").get_attribute("lang") == "en"
    assert tab.get_by_role("main").count() == 1
    assert tab.locator("details.check.broken summary").first.inner_text().startswith("✗")


def test_the_page_can_be_printed(show):
    """On paper it is light and folded as on the screen, without controls, with the overview."""
    tab = show(RUNS["many"], scheme="dark").page
    folded = tab.locator("details.pod").nth(50)
    pages = tab.pdf(format="A4").count(b"/Type /Page\n")
    tab.get_by_role("button", name="Unfold all").click()
    pdf = tab.pdf(format="A4")
    tab.emulate_media(media="print")
    is_printed = folded.locator("figure").is_visible()
    tab.locator("details.pod").evaluate_all("all => { for (const one of all) one.open = false }")

    assert pdf.startswith(b"%PDF-")
    assert 3 < pages < 25
    assert pdf.count(b"/Type /Page\n") > 2 * pages
    assert is_printed
    assert not folded.locator("figure").is_visible()
    assert folded.locator("h4").is_visible()
    assert not tab.locator(".tools").is_visible()
    assert tab.locator(".grid td a").last.is_visible()
    # a sheet of A4 is as narrow as a tablet, but keeps the columns
    tab.set_viewport_size({"width": 700, "height": 900})
    assert tab.locator(".grid thead").is_visible()
    tab.emulate_media(media="screen")
    assert not tab.locator(".grid thead").is_visible()
    assert tab.locator(".grid .promise-name").last.is_visible()
    tab.emulate_media(media="print")
    tab.locator("details.pod.broken").evaluate("one => { one.open = true }")
    assert tab.locator("details.check.broken .evidence").first.is_visible()
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.evaluate(TOO_WIDE)[0] == 0
