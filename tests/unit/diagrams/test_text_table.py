"""The wiring as a table of text."""

from pytest_podshare.diagrams.text_table import matrix
from pytest_podshare.wiring.manifest import load
from pytest_podshare.wiring.model import (
    ContainerSpec,
    VolumeDevice,
    VolumeMount,
    VolumeSpec,
    Wiring,
)


def test_a_row_per_volume_and_a_column_per_container():
    """The cells say whether the container may write, and under which path."""
    expected = """\
volume             c1               c2
-----------------  ---------------  ------------
xchange  emptyDir  rw /tmp/xchange  rw /tmp/data"""

    assert expected == matrix(load("manifests/sharevol.yaml").wiring)


def test_a_cell_with_several_mounts_takes_several_lines():
    """And names each one's subPath."""
    lines = matrix(load("manifests/subpath.yaml").wiring).splitlines()

    assert len(lines) == 4
    assert [line.split("  ")[-1].strip() for line in lines[2:]] == [
        "rw /backup",
        "rw /html subPath=html",
    ]


def test_what_does_not_fit_beside_goes_below():
    """With the volumes named again."""
    expected = """\
volume          web                       database
--------------  ------------------------  -------------------------------------
data  emptyDir  rw /var/www subPath=html  rw /var/lib/database subPath=database

volume          backup
--------------  ---------------------
data  emptyDir  rw /backup
                rw /html subPath=html"""

    assert expected == matrix(load("manifests/subpath.yaml").wiring, 80)


def test_a_column_that_is_too_wide_alone_is_not_left_out():
    """No width is too small."""
    text = matrix(load("manifests/subpath.yaml").wiring, 1)

    assert [text.count(each) for each in ("rw /var/www", "rw /backup", "rw /html")] == [1, 1, 1]


def test_roles_media_sizes_and_sources_are_told():
    """A volume that nobody mounts, and one that nobody declares, have their rows as well."""
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

    assert expected == matrix(wiring)


def test_a_block_device_is_no_folder_and_still_a_use_of_its_volume():
    """Its path is told as a device's."""
    container = ContainerSpec("db", "container", (), devices=(VolumeDevice("raw", "/dev/xvda"),))

    text = matrix(Wiring((container,), (VolumeSpec("raw", "persistentVolumeClaim"),)))

    assert text.splitlines()[-1] == "raw  persistentVolumeClaim  rw /dev/xvda (device)"


def test_what_would_steer_a_terminal_is_spelled_out():
    """A manifest may come from anyone."""
    wiring = Wiring((ContainerSpec("a\x1b[31m", "container", (VolumeMount("v", "/\n"),)),), ())

    text = matrix(wiring)

    assert "\x1b" not in text
    assert r"a\x1b[31m" in text
    assert len(text.splitlines()) == 3


def test_a_pod_without_volumes_has_a_matrix_too():
    """Its containers, and nothing below them."""
    assert matrix(Wiring((ContainerSpec("a", "container", ()),), ())).splitlines() == [
        "volume  a",
        "------  -",
    ]
