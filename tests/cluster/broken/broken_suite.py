"""Failing tests, each on a broken manifest of its own; test_broken.py runs them.

pytest does not collect this file by itself, since its name does not start with `test_`.
"""

import dataclasses

import pytest

from pytest_podshare import (
    assert_file_visible,
    assert_log_contains,
    assert_lost_on_delete,
    assert_medium,
    assert_not_shared,
    assert_permissions,
    assert_read_only,
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


# the slowest test comes first: the kubelet checks sizes that are up to 10 s old every 10 s, and
# less often on a busy machine
def test_evicted(broken):
    """The Pod is evicted while the test waits for its report."""
    assert_file_visible(
        broken("evicted"), from_c="app", to_c="uploader", path="/work/report.txt", timeout=180
    )


def test_crash_loop(broken):
    """The report exists, and its reader keeps crashing."""
    # an older kubelet waits ten seconds before the second restart, and twenty before the third
    assert_file_visible(
        broken("crash-loop"), from_c="app", to_c="uploader", path="/work/report.txt", timeout=90
    )


def test_ended(broken):
    """The report exists, and its reader has exited with code 0."""
    assert_file_visible(
        broken("ended"), from_c="app", to_c="uploader", path="/work/report.txt", timeout=60
    )


def test_restarted(broken):
    """The writer crashes, and does not write the report after its restart."""
    assert_file_visible(
        broken("restarted"), from_c="app", to_c="uploader", path="/work/report.txt", timeout=25
    )


def test_not_mounted(broken):
    """The spec shows it."""
    assert_file_visible(broken("not-mounted"), from_c="web", to_c="shipper")


def test_not_mounted_by_name(broken):
    """The test names the volume."""
    assert_file_visible(broken("not-mounted"), from_c="web", to_c="shipper", volume="logs")


def test_another_volume(broken):
    """The spec shows it."""
    assert_file_visible(broken("another-volume"), from_c="exporter", to_c="uploader")


def test_different_subpath(broken):
    """The spec shows it."""
    assert_file_visible(broken("different-subpath"), from_c="generator", to_c="web")


def test_shadowed(broken):
    """The spec shows it, but only the search for the file fails."""
    pod = broken("shadowed")
    assert_file_visible(pod, from_c="builder", to_c="web", path="/site/assets/app.css", timeout=2)


def test_shadowed_by_itself(broken):
    """The spec does not show it."""
    assert_file_visible(broken("shadowed-by-itself"), from_c="app", to_c="store", timeout=2)


def test_read_only(broken):
    """The writer's mount is read-only."""
    assert_file_visible(broken("read-only"), from_c="generator", to_c="web", timeout=2)


def test_permission_denied_to_write(broken):
    """The folder has another owner."""
    pod = broken("permission-denied-to-write")
    assert_file_visible(pod, from_c="thumbnailer", to_c="web", timeout=2)


def test_permission_denied_to_read(broken):
    """The file has another owner."""
    pod = broken("permission-denied-to-read")
    assert_file_visible(pod, from_c="app", to_c="shipper", path="/var/log/app/app.log", timeout=2)


def test_no_space(broken):
    """The tmpfs is full."""
    assert_file_visible(broken("no-space"), from_c="app", to_c="web", timeout=2)


def test_replaced(broken):
    """A Pod with another name replaces the Pod."""
    pod = broken("replaced")
    delete_behind_the_plugin(pod)
    assert_file_visible(pod, from_c="app", to_c="uploader", timeout=2)


def delete_behind_the_plugin(pod):
    """Delete a Pod without the plugin, and wait for its replacement if it gets one."""
    pod.api.delete(pod_path(pod.namespace, pod.name), gracePeriodSeconds=0)

    def uids():
        return [item["metadata"]["uid"] for item in pod.api.get(pod_path(pod.namespace))["items"]]

    expected = 0 if pod.manifest.is_bare else 1
    remaining = poll(
        uids,
        until=lambda found: len(found) == expected and pod.uid not in found,
        deadline=Deadline(120),
        first=0.1,
    )
    assert len(remaining) == expected
    assert pod.uid not in remaining


def test_symlink(broken):
    """The target of the symlink is outside the volume."""
    pod = broken("symlink")
    path = "/site/current/index.html"
    assert_file_visible(pod, from_c="deployer", to_c="web", path=path, timeout=2)


def test_stale_file(broken):
    """The reader has the file from before the rename."""
    pod = broken("stale-file")
    path = "/work/routes.conf"
    assert_file_visible(pod, from_c="controller", to_c="proxy", path=path, timeout=2)


def test_tool_missing(broken):
    """The reader has no tool to read the file."""
    pod = broken("tool-missing")
    assert_file_visible(pod, from_c="app", to_c="scanner", path="/uploads/report.txt", timeout=2)


def test_never_updates(broken):
    """The kubelet does not update a subPath."""
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
    """A file is gone after a restart, which did not remove it."""
    assert_survives_restart(broken("unknown"), container="app")


def test_deleted(podshare):
    """The Pod is deleted and not replaced."""
    pod = podshare.deploy("manifests/sharevol.yaml")
    delete_behind_the_plugin(pod)
    assert_file_visible(pod, from_c="c1", to_c="c2", timeout=2)


def test_no_answer(broken):
    """A command that does not finish says nothing about a file."""
    pod = broken("no-answer")
    for name in ("app", "uploader"):
        # opening a session may take as long as the timeout below
        pod[name].open()
    timeouts = dataclasses.replace(pod.live.timeouts, exec=10)
    pod.live = dataclasses.replace(pod.live, timeouts=timeouts)
    assert_file_visible(pod, from_c="app", to_c="uploader", path="/work/report.txt", timeout=2)


def test_another_content(broken):
    """The application overwrites its state when it starts."""
    assert_survives_restart(broken("another-content"), container="queue", path="/queue/state")


def test_same_folder(broken):
    """Two volumes are the same folder on the node."""
    assert_not_shared(broken("same-folder"), from_c="tenant-a", to_c="tenant-b")


def test_not_read_only(broken):
    """A mount lacks readOnly."""
    assert_read_only(broken("not-read-only"), container="web", volume="site")


def test_another_medium(broken):
    """A volume lacks its medium."""
    pod = broken("another-medium")
    assert_medium(pod, container="app", volume="cache", medium="Memory", size="64Mi")


def test_not_limited(broken):
    """The file system is larger than the limit."""
    assert_size_limited(broken("not-limited"), container="app", volume="cache")


def test_no_subpath(broken):
    """A change arrives that should not."""
    assert_update_not_visible(broken("no-subpath"), container="app", volume="settings")


def test_outlives_its_pod(broken):
    """The next Pod finds a file of this one."""
    assert_lost_on_delete(broken("outlives-its-pod"), volume="scratch")


def test_other_permissions(broken):
    """The Pod lacks its fsGroup."""
    pod = broken("other-permissions")
    assert_permissions(pod, container="uploader", path="/upload", gid=3000, mode=0o2777)


def test_log(broken):
    """The application never reaches the line that prints it."""
    pod = broken("restarted")
    assert_log_contains(pod, container="app", text="report written", timeout=25)
