"""Tests of the runs that are killed: they create everything that a run can leave behind."""

import os

import pytest

from pytest_podshare import assert_file_visible, assert_survives_drain
from tests.support.stage_log import note

# an unused claim remains as well, but gets no volume
POD = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Mi}}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: storm-%s}
provisioner: podshare.dev/none
---
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  containers:
  - name: a
    image: busybox
    command: &sleep [sleep, "3600"]
    volumeMounts: &data [{name: data, mountPath: /d}]
  - {name: b, image: busybox, command: *sleep, volumeMounts: *data}
  volumes: [{name: data, %s}]
"""
CLAIM, EMPTY = "persistentVolumeClaim: {claimName: data}", "emptyDir: {}"


def test_a_file_is_seen(podshare):
    """Most runs run only this test."""
    pod = podshare.deploy(POD % (os.getpid(), EMPTY))

    assert_file_visible(pod, from_c="a", to_c="b")


@pytest.mark.skipif("STORM_DRAINS" not in os.environ, reason="only one run may drain at a time")
def test_a_drain_is_survived(podshare):
    """The node is cordoned during this test."""
    pod = podshare.deploy(POD % (os.getpid(), CLAIM))

    note("drain")
    assert_survives_drain(pod, volume="data")
