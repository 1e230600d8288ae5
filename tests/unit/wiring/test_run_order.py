"""Tests of the order in which containers run."""

import itertools

import pytest

from pytest_podshare.wiring.expectations import read_promises
from pytest_podshare.wiring.run_order import list_init_writers, runs_before_or_beside
from tests.support.manifest_texts import template_of

TEXT = """\
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  initContainers:
    - name: early
      restartPolicy: Always
      volumeMounts: [{name: v, mountPath: /v}]
    - name: first
      volumeMounts: [{name: v, mountPath: /v}]
    - name: second
      volumeMounts: [{name: v, mountPath: /v, readOnly: true}]
    - name: late
      restartPolicy: Always
      volumeMounts: [{name: v, mountPath: /v}]
  containers:
    - name: app
      volumeMounts: [{name: v, mountPath: /v}]
    - name: web
      volumeMounts: [{name: v, mountPath: /v}]
  volumes:
    - name: v
      emptyDir: {}
"""
NAMES = ("early", "first", "second", "late", "app", "web")
# an init container sees the init containers and sidecars before it, and nobody else
UNSEEN = {
    *(("second", "first"), ("late", "first"), ("app", "first"), ("web", "first")),
    *(("late", "second"), ("app", "second"), ("web", "second")),
}


@pytest.mark.parametrize(("writer", "reader"), list(itertools.permutations(NAMES, 2)))
def test_a_reader_sees_who_runs_before_or_beside_it(writer, reader):
    """Everybody but an init container sees all the others."""
    wiring = template_of(TEXT).wiring

    seen = runs_before_or_beside(wiring, wiring.container(writer), wiring.container(reader))

    assert seen == ((writer, reader) not in UNSEEN)


def test_no_container_is_its_own_reader():
    """A pair has two containers."""
    wiring = template_of(TEXT).wiring
    first = wiring.container("first")

    assert not runs_before_or_beside(wiring, first, first)


def test_every_pair_that_can_meet_is_promised():
    """Of those whose writer can write."""
    found = {promise.id for promise in read_promises(template_of(TEXT)) if "→" in promise.id}

    assert found == {
        f"{writer}→{reader}@v"
        for writer, reader in itertools.permutations(NAMES, 2)
        if (writer, reader) not in UNSEEN and writer != "second"
    }


def test_an_init_container_with_a_read_only_mount_leaves_nothing():
    """The others do, and containers are not init containers."""
    wiring = template_of(TEXT).wiring

    assert [container.name for container in list_init_writers(wiring, "v")] == ["first"]


@pytest.mark.parametrize(
    ("old", "new", "promised"),
    [
        ("", "", True),
        ("/work}", "/work, subPath: other}", False),
        ("/work}", "/work, readOnly: true}", False),
        ("emptyDir: {}", "hostPath: {path: /dev/x, type: Socket}", False),
        ("subPath: app.conf", "subPath: conf.d", True),
    ],
)
def test_an_init_container_can_create_the_single_file_that_a_container_mounts(old, new, promised):
    """A running container cannot, since the file must be there before its reader starts."""
    text = """\
apiVersion: v1
kind: Pod
metadata: {name: p}
spec:
  initContainers:
    - name: render
      volumeMounts: [{name: v, mountPath: /work}]
  containers:
    - name: app
      volumeMounts: [{name: v, mountPath: /etc/app.conf, subPath: app.conf, readOnly: true}]
  volumes:
    - name: v
      emptyDir: {}
"""
    assert old in text
    ids = [promise.id for promise in read_promises(template_of(text.replace(old, new, 1)))]

    assert ("render→app@v" in ids) == promised
    assert ("restart@v[app]" in ids) == promised


def test_what_init_containers_left_is_lost_with_the_pod_and_survives_its_readers():
    """Although no running container can write to the volume."""
    mount = "\n      volumeMounts: [{name: v, mountPath: /v}]"
    text = TEXT
    for name in ("early", "late"):
        text = text.replace(
            f"- name: {name}\n      restartPolicy: Always{mount}", f"- name: {name}"
        )
    text = text.replace(f"- name: web{mount}", "- name: web")
    text = text.replace(f"app{mount}", f"app{mount.replace('/v}', '/v, readOnly: true}')}")
    found = {promise.id: promise.outcome for promise in read_promises(template_of(text))}

    assert found["restart@v[app]"] == "survives"
    assert found["deleted@v"] == "lost"
    assert "restart@v[web]" not in found


def test_a_default_promise_is_told_from_one_that_a_manifest_asks_for():
    """Only the former may be skipped if the application wrote nothing."""
    asked = TEXT.replace(
        "metadata: {name: p}",
        'metadata: {name: p, annotations: {podshare.dev/expect: "first->app@v: visible"}}',
    )
    default = {promise.id: promise.is_default for promise in read_promises(template_of(TEXT))}
    changed = {promise.id: promise.is_default for promise in read_promises(template_of(asked))}

    assert default["first→app@v"]
    assert not changed["first→app@v"]
    assert changed["first→web@v"]
