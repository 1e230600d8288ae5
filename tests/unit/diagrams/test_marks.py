"""What findings are about is marked in each kind of diagram."""

from xml.etree import ElementTree as ET

import pytest

from pytest_podshare.diagrams import mermaid, svg, text_table
from pytest_podshare.diagrams.marks import NO_MARKS, Marks, find_marks
from pytest_podshare.wiring.manifest import load

SVG = "{http://www.w3.org/2000/svg}"
WIRING = load("manifests/sharevol.yaml").wiring
MOUNT = ("c2", "xchange", "/tmp/data")
MARKS = Marks(frozenset({MOUNT}), frozenset({"xchange"}), frozenset({"c1"}))


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (MOUNT, Marks(mounts=frozenset({MOUNT}))),
        (("c2", "xchange", "/tmp/other"), Marks(containers=frozenset({"c2"}))),
        (("c2", "", ""), Marks(containers=frozenset({"c2"}))),
        (("", "xchange", ""), Marks(volumes=frozenset({"xchange"}))),
        (("", "", ""), NO_MARKS),
    ],
)
def test_a_finding_is_about_a_mount_a_volume_or_a_container(place, expected):
    """A path that the container does not mount is about the container."""
    assert find_marks(WIRING, [place]) == expected
    assert bool(expected) is (place != ("", "", ""))


def test_a_table_has_a_sign_behind_what_is_marked():
    """And none without marks."""
    assert text_table.render_table(WIRING, None, MARKS).splitlines() == [
        "volume               c1 !             c2",
        "-------------------  ---------------  --------------",
        "xchange  emptyDir !  rw /tmp/xchange  rw /tmp/data !",
    ]
    assert "!" not in text_table.render_table(WIRING)


def test_a_chart_has_other_lines_for_what_is_marked():
    """The numbers of links count on over several Pods."""
    chart = mermaid.render_mermaid([("a", WIRING), ("b", WIRING)], [NO_MARKS, MARKS])

    assert chart.splitlines()[-3:] == [
        "  classDef marked stroke:#b91c1c,stroke-width:2px",
        "  class p1c0,p1v0 marked",
        "  linkStyle 3 stroke:#b91c1c,stroke-width:2px",
    ]
    assert '"rw /tmp/data #33;"' in chart
    plain = mermaid.render_mermaid([("a", WIRING)])
    assert not {"classDef", "linkStyle"} & set(plain.split())


def test_a_drawing_has_signs_and_other_colours_for_what_is_marked():
    """One at the mount, one in each box."""
    marked, plain = (
        ET.fromstring(svg.render_sheet([("a", WIRING)], [marks])) for marks in (MARKS, NO_MARKS)
    )

    def signs(root):
        return [text.text for text in root.iter(f"{SVG}text") if text.get("class") == "sign"]

    def styles(root):
        elements = [*root.iter(f"{SVG}rect"), *root.iter(f"{SVG}g")]
        return [style for element in elements if "marked" in (style := element.get("class") or "")]

    assert signs(marked) == ["!", "!", "!"]
    assert styles(marked).count("box marked") == 2
    assert (signs(plain), styles(plain)) == ([], [])
