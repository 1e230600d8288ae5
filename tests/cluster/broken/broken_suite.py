"""Tests that fail, each on a broken manifest; test_broken.py runs them and compares the failures.

pytest does not collect this file by itself, since its name does not start with `test_`.
"""

import dataclasses

import pytest

from pytest_podshare import (
    assert_completes,
    assert_connectable,
    assert_file_visible,
    assert_log_contains,
    assert_lost_on_delete,
    assert_medium,
    assert_mount_propagated,
    assert_not_shared,
    assert_permissions,
    assert_read_only,
    assert_readable,
    assert_size_limited,
    assert_survives_restart,
    assert_update_not_visible,
    assert_update_visible,
)
from pytest_podshare.deadline import Deadline, poll
from pytest_podshare.kube.client import pod_path

pytestmark = pytest.mark.usefixtures("at_leisure")


@pytest.fixture
def broken(podshare):
    """Return a function that deploys a manifest of manifests/broken by its name."""
    return lambda name: podshare.deploy(f"manifests/broken/{name}.yaml")


# the slowest comes first: the kubelet checks sizes every 10 s, on figures up to 10 s old, and later
# on a busy machine
def test_evicted(broken):
    """The Pod is evicted while its report is awaited."""
    assert_file_visible(
        broken("evicted"), from_c="app", to_c="uploader", path="/work/report.txt", timeout=180
    )


def test_other_limit(broken):
    """The Pod is evicted before the volume is full."""
    assert_size_limited(broken("other-limit"), container="backend", volume="uploads", timeout=180)


def test_crash_loop(broken):
    """The report exists, but its reader keeps crashing."""
    # an older kubelet waits for ten seconds before the second restart, and for twenty after it
    assert_file_visible(
        broken("crash-loop"), from_c="app", to_c="uploader", path="/work/report.txt", timeout=90
    )


def test_ended(broken):
    """The report exists, but its reader has completed."""
    assert_file_visible(
        broken("ended"), from_c="app", to_c="uploader", path="/work/report.txt", timeout=60
    )


def test_restarted(broken):
    """The writer crashes, and does not write the report after its restart."""
    assert_file_visible(
        broken("restarted"), from_c="app", to_c="uploader", path="/work/report.txt", timeout=25
    )


def test_never_ends(broken):
    """A helper of the Job is no sidecar."""
    assert_completes(broken("never-ends"), timeout=15)


def test_suspended(broken):
    """The Job was suspended after its Pod had started."""
    pod = broken("never-ends")
    job = f"/apis/batch/v1/namespaces/{pod.namespace}/jobs/never-ends"
    pod.api.patch(job, {"spec": {"suspend": True}})
    assert_completes(pod, timeout=10)


def test_deadline_exceeded(broken):
    """The Job has failed."""
    assert_completes(broken("deadline-exceeded"), timeout=120)


def test_wrong_order(broken):
    """The spec alone shows it."""
    assert_file_visible(broken("wrong-order"), from_c="render", to_c="migrate")


def test_nothing_left(broken):
    """The init container writes outside of its volume."""
    assert_file_visible(broken("nothing-left"), from_c="install", to_c="app")


def test_several_writers(broken):
    """A sidecar may have written the same files."""
    assert_file_visible(broken("several-writers"), from_c="clone", to_c="web")


def test_init_ended(broken):
    """The reader cannot be inspected any more."""
    assert_file_visible(broken("init-ended"), from_c="prepare", to_c="migrate")


def test_not_mounted(broken):
    """The spec alone shows it."""
    assert_file_visible(broken("not-mounted"), from_c="web", to_c="shipper")


def test_not_mounted_by_name(broken):
    """The same, with the volume named."""
    assert_file_visible(broken("not-mounted"), from_c="web", to_c="shipper", volume="logs")


def test_different_volume(broken):
    """The spec alone shows it."""
    assert_file_visible(broken("different-volume"), from_c="exporter", to_c="uploader")


def test_different_subpath(broken):
    """The spec alone shows it."""
    assert_file_visible(broken("different-subpath"), from_c="generator", to_c="web")


def test_shadowed(broken):
    """The spec shows it as well, but only together with the file's path."""
    pod = broken("shadowed")
    assert_file_visible(pod, from_c="builder", to_c="web", path="/site/assets/app.css", timeout=2)


def test_shadowed_by_itself(broken):
    """The spec does not show it."""
    assert_file_visible(broken("shadowed-by-itself"), from_c="app", to_c="store", timeout=2)


def test_not_propagated(broken):
    """The reader does not receive what the writer mounts."""
    pod = broken("not-propagated")
    assert_mount_propagated(pod, from_c="mounter", to_c="app", timeout=2)


def test_not_propagated_after_restart(broken):
    """The reader still has what the writer mounted before its restart."""
    pod = broken("not-propagated")
    path = "/remote/bucket/object"
    assert_file_visible(pod, from_c="mounter", to_c="app", path=path)
    pod["mounter"].restart()
    assert_file_visible(pod, from_c="mounter", to_c="app", path=path, timeout=2)


def test_not_propagated_by_the_writer(broken):
    """The spec alone shows it."""
    assert_mount_propagated(broken("not-propagated"), from_c="app", to_c="mounter")


def test_read_only(broken):
    """The writer mounts the volume read-only."""
    assert_file_visible(broken("read-only"), from_c="generator", to_c="web", timeout=2)


def test_permission_denied_to_write(broken):
    """The folder belongs to another user."""
    pod = broken("permission-denied-to-write")
    assert_file_visible(pod, from_c="thumbnailer", to_c="web", timeout=2)


def test_permission_denied_to_read(broken):
    """The file belongs to another user."""
    pod = broken("permission-denied-to-read")
    assert_file_visible(pod, from_c="app", to_c="shipper", path="/var/log/app/app.log", timeout=2)


def test_not_readable(broken):
    """The same, without the writer."""
    pod = broken("permission-denied-to-read")
    assert_readable(pod, container="shipper", path="/logs/app.log", timeout=2)


def test_wrong_type(broken):
    """The path is that of the folder."""
    pod = broken("permission-denied-to-read")
    assert_readable(pod, container="shipper", path="/logs", timeout=2)


def test_dangling_symlink(broken):
    """The file to which the symlink leads was removed."""
    pod = broken("dangling-symlink")
    path = "/usr/share/nginx/html/latest.txt"
    assert_readable(pod, container="web", path=path, timeout=2)


def test_stale_socket(broken):
    """The server was killed, and its socket is still there."""
    pod = broken("stale-socket")
    assert_connectable(pod, container="app", socket="/run/redis/redis.sock", timeout=2)


def test_no_space(broken):
    """A tmpfs is full."""
    assert_file_visible(broken("no-space"), from_c="app", to_c="web", timeout=2)


def test_replaced(broken):
    """Another Pod, with another name, has replaced it."""
    pod = broken("replaced")
    delete_unnoticed(pod)
    assert_file_visible(pod, from_c="app", to_c="uploader", timeout=2)


def delete_unnoticed(pod):
    """Delete a Pod without its handle, and wait for the replacement, unless it is a bare Pod."""
    pod.api.delete(pod_path(pod.namespace, pod.name), gracePeriodSeconds=0)

    def uids():
        return [live["metadata"]["uid"] for live in pod.api.get(pod_path(pod.namespace))["items"]]

    expected = 0 if pod.manifest.is_bare else 1
    remaining = poll(
        uids,
        until=lambda uids: len(uids) == expected and pod.uid not in uids,
        deadline=Deadline(120),
        first=0.1,
    )
    assert len(remaining) == expected
    assert pod.uid not in remaining


def test_symlink(broken):
    """The target of the link is not in the volume."""
    pod = broken("symlink")
    path = "/site/current/index.html"
    assert_file_visible(pod, from_c="deployer", to_c="web", path=path, timeout=2)


def test_stale_file(broken):
    """The reader sees the file from before the rename."""
    pod = broken("stale-file")
    path = "/work/routes.conf"
    assert_file_visible(pod, from_c="controller", to_c="proxy", path=path, timeout=2)


def test_tool_missing(broken):
    """The reader cannot be inspected."""
    pod = broken("tool-missing")
    assert_file_visible(pod, from_c="app", to_c="scanner", path="/uploads/report.txt", timeout=2)


def test_never_updates(broken):
    """The kubelet does not update a subPath mount."""
    pod = broken("never-updates")
    assert_update_visible(pod, container="app", volume="features", timeout=2)


def test_never_written(broken):
    """The writer writes a file with another name."""
    pod = broken("never-written")
    assert_file_visible(pod, from_c="app", to_c="uploader", path="/work/report.txt", timeout=2)


def test_unknown(broken):
    """The file existed, and nothing shows what happened to it."""
    pod = broken("unknown")
    assert_file_visible(pod, from_c="app", to_c="uploader", path="/work/report.txt", timeout=2)


def test_removed(broken):
    """The file is gone after a restart, although the restart did not remove it."""
    assert_survives_restart(broken("unknown"), container="app")


def test_deleted(podshare):
    """The Pod was deleted, and is not replaced."""
    pod = podshare.deploy("manifests/sharevol.yaml")
    delete_unnoticed(pod)
    assert_file_visible(pod, from_c="c1", to_c="c2", timeout=2)


def test_no_answer(broken):
    """A command that does not finish says nothing about a file."""
    pod = broken("no-answer")
    for name in ("app", "uploader"):
        # opening a session may take longer than 10 s
        pod[name].open()
    timeouts = dataclasses.replace(pod.live.timeouts, exec=10)
    pod.live = dataclasses.replace(pod.live, timeouts=timeouts)
    assert_file_visible(pod, from_c="app", to_c="uploader", path="/work/report.txt", timeout=2)


def test_different_content(broken):
    """The application starts from scratch."""
    assert_survives_restart(broken("different-content"), container="queue", path="/queue/state")


def test_same_folder(broken):
    """Two volumes are the same folder of the node."""
    assert_not_shared(broken("same-folder"), from_c="tenant-a", to_c="tenant-b")


def test_not_read_only(broken):
    """A mount lacks readOnly."""
    assert_read_only(broken("not-read-only"), container="web", volume="site")


def test_different_medium(broken):
    """A volume lacks its medium."""
    pod = broken("different-medium")
    assert_medium(pod, container="app", volume="cache", medium="Memory", size="64Mi")


def test_not_limited(broken):
    """The tmpfs is larger than the limit."""
    assert_size_limited(broken("not-limited"), container="app", volume="cache")


def test_no_subpath(broken):
    """An update arrives that should not."""
    assert_update_not_visible(broken("no-subpath"), container="app", volume="settings")


def test_outlives_its_pod(broken):
    """The next Pod finds the old files."""
    assert_lost_on_delete(broken("outlives-its-pod"), volume="scratch")


def test_different_permissions(broken):
    """The Pod lacks its fsGroup."""
    pod = broken("different-permissions")
    assert_permissions(pod, container="uploader", path="/upload", gid=3000, mode=0o2777)


def test_log(broken):
    """The app is not as far as the expected line."""
    pod = broken("restarted")
    assert_log_contains(pod, container="app", text="report written", timeout=25)
