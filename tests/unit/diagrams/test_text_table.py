"""Tests of the wiring as a text table."""

from pytest_podshare.diagrams.text_table import render_table
from pytest_podshare.wiring.manifest import load
from pytest_podshare.wiring.model import (
    ContainerSpec,
    VolumeMount,
    VolumeSpec,
    Wiring,
)


def test_a_row_per_volume_and_a_column_per_container():
    """A cell shows whether the container can write, and the path."""
    expected = """\
volume             c1               c2
-----------------  ---------------  ------------
xchange  emptyDir  rw /tmp/xchange  rw /tmp/data"""

    assert expected == render_table(load("manifests/sharevol.yaml").wiring)


def test_a_cell_has_a_line_per_mount():
    """With the subPath of each."""
    lines = render_table(load("manifests/subpath.yaml").wiring).splitlines()

    assert len(lines) == 4
    assert [line.split("  ")[-1].strip() for line in lines[2:]] == [
        "rw /backup",
        "rw /html subPath=html",
    ]


def test_columns_that_do_not_fit_go_to_another_table_below():
    """Which names the volumes again."""
    expected = """\
volume          web                       database
--------------  ------------------------  -------------------------------------
data  emptyDir  rw /var/www subPath=html  rw /var/lib/database subPath=database

volume          backup
--------------  ---------------------
data  emptyDir  rw /backup
                rw /html subPath=html"""

    assert expected == render_table(load("manifests/subpath.yaml").wiring, 80)


def test_a_column_wider_than_the_limit_is_shown():
    """No limit hides a column."""
    text = render_table(load("manifests/subpath.yaml").wiring, 1)

    assert [text.count(cell) for cell in ("rw /var/www", "rw /backup", "rw /html")] == [1, 1, 1]


def test_roles_media_sizes_and_sources_are_shown():
    """Unmounted and undeclared volumes have rows as well."""
    wiring = Wiring(
        (
            ContainerSpec("setup", "init", (VolumeMount("scratch", "/s"),)),
            ContainerSpec("agent", "sidecar", (VolumeMount("conf", "/c"),)),
            ContainerSpec("app", "container", (VolumeMount("lgos", "/l", read_only=True),)),
        ),
        (
            VolumeSpec("scratch", "emptyDir", "Memory", "10Mi"),
            VolumeSpec("conf", "configMap", source="settings"),
            VolumeSpec("logs", "emptyDir"),
        ),
    )
    expected = """\
volume                         setup (init)  agent (sidecar)  app
-----------------------------  ------------  ---------------  -----
scratch  emptyDir Memory 10Mi  rw /s         -                -
conf  configMap settings       -             ro /c            -
logs  emptyDir                 -             -                -
lgos  not declared             -             -                ro /l"""

    assert expected == render_table(wiring)


def test_a_block_device_is_shown_like_a_mount():
    """With a note that it is a device."""
    container = ContainerSpec("db", "container", (), devices=(VolumeMount("raw", "/dev/xvda"),))

    text = render_table(Wiring((container,), (VolumeSpec("raw", "persistentVolumeClaim"),)))

    assert text.splitlines()[-1] == "raw  persistentVolumeClaim  rw /dev/xvda (device)"


def test_control_characters_are_escaped():
    """A manifest may come from anyone, and the table goes to a terminal."""
    wiring = Wiring((ContainerSpec("a\x1b[31m", "container", (VolumeMount("v", "/\n"),)),), ())

    text = render_table(wiring)

    assert "\x1b" not in text
    assert r"a\x1b[31m" in text
    assert len(text.splitlines()) == 3


def test_a_pod_without_volumes_has_a_table():
    """It shows the containers."""
    assert render_table(Wiring((ContainerSpec("a", "container", ()),), ())).splitlines() == [
        "volume  a",
        "------  -",
    ]
