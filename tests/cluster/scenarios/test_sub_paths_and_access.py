"""Parts of a volume, read-only readers, groups, and image volumes."""

import pytest

from pytest_podshare import (
    assert_file_visible,
    assert_not_shared,
    assert_permissions,
    assert_read_only,
    assert_writable,
)
from pytest_podshare.deadline import Deadline, poll
from tests.support.mutations import container_of, mount_elsewhere

CROSS_DEVICE = b"Invalid cross-device link"


def test_sub_paths_are_separate_parts_of_one_volume(podshare):
    """web and database see their own part only, and backup sees both."""
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
def test_a_link_between_two_mounts_of_one_volume_is_refused(podshare, source, target, is_refused):
    """So is a rename, which `mv` replaces by a copy that is not atomic."""
    pod = podshare.deploy("manifests/subpath.yaml")
    backup = pod["backup"]
    assert backup.exec(["touch", source]).returncode == 0

    done = backup.exec(["ln", source, target])

    assert (done.returncode != 0, CROSS_DEVICE in done.stderr) == (is_refused, is_refused)
    assert backup.exec(["stat", "-c", "%i", "/html/page"]).stdout == (
        backup.exec(["stat", "-c", "%i", "/backup/html/page"]).stdout
    )


def test_it_fails_if_both_mount_the_same_sub_path(twin):
    """The mutated twin: web and database mount the same folder."""

    def change(spec):
        container_of(spec, "database")["volumeMounts"][0]["subPath"] = "html"

    with pytest.raises(AssertionError, match="'database' sees what 'web' wrote"):
        assert_not_shared(twin("subpath", change), from_c="web", to_c="database")


def test_a_read_only_mount_can_be_read_but_not_written(podshare):
    """Not even by root."""
    pod = podshare.deploy("manifests/readonly-reader.yaml")

    assert_file_visible(pod, from_c="writer", to_c="reader")
    assert_read_only(pod, container="reader", volume="data")
    assert_writable(pod, container="writer", volume="data")


def test_it_fails_if_the_writer_is_read_only_and_the_reader_is_not(twin):
    """The mutated twin: readOnly is on the other mount."""

    def change(spec):
        del container_of(spec, "reader")["volumeMounts"][0]["readOnly"]
        container_of(spec, "writer")["volumeMounts"][0]["readOnly"] = True

    pod = twin("readonly-reader", change)

    with pytest.raises(AssertionError, match="volume 'data' is not read-only for 'reader'"):
        assert_read_only(pod, container="reader", volume="data")
    with pytest.raises(AssertionError, match="'writer' cannot write to volume 'data'"):
        assert_writable(pod, container="writer", volume="data")


def wait_for_report(pod):
    """Return the Pod once its writer has written its report, which it may do after it is ready."""
    exit_code = poll(
        lambda: pod["writer"].exec(["test", "-s", "/out/report"]).returncode,
        until=lambda code: code == 0,
        deadline=Deadline(30),
    )
    assert exit_code == 0
    return pod


def test_different_users_share_files_through_the_volumes_group(podshare):
    """The folder has the group and the setgid bit, so new files have the group as well."""
    pod = wait_for_report(podshare.deploy("manifests/fsgroup.yaml"))

    assert_permissions(pod, container="reader", path="/in", uid=0, gid=2000, mode=0o2777)
    assert_permissions(pod, container="reader", path="/in/report", uid=1000, gid=2000, mode=0o640)
    assert_file_visible(
        pod, from_c="writer", to_c="reader", path="/out/report", content="confidential\n"
    )
    assert_file_visible(pod, from_c="reader", to_c="writer")


def test_the_group_has_the_permissions_that_the_umask_leaves(podshare):
    """A member can read and remove another user's file, but not write to it."""
    pod = wait_for_report(podshare.deploy("manifests/fsgroup.yaml"))

    written = pod["reader"].exec(["sh", "-c", "echo forged >> /in/report"])
    assert b"Permission denied" in written.stderr
    assert pod["reader"].exec(["rm", "-f", "/in/report"]).returncode == 0
    assert pod["writer"].exec(["test", "-e", "/out/report"]).returncode == 1


def test_different_users_do_not_share_without_a_volume_group(twin):
    """The mutated twin: without fsGroup, the other user cannot read the file."""
    pod = wait_for_report(twin("fsgroup", lambda spec: spec["securityContext"].pop("fsGroup")))

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
def test_an_image_volume_is_read_only(podshare):
    """Its programs run in a container whose own image lacks them."""
    pod = podshare.deploy("manifests/image-volume.yaml")
    assert pod["nginx"].exec(["busybox"]).returncode == 127

    done = pod["nginx"].exec(["/tools/bin/busybox", "echo", "from another image"])

    assert (done.returncode, done.stdout) == (0, b"from another image\n")
    assert_read_only(pod, container="nginx", volume="tools")


@pytest.mark.podshare_needs("image-volumes")
def test_it_fails_on_an_empty_volume_instead_of_an_image(twin):
    """The mutated twin of the image volume."""
    pod = twin("image-volume", mount_elsewhere("nginx"))

    assert pod["nginx"].exec(["/tools/bin/busybox", "true"]).returncode == 127
    with pytest.raises(AssertionError, match="volume 'elsewhere' is not read-only for 'nginx'"):
        assert_read_only(pod, container="nginx", volume="elsewhere")
