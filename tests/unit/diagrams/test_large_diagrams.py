"""A diagram of 30 volumes shows first what is shared."""

from collections import Counter
from xml.etree import ElementTree as ET

import pytest

from pytest_podshare.diagrams import mermaid, svg, svg_layout, text_table
from pytest_podshare.diagrams.folding import list_folded
from pytest_podshare.diagrams.marks import NO_MARKS, Marks
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring

SVG = "{http://www.w3.org/2000/svg}"


def large(lone=28):
    """Return two containers that share the last of their volumes; the others are of one each."""
    names = [f"lone-{number}" for number in range(lone)]
    containers = tuple(
        ContainerSpec(
            name,
            "container",
            (
                *(VolumeMount(volume, f"/mnt/{volume}") for volume in names[index::2]),
                VolumeMount("common", f"/common/{name}"),
            ),
        )
        for index, name in enumerate(("app", "shipper"))
    )
    volumes = (VolumeSpec("spare", "emptyDir"), *(VolumeSpec(name, "secret") for name in names))
    return Wiring(containers, (*volumes, VolumeSpec("common", "emptyDir")))


def texts_of(drawing):
    """Return all texts in an SVG."""
    return [element.text for element in ET.fromstring(drawing).iter(f"{SVG}text")]


def test_shared_volumes_come_first():
    """Then those of the first container, those of the second, and those of none."""
    names = [volume.name for volume in text_table.list_volumes(large(4))]

    assert names == ["common", "lone-0", "lone-2", "lone-1", "lone-3", "spare"]


@pytest.mark.parametrize(("lone", "folded"), [(10, 0), (11, 11)])
def test_the_volumes_of_one_container_are_folded_in_a_large_diagram(lone, folded):
    """With 12 volumes, none is; with 13, only what is shared or not mounted has a box."""
    assert len(list_folded(large(lone), NO_MARKS)) == folded


def test_what_is_marked_is_not_folded():
    """Neither a marked volume nor that of a marked mount."""
    mount = ("app", "lone-2", "/mnt/lone-2")
    marks = Marks(frozenset({mount}), frozenset({"lone-1"}))

    everything = {volume.name for volume in list_folded(large(), NO_MARKS)}
    folded = {volume.name for volume in list_folded(large(), marks)}
    assert everything - folded == {"lone-1", "lone-2"}


def test_a_large_drawing_has_lines_for_shared_volumes_alone():
    """The others stand in the box of their container, and none is lost."""
    wiring = large()
    plan = svg_layout.compute_layout(wiring)

    assert {box.volume.name for box in plan.volumes} == {"common", "spare"}
    assert {edge.volume.name for edge in plan.edges} == {"common"}
    texts = texts_of(svg.render_svg(wiring))
    for number in range(28):
        assert texts.count(f"lone-{number} secret") == 1
    for box in plan.containers:
        bottom = max(
            row.y + svg_layout.LINE_HEIGHT * (len(row.lines) + len(row.volume) - 0.5)
            for row in box.rows
        )
        assert bottom <= box.y + box.height


def test_a_mount_with_a_verdict_has_a_line_in_a_large_drawing():
    """Its sign would have no place without one."""
    texts = texts_of(svg.render_svg(large(), {("app", "/mnt/lone-0"): "broken"}))

    assert texts.count("✗") == 1
    assert "lone-0" in texts


def test_a_large_chart_names_the_folded_volumes_in_their_containers():
    """It has nodes and links for the others alone."""
    chart = mermaid.render_mermaid([("Pod/large", large())])

    assert "<br>rw /mnt/lone-0 = lone-0  secret<br>" in chart.replace("ro /mnt", "rw /mnt")
    assert chart.count('[("') == 2
    assert chart.count("|") == 4


def test_a_table_is_not_wider_than_its_limit():
    """Long cells are wrapped, and no text is lost."""
    path = "/var/lib/kubelet/plugins/storage.example.com/registration/sockets"
    source = {"sources": [{"configMap": {"name": f"configuration-{n}"}} for n in range(5)]}
    wiring = Wiring(
        (ContainerSpec("driver", "container", (VolumeMount("v", path, "some/sub-path"),)),),
        (VolumeSpec("v", "projected", facts=source),),
    )

    def characters(text):
        lines = [line for line in text.splitlines() if set(line) != {"-", " "}]
        return Counter("".join("".join(lines).split()))

    unlimited = text_table.render_table(wiring)
    assert max(map(len, unlimited.splitlines())) > 150
    for width in (40, 60, 80):
        table = text_table.render_table(wiring, width)
        assert max(map(len, table.splitlines())) <= width
        assert characters(table) == characters(unlimited)
