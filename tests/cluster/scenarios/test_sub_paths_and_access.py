"""Parts of a volume, read-only readers, groups, and images as volumes."""

import pytest

from pytest_podshare import (
    assert_file_visible,
    assert_not_shared,
    assert_permissions,
    assert_read_only,
    assert_writable,
)
from pytest_podshare.deadline import Deadline, poll
from tests.support.mutations import container_of, elsewhere

CROSS_DEVICE = b"Invalid cross-device link"


def test_sub_paths_are_parts_of_one_volume(podshare):
    """Each sees its own part alone, and backup sees both."""
    pod = podshare.deploy("manifests/subpath.yaml")

    assert_not_shared(pod, from_c="web", to_c="database")
    assert_not_shared(pod, from_c="database", to_c="web")
    assert_file_visible(pod, from_c="web", to_c="backup")
    assert_file_visible(pod, from_c="database", to_c="backup")
    assert pod["backup"].exec(["ls", "/backup"]).stdout == b"database\nhtml\n"


@pytest.mark.parametrize(
    ("source", "target", "is_refused"),
    [
        ("/backup/html/page", "/html/link", True),
        ("/backup/html/page", "/backup/html/link", False),
        ("/html/page", "/html/link", False),
    ],
)
def test_two_mounts_of_one_volume_are_two_devices_to_a_link(podshare, source, target, is_refused):
    """So a rename between them is a copy, which is not atomic; within one mount it is."""
    pod = podshare.deploy("manifests/subpath.yaml")
    backup = pod["backup"]
    assert backup.exec(["touch", source]).returncode == 0

    done = backup.exec(["ln", source, target])

    assert (done.returncode != 0, CROSS_DEVICE in done.stderr) == (is_refused, is_refused)
    assert backup.exec(["stat", "-c", "%i", "/html/page"]).stdout == (
        backup.exec(["stat", "-c", "%i", "/backup/html/page"]).stdout
    )


def test_sub_paths_that_are_the_same_are_shared(twin):
    """The mutated twin: web and database in one folder."""

    def change(spec):
        container_of(spec, "database")["volumeMounts"][0]["subPath"] = "html"

    with pytest.raises(AssertionError, match="'database' sees what 'web' wrote"):
        assert_not_shared(twin("subpath", change), from_c="web", to_c="database")


def test_a_reader_may_only_read(podshare):
    """It sees everything and is refused as on a read-only file system, root or not."""
    pod = podshare.deploy("manifests/readonly-reader.yaml")

    assert_file_visible(pod, from_c="writer", to_c="reader")
    assert_read_only(pod, container="reader", volume="data")
    assert_writable(pod, container="writer", volume="data")


def test_a_reader_that_may_write_and_a_writer_that_may_not_are_noticed(twin):
    """The mutated twin: readOnly on the other of the two."""

    def change(spec):
        del container_of(spec, "reader")["volumeMounts"][0]["readOnly"]
        container_of(spec, "writer")["volumeMounts"][0]["readOnly"] = True

    pod = twin("readonly-reader", change)

    with pytest.raises(AssertionError, match="volume 'data' is not read-only for 'reader'"):
        assert_read_only(pod, container="reader", volume="data")
    with pytest.raises(AssertionError, match="'writer' cannot write to volume 'data'"):
        assert_writable(pod, container="writer", volume="data")


def with_report(pod):
    """The Pod, once its writer has written: it may be ready before that."""
    missing = poll(
        lambda: pod["writer"].exec(["test", "-s", "/out/report"]).returncode,
        until=lambda code: code == 0,
        deadline=Deadline(30),
    )
    assert not missing
    return pod


def test_users_without_anything_in_common_share_by_the_volumes_group(podshare):
    """The group and setgid of the folder, the group of new files, and what that lets one do."""
    pod = with_report(podshare.deploy("manifests/fsgroup.yaml"))

    assert_permissions(pod, container="reader", path="/in", uid=0, gid=2000, mode=0o2777)
    assert_permissions(pod, container="reader", path="/in/report", uid=1000, gid=2000, mode=0o640)
    assert_file_visible(
        pod, from_c="writer", to_c="reader", path="/out/report", content="confidential\n"
    )
    assert_file_visible(pod, from_c="reader", to_c="writer")


def test_the_group_may_do_what_the_umask_left_it(podshare):
    """A member may read the other's file and not write to it, and yet remove it."""
    pod = with_report(podshare.deploy("manifests/fsgroup.yaml"))

    written = pod["reader"].exec(["sh", "-c", "echo forged >> /in/report"])
    assert b"Permission denied" in written.stderr
    assert pod["reader"].exec(["rm", "-f", "/in/report"]).returncode == 0
    assert pod["writer"].exec(["test", "-e", "/out/report"]).returncode == 1


def test_users_without_the_volumes_group_do_not_share(twin):
    """The mutated twin: without fsGroup the file is there, and nobody else's to read."""
    pod = with_report(twin("fsgroup", lambda spec: spec["securityContext"].pop("fsGroup")))

    assert_permissions(pod, container="reader", path="/in/report", uid=1000, gid=1000, mode=0o640)
    with pytest.raises(AssertionError, match="Permission denied"):
        assert_file_visible(
            pod,
            from_c="writer",
            to_c="reader",
            path="/out/report",
            content="confidential\n",
            timeout=1,
        )


@pytest.mark.podshare_needs("image-volumes")
def test_the_files_of_an_image_are_a_volume_nobody_can_write_to(podshare):
    """Its programs run in the container of another image, which does not have them."""
    pod = podshare.deploy("manifests/image-volume.yaml")
    assert pod["nginx"].exec(["busybox"]).returncode == 127

    done = pod["nginx"].exec(["/tools/bin/busybox", "echo", "from another image"])

    assert (done.returncode, done.stdout) == (0, b"from another image\n")
    assert_read_only(pod, container="nginx", volume="tools")


@pytest.mark.podshare_needs("image-volumes")
def test_an_empty_volume_in_the_images_place_is_noticed(twin):
    """The mutated twin of the image volume."""
    pod = twin("image-volume", elsewhere("nginx"))

    assert pod["nginx"].exec(["/tools/bin/busybox", "true"]).returncode == 127
    with pytest.raises(AssertionError, match="volume 'elsewhere' is not read-only for 'nginx'"):
        assert_read_only(pod, container="nginx", volume="elsewhere")
