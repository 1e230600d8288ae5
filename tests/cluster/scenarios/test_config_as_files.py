"""ConfigMaps, Secrets and Pod fields as files in a container."""

import time

import pytest

from pytest_podshare import (
    assert_permissions,
    assert_read_only,
    assert_update_not_visible,
    assert_update_visible,
)
from pytest_podshare.deadline import Deadline, poll
from tests.support.kubelet_syncs import frequent_syncs

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


def test_every_entry_is_a_read_only_file_with_the_specified_mode(podshare):
    """In all four kinds of volume."""
    pod = podshare.deploy(MANIFEST)

    for path, content, mode in FILES:
        assert pod["app"].exec(["cat", path]).stdout == content
        assert_permissions(pod, container="app", path=path, uid=0, mode=mode)
    labels = pod["app"].exec(["cat", "/etc/podinfo/labels"]).stdout
    assert b'app="config-as-files"' in labels.splitlines()
    for volume in VOLUMES:
        assert_read_only(pod, container="app", volume=volume)


def test_every_volume_is_updated_but_not_through_a_sub_path(podshare):
    """All four kinds of volume are; the file that is mounted by subPath is not."""
    pod = podshare.deploy(MANIFEST)

    assert_update_visible(pod, container="app", volume="settings")
    assert_update_visible(pod, container="app", volume="podinfo")
    with frequent_syncs(pod):
        assert_update_visible(pod, container="app", volume="credentials")
        assert_update_visible(pod, container="app", volume="everything")
        assert_update_not_visible(pod, container="pinned", volume="settings")

    path = f"/api/v1/namespaces/{pod.namespace}/configmaps/settings"
    pod.api.patch(path, {"data": {"settings.conf": "color = red\n"}})
    files = pod["app"].volume("settings")
    with frequent_syncs(pod):
        # a container that starts earlier sees what the kubelet has written last
        seen = poll(
            lambda: files.read("settings.conf"),
            until=lambda seen: seen == b"color = red\n",
            deadline=Deadline(120),
        )
    assert seen == b"color = red\n"
    assert pod["pinned"].exec(["cat", "/etc/settings.conf"]).stdout == b"color = blue\n"
    pod["pinned"].restart()
    assert pod["pinned"].exec(["cat", "/etc/settings.conf"]).stdout == b"color = red\n"


def test_a_change_to_the_pod_itself_triggers_a_sync(podshare):
    """Three updates of the ConfigMap in a row arrive long before the kubelet's next sync."""
    pod = podshare.deploy(MANIFEST)
    namespace = f"/api/v1/namespaces/{pod.namespace}"

    def is_quick(value):
        pod.api.patch(f"{namespace}/configmaps/settings", {"data": {"settings.conf": value}})
        pod.api.patch(
            f"{namespace}/pods/{pod.name}", {"metadata": {"annotations": {"sync": value}}}
        )
        seen = poll(
            lambda: pod["app"].exec(["cat", "/etc/settings/settings.conf"]).stdout.decode(),
            until=lambda text: text == value,
            deadline=Deadline(5),
        )
        return seen == value

    # The kubelet may see the change to the Pod before that to the ConfigMap, or be busy, hence
    # several attempts. By itself it syncs every ten seconds, so it would not be quick twice.
    in_a_row, deadline = 0, Deadline(180)
    while in_a_row < 3 and not deadline.over:
        in_a_row = in_a_row + 1 if is_quick(str(time.monotonic())) else 0

    assert in_a_row == 3


def test_it_fails_on_another_mode(twin):
    """The mutated twin of the mode."""
    pod = twin(
        "config-as-files", lambda spec: spec["volumes"][1]["secret"].update(defaultMode=0o444)
    )

    with pytest.raises(AssertionError, match="does not have the expected permissions in 'app'"):
        assert_permissions(pod, container="app", path="/etc/credentials/password", mode=0o400)
