"""Names of files in a volume, and where each container has them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_podshare import errors
from tests.support import offline_pods


def files_of(mounts, volume="v"):
    """The files of a volume in a container with these mounts, of which nothing else is asked."""
    spec = {
        "containers": [{"name": "c", "volumeMounts": mounts}],
        "volumes": [{"name": name, "emptyDir": {}} for name in ("v", "w")],
    }
    return offline_pods.container(spec, "c").volume(volume)


def mount(path, sub_path="", volume="v", **more):
    """An entry of volumeMounts."""
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
def test_a_name_means_a_place_by_the_containers_own_mount(mounts, name, path):
    """By mountPath and subPath, through the mount that it may write to."""
    assert files_of(mounts).path(name) == path


@pytest.mark.parametrize("name", ["/f", "..", "a/../f", "../f", "a\0b"])
def test_a_name_that_leads_out_of_the_volume_is_none(name):
    """Nor is one that no file can have; the control is a name that only looks so."""
    files = files_of([mount("/data")])

    with pytest.raises(errors.NotInVolume, match=r"is no name of a file in volume 'v'"):
        files.path(name)

    assert files.path("..f") == "/data/..f"


def test_a_file_beside_the_sub_path_is_not_seen_and_the_error_says_what_is():
    """The volume has it, and this container does not."""
    files = files_of([mount("/data", "out")])

    with pytest.raises(errors.NotInVolume) as caught:
        files.path("f")

    assert str(caught.value).splitlines() == [
        "'c' does not see 'f': of volume 'v' it mounts only out.",
        "Name the file as it lies in the volume, for example 'out/f'.",
    ]


def test_a_file_below_another_mount_is_not_seen():
    """What lies at that path is of the other volume."""
    files = files_of([mount("/data"), mount("/data/w", volume="w")])

    with pytest.raises(errors.NotInVolume, match="has another mount over 'w/f' of volume 'v'"):
        files.path("w/f")


def test_a_volume_that_is_not_mounted_is_an_error_at_once():
    """Before anything is asked of the container; those that it mounts are named."""
    with pytest.raises(errors.UnknownVolume) as caught:
        files_of([mount("/data"), mount("/w", volume="w")], "data")

    assert str(caught.value).splitlines()[1] == "Name one that it mounts: 'v', 'w'."
    assert isinstance(caught.value, LookupError)


SEGMENTS = st.lists(st.sampled_from("abc"), max_size=3)


@given(mine=SEGMENTS, theirs=SEGMENTS, file=st.lists(st.sampled_from("abc"), min_size=1))
def test_one_name_means_one_file_in_every_container(mine, theirs, file):
    """Whatever their subPaths: the two agree with what the volume itself has, or do not see it."""
    name = "/".join(file)

    for sub, folder in ((mine, "/here"), (theirs, "/there")):
        files = files_of([mount(folder, "/".join(sub))])
        if file[: len(sub)] == sub:
            in_volume = sub + files.path(name).removeprefix(folder).strip("/").split("/")
            assert [each for each in in_volume if each] == file
        else:
            with pytest.raises(errors.NotInVolume):
                files.path(name)
