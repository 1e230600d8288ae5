"""ConfigMaps, Secrets and Pod fields as files in a container."""

import contextlib
import time

import pytest

from pytest_podshare import (
    assert_permissions,
    assert_read_only,
    assert_update_not_visible,
    assert_update_visible,
    errors,
)
from pytest_podshare.deadline import Deadline, poll
from tests.support.background import again_and_again

MANIFEST = "manifests/config-as-files.yaml"
VOLUMES = ("settings", "credentials", "podinfo", "everything")
FILES = [
    ("/etc/settings/settings.conf", b"color = blue\n", 0o644),
    ("/etc/credentials/password", b"open sesame", 0o400),
    ("/etc/podinfo/greeting", b"hello", 0o644),
    ("/etc/everything/settings.conf", b"color = blue\n", 0o440),
    ("/etc/everything/secret/password", b"open sesame", 0o440),
    ("/etc/everything/name", b"config-as-files", 0o440),
]


def test_every_entry_is_a_file_of_its_mode_that_nobody_can_write(podshare):
    """Content, mode and read-only, of all four sorts of volume."""
    pod = podshare.deploy(MANIFEST)

    for path, content, mode in FILES:
        assert pod["app"].exec(["cat", path]).stdout == content
        assert_permissions(pod, container="app", path=path, uid=0, mode=mode)
    labels = pod["app"].exec(["cat", "/etc/podinfo/labels"]).stdout
    assert b'app="config-as-files"' in labels.splitlines()
    for volume in VOLUMES:
        assert_read_only(pod, container="app", volume=volume)


def hurried(pod):
    """The kubelet looks at a Pod at once when it changes, and else once in ten seconds."""

    def change_it():
        changes = {"metadata": {"annotations": {"hurry": str(time.monotonic())}}}
        # one that is lost is followed by the next
        with contextlib.suppress(errors.ClusterError):
            pod.api.patch(f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}", changes)

    return again_and_again(change_it, every=0.5)


def test_updates_arrive_but_not_through_a_subpath(podshare):
    """All four sorts of volume follow a change; the file that is mounted alone does not."""
    pod = podshare.deploy(MANIFEST)

    assert_update_visible(pod, container="app", volume="settings")
    assert_update_visible(pod, container="app", volume="podinfo")
    with hurried(pod):
        assert_update_visible(pod, container="app", volume="credentials")
        assert_update_visible(pod, container="app", volume="everything")
        assert_update_not_visible(pod, container="pinned", volume="settings")

    assert pod["pinned"].exec(["cat", "/etc/settings.conf"]).stdout == b"color = blue\n"
    pod["pinned"].restart()
    assert pod["pinned"].exec(["cat", "/etc/settings.conf"]).stdout.startswith(b"podshare-")


def test_a_change_of_the_pod_itself_hurries_the_kubelet(podshare):
    """Three changes of the ConfigMap in a row arrive long before the kubelet would look."""
    pod = podshare.deploy(MANIFEST)
    namespace = f"/api/v1/namespaces/{pod.namespace}"

    def is_quick(value):
        pod.api.patch(f"{namespace}/configmaps/settings", {"data": {"settings.conf": value}})
        pod.api.patch(
            f"{namespace}/pods/{pod.name}", {"metadata": {"annotations": {"hurry": value}}}
        )
        seen = poll(
            lambda: pod["app"].exec(["cat", "/etc/settings/settings.conf"]).stdout.decode(),
            until=lambda it: it == value,
            deadline=Deadline(5),
        )
        return seen == value

    # The kubelet may see the Pod's change before the ConfigMap's, or be busy: so there are several
    # tries. By itself it looks ten seconds after its last look, which never makes two in a row.
    in_a_row, deadline = 0, Deadline(180)
    while in_a_row < 3 and not deadline.over:
        in_a_row = in_a_row + 1 if is_quick(str(time.monotonic())) else 0

    assert in_a_row == 3


def test_another_mode_is_noticed(twin):
    """The mutated twin of the mode."""
    pod = twin(
        "config-as-files", lambda spec: spec["volumes"][1]["secret"].update(defaultMode=0o444)
    )

    with pytest.raises(AssertionError, match="does not have the permissions that 'app' should see"):
        assert_permissions(pod, container="app", path="/etc/credentials/password", mode=0o400)
