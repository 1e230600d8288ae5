"""The wiring as a drawing."""

import itertools
from xml.etree import ElementTree as ET

import pytest

from pytest_podshare.diagrams import svg as drawing
from pytest_podshare.diagrams import svg_layout
from pytest_podshare.wiring.manifest import load
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

SVG = "{http://www.w3.org/2000/svg}"
KINDS = ("emptyDir", "configMap", "secret", "persistentVolumeClaim")
LONG = "/var/lib/kubelet/plugins/storage.example.com/registration/sockets/and/still/more/of/it"


def crowded(containers, volumes):
    """Every container mounts every volume, at a path that is long."""
    names = [f"volume-with-a-name-of-its-own-{number}" for number in range(volumes)]
    return Wiring(
        tuple(
            ContainerSpec(
                f"container-number-{number}",
                ("init", "sidecar", "container")[number % 3],
                tuple(VolumeMount(name, f"{LONG}/{name}", "part" * (number % 2)) for name in names),
            )
            for number in range(containers)
        ),
        tuple(VolumeSpec(name, KINDS[index % 4], source=name) for index, name in enumerate(names)),
    )


def words(svg):
    """All text in a drawing."""
    return [each.text for each in ET.fromstring(svg).iter(f"{SVG}text")]


def test_it_shows_every_container_volume_and_path():
    """In plain text elements."""
    found = words(drawing.svg(load("manifests/unix-socket.yaml").wiring))

    for expected in ("server", "proxy", "sockets", "emptyDir", "/run/app", "subPath=proxy.conf"):
        assert expected in found


def test_it_says_in_words_what_it_shows():
    """For whoever cannot see it."""
    label = ET.fromstring(drawing.svg(load("manifests/sharevol.yaml").wiring)).get("aria-label")

    assert label == "c1 mounts xchange rw /tmp/xchange. c2 mounts xchange rw /tmp/data."


@pytest.mark.parametrize(
    ("verdict", "sign"), [("held", "✓"), ("broken", "✗"), ("unknown", "?"), ("else", None)]
)
def test_a_verdict_is_a_sign_and_not_a_colour_alone(verdict, sign):
    """On the line of the mount that it is about."""
    wiring = load("manifests/sharevol.yaml").wiring

    root = ET.fromstring(drawing.svg(wiring, {("c1", "/tmp/xchange"): verdict}))

    signs = [each.text for each in root.iter(f"{SVG}text") if each.get("class") == "sign"]
    assert signs == ([sign] if sign else [])
    lines = [
        each.get("class") for each in root.iter(f"{SVG}g") if each.find(f"{SVG}path") is not None
    ]
    assert lines == [f"mount {verdict if sign else ''}", "mount "]


def test_a_line_has_an_arrow_into_the_volume_only_where_the_mount_may_write():
    """The reader's arrow goes to the reader alone."""
    root = ET.fromstring(drawing.svg(load("manifests/readonly-reader.yaml").wiring))

    arrows = [len(each.findall(f"{SVG}polygon")) for each in root.iter(f"{SVG}g")]

    assert arrows == [2, 1]


@pytest.mark.parametrize("measures", [svg_layout.WIDE, svg_layout.NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize(("containers", "volumes"), [(1, 1), (2, 1), (1, 8), (6, 8)])
def test_no_boxes_and_no_rows_overlap(containers, volumes, measures):
    """Whatever the number of them, and however long their paths."""
    plan = svg_layout.of(crowded(containers, volumes), measures)

    for boxes in (plan.containers, sorted(plan.volumes, key=lambda box: box.y)):
        for upper, lower in itertools.pairwise(boxes):
            assert upper.y + upper.height < lower.y
    for box in plan.containers:
        ends = [row.y + svg_layout.LINE * (len(row.lines) - 0.5) for row in box.rows]
        starts = [row.y - svg_layout.LINE / 2 for row in box.rows]
        assert starts[0] >= box.body
        assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))
        assert ends[-1] <= box.y + box.height


@pytest.mark.parametrize("measures", [svg_layout.WIDE, svg_layout.NARROW], ids=["wide", "narrow"])
def test_every_line_ends_within_its_boxes(measures):
    """At a port of its own."""
    plan = svg_layout.of(crowded(6, 8), measures)

    boxes = {box.volume.name: box for box in plan.volumes}
    for edge in plan.edges:
        box = boxes[edge.volume.name]
        assert box.y < edge.to_y < box.y + box.height
    assert len({edge.to_y for edge in plan.edges}) == len(plan.edges) == 48


def test_the_drawing_is_no_higher_than_its_boxes_are():
    """Also where all mounts are at its foot, and where nobody mounts a volume."""
    crowd = crowded(6, 8)
    idle = [ContainerSpec(f"idle-{number}", "container", ()) for number in range(5)]

    for wiring in (
        crowd,
        Wiring((*idle, crowd.containers[0]), crowd.volumes),
        Wiring((crowd.containers[0],), (*crowd.volumes, VolumeSpec("lone", "emptyDir"))),
    ):
        plan = svg_layout.of(wiring)
        highest = max(
            sum(box.height for box in boxes) + 16 * (len(boxes) - 1)
            for boxes in (plan.containers, plan.volumes)
        )
        assert plan.height == pytest.approx(highest)


def test_the_narrow_drawing_fits_a_phone():
    """With names and paths broken into lines, and none cut off."""
    root = ET.fromstring(drawing.svg(crowded(6, 8), narrow=True))

    assert int(root.get("width")) <= 366
    assert LONG in "".join(each for each in words(ET.tostring(root)) if each not in ("rw", "ro"))


def test_a_hostile_name_is_text():
    """Neither markup, nor what XML forbids."""
    name = "<script>alert(1)</script>\x00\x1b"
    svg = drawing.svg(Wiring((ContainerSpec(name, "container", (VolumeMount(name, name),)),), ()))

    root = ET.fromstring(svg)

    assert "<script" not in svg
    assert list(root.iter(f"{SVG}script")) == []
    assert any("<script>" in (each or "") for each in words(svg))


def test_a_sheet_shows_several_below_each_other():
    """Each under its title."""
    wiring = load("manifests/sharevol.yaml").wiring
    one, two = (
        drawing.sheet([("first", wiring)]),
        drawing.sheet([("first", wiring), ("second", wiring)]),
    )

    assert words(two).count("xchange") == 2 * words(one).count("xchange")
    assert {"first", "second"} <= set(words(two))
    assert int(ET.fromstring(two).get("height")) > 2 * int(ET.fromstring(one).get("height")) - 24


def test_an_empty_sheet_is_a_drawing():
    """Of nothing."""
    assert ET.fromstring(drawing.sheet([])).tag == f"{SVG}svg"
