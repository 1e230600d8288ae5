"""Tests of the wiring as a Mermaid chart."""

from pytest_podshare.diagrams.mermaid import render_mermaid
from pytest_podshare.wiring.manifest import load
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring


def test_a_chart_has_a_box_for_each_pod():
    """With a line per mount, dotted if the mount is read-only."""
    chart = render_mermaid([("Pod/reader", load("manifests/readonly-reader.yaml").wiring)])

    expected = """\
flowchart LR
  subgraph p0["Pod/reader"]
    direction LR
    p0c0["writer"]
    p0c1["reader"]
    p0v0[("data<br>emptyDir")]
    p0c0 ---|"rw /out"| p0v0
    p0c1 -.-|"ro /in"| p0v0
  end
"""
    assert expected == chart


def test_special_characters_of_mermaid_are_written_as_numbers():
    """Quotes, brackets and HTML."""
    container = ContainerSpec('a"]', "container", (VolumeMount("v", "/<b>|x"),))

    chart = render_mermaid([("t", Wiring((container,), (VolumeSpec("v", "emptyDir"),)))])

    assert 'p0c0["a#34;#93;"]' in chart
    assert '"rw /#60;b#62;#124;x"' in chart
