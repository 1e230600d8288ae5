"""The page of a run, in Chromium: on a desk, on a phone, in the dark, on paper, by keyboard."""

import itertools

import pytest

from tests.support.sample_reports import broken, crowded, held, hostile, many, told

DESK, PHONE, SMALLEST = 1280, 390, 320
RUNS = {
    "nothing": [],
    "passing": [told(held(), held("c2→c1"))],
    "failing": [told(held(), broken(), error="assert 1 == 2"), *many(3)],
    "crowded": [crowded()],
    "many": [crowded(), *many(300)],
    "hostile": hostile(),
}

# what is wider than the screen, by the element that is to blame
TOO_WIDE = """() => [document.documentElement.scrollWidth - innerWidth,
  ...[...document.querySelectorAll("body *")]
    .filter(each => each.getBoundingClientRect().right > innerWidth + 1)
    .map(each => each.tagName + "." + each.getAttribute("class"))]"""
# every visible text of the drawing: what it says, where it stands, in which box it belongs
LABELS = """() => [...document.querySelectorAll("figure svg text")]
  .filter(each => each.checkVisibility() && !each.matches(".sign"))
  .map(each => { const r = each.getBoundingClientRect();
    return {text: each.textContent, left: r.left, right: r.right, top: r.top, bottom: r.bottom}
  })"""
BOXES = """() => [...document.querySelectorAll("figure svg rect")]
  .filter(each => each.checkVisibility())
  .map(each => { const r = each.getBoundingClientRect();
    return {left: r.left, right: r.right, top: r.top, bottom: r.bottom} })"""
# each text with its own colour, and the first colour behind it
COLOURS = """() => [...document.querySelectorAll("body *")]
  .filter(each => each.checkVisibility() && !each.closest("svg")
    && [...each.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()))
  .map(each => { let under = each;
    while (getComputedStyle(under).backgroundColor === "rgba(0, 0, 0, 0)")
      under = under.parentElement;
    return [each.tagName + "." + each.className, getComputedStyle(each).color,
      getComputedStyle(under).backgroundColor] })"""


@pytest.fixture(params=RUNS)
def runs(request):
    """What the page is about."""
    return RUNS[request.param]


def test_it_fits_every_screen_and_asks_for_nothing(show, runs):
    """No scrolling sideways, no request but for itself, no complaint."""
    tab = show(runs)
    too_wide = {}
    for width, scheme in ((DESK, "light"), (PHONE, "dark"), (SMALLEST, "light")):
        tab.page.set_viewport_size({"width": width, "height": 900})
        tab.page.emulate_media(color_scheme=scheme)
        too_wide[width] = tab.page.evaluate(TOO_WIDE)

    assert too_wide == {DESK: [0], PHONE: [0], SMALLEST: [0]}
    assert [request.rpartition("/")[2] for request in tab.requests] == ["0.html"]
    assert tab.complaints == []


def test_a_page_that_did_any_of_it_would_be_seen(show):
    """The control: too wide, with a picture from elsewhere, and a script that complains."""
    tab = show(
        [],
        PHONE,
        html="<!DOCTYPE html><body><div style='width:500px'>wide</div>"
        "<img src='http://127.0.0.1:9/x.png'><script>console.error('oh')</script></body>",
    )

    assert tab.page.evaluate(TOO_WIDE) == [110 + 8, "DIV.null"]
    assert len(tab.requests) == 2
    assert "oh" in tab.complaints


def test_every_check_is_to_be_found(show):
    """Three hundred and three of them, each with its promise and its time."""
    found = show(RUNS["many"]).page.locator("details.check")

    assert found.count() == 303
    assert found.locator("summary .promise").count() == 303
    assert found.locator("summary .time").count() == 303


def test_a_hostile_text_does_nothing(show):
    """It stands there as it is; the control is that the same text, raw, would have run."""
    tab = show(RUNS["hostile"])
    raw = show(
        [], html="<!DOCTYPE html><title>page</title><script>document.title='hostile'</script>"
    )

    assert tab.page.title() == "1 of 2 promises is broken · project"
    assert tab.page.locator("script, img").count() == 0
    assert "document.title='hostile'" in tab.page.locator("h3").first.inner_text()
    assert raw.page.title() == "hostile"


def overlapping(labels):
    """Pairs of labels that cover each other."""
    return [
        (one["text"], other["text"])
        for one, other in itertools.combinations(labels, 2)
        if one["left"] < other["right"] - 1
        and other["left"] < one["right"] - 1
        and one["top"] < other["bottom"] - 3
        and other["top"] < one["bottom"] - 3
    ]


def astray(labels, boxes):
    """Labels that stick out of every box."""
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


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_the_drawing_of_a_crowded_pod_is_legible(show, width):
    """Six containers, eight volumes: no label covers another, leaves its box, or is too small."""
    tab = show(RUNS["crowded"], width)
    labels, boxes = tab.page.evaluate(LABELS), tab.page.evaluate(BOXES)

    assert len(boxes) == 6 + 8
    assert len(labels) > 50
    assert overlapping(labels) == []
    assert astray(labels, boxes) == []
    assert min(label["bottom"] - label["top"] for label in labels) > 11

    moved = {**labels[1], "text": "moved", "left": labels[0]["left"], "top": labels[0]["top"]}
    assert overlapping([labels[0], {**moved, "bottom": labels[0]["bottom"]}])
    assert astray([{**labels[0], "right": 5000}], boxes)


def luminance(colour):
    """Of `rgb(1, 2, 3)`, as WCAG has it."""
    channels = [float(each) / 255 for each in colour.strip("rgba()").split(",")[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    """Between 1 and 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_what_is_behind_it(show, scheme):
    """By the 4.5 that accessibility asks for, in both modes."""
    tab = show([*RUNS["failing"], crowded(), told(broken(), failed=False)], scheme=scheme)
    colours = tab.page.evaluate(COLOURS)

    pale = [each for each in colours if contrast(each[1], each[2]) < 4.5]
    behind = tab.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert len(colours) > 40
    assert pale == []
    assert (luminance(behind) > 0.5) == (scheme == "light")
    assert contrast("rgb(0, 0, 0)", "rgb(255, 255, 255)") == pytest.approx(21)


def test_checks_unfold_by_keyboard(show):
    """Focus, Enter: the evidence is there; Enter again: it is gone."""
    tab = show(RUNS["passing"])
    evidence = tab.page.locator("details.check .evidence").first
    before = evidence.is_visible()
    tab.page.locator("details.check > summary").first.focus()
    tab.page.keyboard.press("Enter")
    after = evidence.is_visible()
    tab.page.keyboard.press("Enter")

    assert (before, after, evidence.is_visible()) == (False, True, False)
    assert "c1 wrote /tmp/xchange/podshare-" in evidence.text_content()


def test_what_holds_can_be_left_out(show):
    """One choice, no script: only what needs a look stays."""
    tab = show(RUNS["many"])
    shown = tab.page.locator("details.check").locator("visible=true")
    everything = tab.page.locator("details.pod").locator("visible=true").count()
    tab.page.get_by_label("only the 2 that need a look").check()

    assert everything == 101
    assert tab.page.locator("details.pod").locator("visible=true").count() == 1
    assert shown.count() == 2
    tab.page.get_by_label("all 303").check()
    assert tab.page.locator("details.pod").locator("visible=true").count() == 101


def test_a_link_leads_to_the_check(show):
    """From the list at the top, and from outside, also to one that is folded away."""
    tab = show(RUNS["many"])
    tab.page.locator(".look a").first.click()
    check = tab.page.locator("details.check.broken").first
    inside = tab.page.locator("details.pod").nth(50).locator("details.check").first
    other = show(RUNS["many"], anchor=inside.get_attribute("id"))

    assert 0 <= check.bounding_box()["y"] < 900
    assert not inside.is_visible()
    assert other.page.locator(f"#{inside.get_attribute('id')}").is_visible()


def test_who_does_not_see_it_can_read_it(show):
    """Headings in order, drawings in words, the language, and one main part."""
    tab = show(RUNS["failing"]).page
    levels = [int(each.evaluate("e => e.tagName[1]")) for each in tab.get_by_role("heading").all()]
    drawing = tab.get_by_role("img", name="mounts").first

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert "mounts xchange rw /tmp/xchange" in drawing.get_attribute("aria-label")
    assert tab.locator("html").get_attribute("lang") == "en"
    assert tab.get_by_role("main").count() == 1
    assert tab.locator("details.check.broken summary").first.inner_text().startswith("✗")


def test_it_prints(show):
    """Light, unfolded, without what only a screen has; and Chromium makes a PDF of it."""
    tab = show(RUNS["many"], scheme="dark").page
    folded = tab.locator("details.pod").nth(50).locator("figure")
    before = folded.is_visible()
    pdf = tab.pdf(format="A4")
    tab.emulate_media(media="print")

    assert pdf.startswith(b"%PDF-")
    assert pdf.count(b"/Type /Page\n") > 20
    assert (before, folded.is_visible()) == (False, True)
    assert not tab.locator(".show").is_visible()
    assert tab.locator("details.check.broken .evidence").first.is_visible()
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert tab.evaluate(TOO_WIDE)[0] == 0
