"""Names of files in a volume, and their paths in each container."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_podshare import errors
from tests.support import offline_pods


def volume_files(mounts, volume="v"):
    """Return the files of a volume in a container with these mounts, without a cluster."""
    spec = {
        "containers": [{"name": "c", "volumeMounts": mounts}],
        "volumes": [{"name": name, "emptyDir": {}} for name in ("v", "w")],
    }
    return offline_pods.container(spec, "c").volume(volume)


def mount(path, sub_path="", volume="v", **more):
    """Return an entry of volumeMounts."""
    return {"name": volume, "mountPath": path, "subPath": sub_path, **more}


@pytest.mark.parametrize(
    ("mounts", "name", "path"),
    [
        ([mount("/data")], "f", "/data/f"),
        ([mount("/data/")], "a/f", "/data/a/f"),
        ([mount("/data")], "./a//f", "/data/a/f"),
        ([mount("/data")], "", "/data"),
        ([mount("/")], "f", "/f"),
        ([mount("/data", "out")], "out/f", "/data/f"),
        ([mount("/data", "out/today")], "out/today/f", "/data/f"),
        ([mount("/etc/app.conf", "app.conf")], "app.conf", "/etc/app.conf"),
        ([mount("/in", "in"), mount("/out", "out")], "out/f", "/out/f"),
        ([mount("/ro", readOnly=True), mount("/rw")], "f", "/rw/f"),
        ([mount("/data"), mount("/data/w", volume="w")], "f", "/data/f"),
        ([mount("/data"), mount("/data/out"), mount("/data/out/x", "x")], "x/f", "/data/x/f"),
    ],
)
def test_a_name_has_a_path_by_the_containers_own_mounts(mounts, name, path):
    """By mountPath and subPath, preferably through a writable mount."""
    assert volume_files(mounts).path(name) == path


@pytest.mark.parametrize("name", ["/f", "..", "a/../f", "../f", "a\0b"])
def test_a_name_that_leads_out_of_the_volume_is_not_valid(name):
    """Nor is one with NUL; the control is a name that only looks like a parent folder."""
    files = volume_files([mount("/data")])

    with pytest.raises(errors.NotInVolume, match="is not a valid file name in volume 'v'"):
        files.path(name)

    assert files.path("..f") == "/data/..f"


def test_a_file_outside_the_sub_path_is_not_visible_and_the_error_names_the_sub_path():
    """The volume has such a file, but this container does not mount it."""
    files = volume_files([mount("/data", "out")])

    with pytest.raises(errors.NotInVolume) as caught:
        files.path("f")

    assert str(caught.value).splitlines() == [
        "'c' cannot see 'f': of volume 'v' it mounts only out.",
        "Use the path within the volume, for example 'out/f'.",
    ]


def test_a_file_below_another_mount_is_not_visible():
    """The other volume is at that path."""
    files = volume_files([mount("/data"), mount("/data/w", volume="w")])

    with pytest.raises(errors.NotInVolume, match="cannot see 'w/f' of volume 'v': another mount"):
        files.path("w/f")


def test_a_volume_that_is_not_mounted_is_an_error_before_any_command():
    """The error names the volumes that the container mounts."""
    with pytest.raises(errors.UnknownVolume) as caught:
        volume_files([mount("/data"), mount("/w", volume="w")], "data")

    assert str(caught.value).splitlines()[1] == "Use a volume that it mounts: 'v', 'w'."
    assert isinstance(caught.value, LookupError)


SEGMENTS = st.lists(st.sampled_from("abc"), max_size=3)


@given(sub_path=SEGMENTS, file=st.lists(st.sampled_from("abc"), min_size=1))
def test_a_name_means_the_same_file_whatever_the_sub_path(sub_path, file):
    """The path leads to the file of that name in the volume, or the file is not visible."""
    name = "/".join(file)
    files = volume_files([mount("/data", "/".join(sub_path))])

    if file[: len(sub_path)] == sub_path:
        in_volume = sub_path + files.path(name).removeprefix("/data").strip("/").split("/")
        assert [part for part in in_volume if part] == file
    else:
        with pytest.raises(errors.NotInVolume):
            files.path(name)
