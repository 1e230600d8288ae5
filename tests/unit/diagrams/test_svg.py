"""Tests of the wiring as an SVG."""

import itertools
from xml.etree import ElementTree as ET

import pytest

from pytest_podshare.diagrams import svg, svg_layout
from pytest_podshare.wiring.manifest import load
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

SVG = "{http://www.w3.org/2000/svg}"
KINDS = ("emptyDir", "configMap", "secret", "persistentVolumeClaim")
LONG = "/var/lib/kubelet/plugins/storage.example.com/registration/sockets/and/still/more/of/it"


def crowded(containers, volumes):
    """Return a wiring in which every container mounts every volume at a long path."""
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


def texts_of(drawing):
    """Return all texts in an SVG."""
    return [element.text for element in ET.fromstring(drawing).iter(f"{SVG}text")]


def test_every_container_volume_and_path_is_shown():
    """In plain text elements."""
    texts = texts_of(svg.render_svg(load("manifests/unix-socket.yaml").wiring))

    for expected in ("server", "proxy", "sockets", "emptyDir", "/run/app", "subPath=proxy.conf"):
        assert expected in texts


def test_a_label_describes_the_drawing_in_words():
    """For screen readers."""
    label = ET.fromstring(svg.render_svg(load("manifests/sharevol.yaml").wiring)).get("aria-label")

    assert label == "c1 mounts xchange rw /tmp/xchange. c2 mounts xchange rw /tmp/data."


@pytest.mark.parametrize(
    ("verdict", "sign"),
    [("held", "✓"), ("broken", "✗"), ("unknown", "?"), ("skipped", "-"), ("else", None)],
)
def test_a_verdict_is_a_sign_and_not_only_a_colour(verdict, sign):
    """On the line of its mount."""
    wiring = load("manifests/sharevol.yaml").wiring

    root = ET.fromstring(svg.render_svg(wiring, {("c1", "/tmp/xchange"): verdict}))

    signs = [text.text for text in root.iter(f"{SVG}text") if text.get("class") == "sign"]
    assert signs == ([sign] if sign else [])
    lines = [
        group.get("class") for group in root.iter(f"{SVG}g") if group.find(f"{SVG}path") is not None
    ]
    assert lines == [f"mount {verdict if sign else ''}", "mount "]
    first, second = (title.text for title in root.iter(f"{SVG}title"))
    note = f" ({verdict})" if sign else ""
    assert first == f"c1 mounts xchange: rw /tmp/xchange{note}"
    assert second == "c2 mounts xchange: rw /tmp/data"


def test_a_line_has_an_arrow_to_the_volume_only_if_the_mount_is_writable():
    """Every line has an arrow to the container."""
    root = ET.fromstring(svg.render_svg(load("manifests/readonly-reader.yaml").wiring))

    arrows = [
        group.find(f"{SVG}path[@class='tip']").get("d").count("M") for group in root.iter(f"{SVG}g")
    ]

    assert arrows == [2, 1]


@pytest.mark.parametrize("measures", [svg_layout.WIDE, svg_layout.NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize(("containers", "volumes"), [(1, 1), (2, 1), (1, 8), (6, 8)])
def test_boxes_and_rows_do_not_overlap(containers, volumes, measures):
    """However many there are, and however long the paths."""
    plan = svg_layout.compute_layout(crowded(containers, volumes), measures)

    for boxes in (plan.containers, sorted(plan.volumes, key=lambda box: box.y)):
        for upper, lower in itertools.pairwise(boxes):
            assert upper.y + upper.height < lower.y
    for box in plan.containers:
        ends = [row.y + svg_layout.LINE_HEIGHT * (len(row.lines) - 0.5) for row in box.rows]
        starts = [row.y - svg_layout.LINE_HEIGHT / 2 for row in box.rows]
        assert starts[0] >= box.body
        assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))
        assert ends[-1] <= box.y + box.height


@pytest.mark.parametrize("measures", [svg_layout.WIDE, svg_layout.NARROW], ids=["wide", "narrow"])
def test_every_line_ends_within_its_boxes(measures):
    """At a port of its own."""
    plan = svg_layout.compute_layout(crowded(6, 8), measures)

    boxes = {box.volume.name: box for box in plan.volumes}
    for edge in plan.edges:
        box = boxes[edge.volume.name]
        assert box.y < edge.to_y < box.y + box.height
    assert len({edge.to_y for edge in plan.edges}) == len(plan.edges) == 48


def test_the_drawing_is_as_high_as_its_boxes():
    """Also if all mounts are at the bottom, or a volume is not mounted."""
    crowd = crowded(6, 8)
    idle = [ContainerSpec(f"idle-{number}", "container", ()) for number in range(5)]

    for wiring in (
        crowd,
        Wiring((*idle, crowd.containers[0]), crowd.volumes),
        Wiring((crowd.containers[0],), (*crowd.volumes, VolumeSpec("lone", "emptyDir"))),
    ):
        plan = svg_layout.compute_layout(wiring)
        highest = max(
            sum(box.height for box in boxes) + 16 * (len(boxes) - 1)
            for boxes in (plan.containers, plan.volumes)
        )
        assert plan.height == pytest.approx(highest)


def test_the_narrow_drawing_fits_a_phone():
    """Names and paths are wrapped, and none is cut off."""
    root = ET.fromstring(svg.render_svg(crowded(6, 8), narrow=True))

    assert int(root.get("width")) <= 366
    assert LONG in "".join(text for text in texts_of(ET.tostring(root)) if text not in ("rw", "ro"))


def test_a_hostile_name_is_escaped():
    """It is neither markup nor invalid XML."""
    name = "<script>alert(1)</script>\x00\x1b"
    wiring = Wiring((ContainerSpec(name, "container", (VolumeMount(name, name),)),), ())

    drawing = svg.render_svg(wiring)

    root = ET.fromstring(drawing)
    assert "<script" not in drawing
    assert list(root.iter(f"{SVG}script")) == []
    assert any("<script>" in (text or "") for text in texts_of(drawing))


def test_a_sheet_shows_several_pods_with_their_titles():
    """One below the other."""
    wiring = load("manifests/sharevol.yaml").wiring
    single, double = (
        svg.render_sheet([("first", wiring)]),
        svg.render_sheet([("first", wiring), ("second", wiring)]),
    )

    assert texts_of(double).count("xchange") == 2 * texts_of(single).count("xchange")
    assert {"first", "second"} <= set(texts_of(double))
    assert (
        int(ET.fromstring(double).get("height")) > 2 * int(ET.fromstring(single).get("height")) - 24
    )


def test_an_empty_sheet_is_a_drawing():
    """A manifest may contain no Pod template."""
    assert ET.fromstring(svg.render_sheet([])).tag == f"{SVG}svg"


@pytest.mark.parametrize("narrow", [True, False])
def test_a_pod_without_containers_and_volumes_is_a_drawing(narrow):
    """An operator may add them to the template of a custom resource."""
    assert ET.fromstring(svg.render_svg(Wiring((), ()), narrow=narrow)).tag == f"{SVG}svg"
    assert texts_of(svg.render_sheet([("Rollout/r", Wiring((), ()))])) == ["Rollout/r"]
