"""Tests of what a wiring promises by default."""

import pytest

from pytest_podshare.wiring.expectations import read_promises
from tests.support.manifest_texts import TWO_CONTAINERS, promises_of, template_of


def test_two_containers_with_an_emptydir_promise_exchange_restarts_and_loss():
    """The loss comes last, because proving it deletes the Pod."""
    found = read_promises(template_of(TWO_CONTAINERS))

    assert [(p.id, p.outcome, p.assertion, dict(p.arguments)) for p in found] == [
        (
            "c1→c2@v",
            "visible",
            "assert_file_visible",
            {"from_c": "c1", "to_c": "c2", "volume": "v"},
        ),
        (
            "c2→c1@v",
            "visible",
            "assert_file_visible",
            {"from_c": "c2", "to_c": "c1", "volume": "v"},
        ),
        (
            "restart@v[c1]",
            "survives",
            "assert_survives_restart",
            {"container": "c1", "volume": "v"},
        ),
        (
            "restart@v[c2]",
            "survives",
            "assert_survives_restart",
            {"container": "c2", "volume": "v"},
        ),
        ("deleted@v", "lost", "assert_lost_on_delete", {"volume": "v"}),
    ]


@pytest.mark.parametrize(
    ("source", "promised"),
    [
        ("configMap: {name: c}", ["same@v same"]),
        ("secret: {secretName: s}", ["same@v same"]),
        ("projected: {sources: [{serviceAccountToken: {path: t}}]}", ["same@v same"]),
        (
            "image: {reference: tools}",
            ["same@v same", "read-only@v[c1] read-only", "read-only@v[c2] read-only"],
        ),
    ],
)
def test_two_containers_see_the_same_files_of_what_the_kubelet_fills(source, promised):
    """One item for all containers; nothing is promised to a single one, except by an image."""
    text = TWO_CONTAINERS.replace("emptyDir: {}", source)
    other = text.replace("name: v, mountPath: /b", "name: w, mountPath: /b")

    assert promises_of(text) == promised
    alone = [line for line in promised if line.startswith("read-only@v[c1]")]
    assert promises_of(other + "    - {name: w, emptyDir: {}}\n")[: len(alone)] == alone
    assert "same@v same" not in promises_of(other + "    - {name: w, emptyDir: {}}\n")


@pytest.mark.parametrize(
    ("sent", "received", "promised"),
    [
        ("Bidirectional", "HostToContainer", ["c1→c2"]),
        ("Bidirectional", "Bidirectional", ["c1→c2", "c2→c1"]),
        # an expectation can still demand it
        ("Bidirectional", "None", []),
        ("HostToContainer", "HostToContainer", []),
        ("None", "Bidirectional", []),
    ],
)
def test_a_container_that_receives_mounts_is_promised_those_of_another(sent, received, promised):
    """One must send, and the other receive."""
    text = TWO_CONTAINERS.replace("/a}", f"/a, mountPropagation: {sent}}}")
    text = text.replace("/b}", f"/b, mountPropagation: {received}}}")

    found = [line for line in promises_of(text) if line.startswith("propagated@")]

    assert found == [f"propagated@v[{pair}] propagated" for pair in promised]


def test_a_promise_has_the_position_of_the_readers_mount():
    """A broken promise points there."""
    found = {p.id: p.position.line for p in read_promises(template_of(TWO_CONTAINERS))}

    assert found["c1→c2@v"] == 12
    assert found["restart@v[c1]"] == 9
    assert found["deleted@v"] == 14


@pytest.mark.parametrize(
    ("old", "new", "missing"),
    [
        ("/a}", "/a, readOnly: true}", {"c1→c2@v", "restart@v[c1]"}),
        ("/a}", "/a, subPath: x.conf}", {"c1→c2@v", "c2→c1@v", "restart@v[c1]"}),
        ("emptyDir: {}", "persistentVolumeClaim: {claimName: d, readOnly: true}", "all"),
        ("emptyDir: {}", "configMap: {name: c}", "all"),
        ("emptyDir: {}", "hostPath: {path: /dev/log, type: Socket}", "all"),
        ("emptyDir: {}", "hostPath: {path: /var/run/docker.sock}", "all"),
        ("emptyDir: {}", "hostPath: {path: /proc}", "all"),
        ("emptyDir: {}", "csi: {driver: d, readOnly: true}", "all"),
        ("emptyDir: {}", "future: {}", {"deleted@v"}),
        (
            "  containers:",
            "  restartPolicy: Never\n  containers:",
            {"restart@v[c1]", "restart@v[c2]"},
        ),
        ("    - name: c1", "    - name: c1\n      restartPolicy: Never", {"restart@v[c1]"}),
        ("  containers:\n    - name: c1", "  initContainers:\n    - name: c1", "c1"),
    ],
)
def test_a_changed_pod_promises_less(old, new, missing):
    """Only what Kubernetes itself guarantees is promises_of."""
    assert old in TWO_CONTAINERS
    text = TWO_CONTAINERS.replace(old, new, 1)
    if missing == "c1":
        text = text.replace("    - name: c2", "  containers:\n    - name: c2", 1)
    before = {promise.id for promise in read_promises(template_of(TWO_CONTAINERS))}
    after = {promise.id for promise in read_promises(template_of(text))}

    if missing == "c1":
        assert after == {"c1→c2@v", "restart@v[c2]", "deleted@v"}
    else:
        assert before - after == (before if missing == "all" else missing)


@pytest.mark.parametrize(
    "source",
    ["hostPath:\n      path: /d", "persistentVolumeClaim:\n      claimName: d", "claimName: d"],
)
def test_a_field_beside_its_source_leaves_the_promises_of_an_empty_dir(source):
    """The API server drops it, so that what was written is lost with the Pod."""
    found = read_promises(template_of(TWO_CONTAINERS.replace("emptyDir: {}", source)))

    assert found == read_promises(template_of(TWO_CONTAINERS))


@pytest.mark.parametrize(
    ("old", "new", "more"),
    [
        ("/b}", "/b, readOnly: true}", ["read-only@v[c2] read-only"]),
        ("emptyDir: {}", "emptyDir: {medium: Memory}", ["medium@v Memory"]),
        ("emptyDir: {}", "persistentVolumeClaim: {claimName: d}", ["deleted@v survives"]),
        ("emptyDir: {}", "hostPath: {path: /d}", ["deleted@v survives"]),
        ("emptyDir: {}", "nfs: {server: s, path: /d}", ["deleted@v survives"]),
        ("emptyDir: {}", "iscsi: {targetPortal: t}", ["deleted@v survives"]),
        ("emptyDir: {}", "ephemeral: {volumeClaimTemplate: {spec: {}}}", []),
        ("emptyDir: {}", "csi: {driver: d}", []),
    ],
)
def test_a_changed_pod_promises_more(old, new, more):
    """For read-only mounts, memory, and volumes that outlive the Pod."""
    assert old in TWO_CONTAINERS
    before, after = promises_of(TWO_CONTAINERS), promises_of(TWO_CONTAINERS.replace(old, new, 1))

    assert [promise for promise in after if promise not in before] == more


def test_containers_with_different_sub_paths_promise_no_exchange():
    """They do not share a folder."""
    text = TWO_CONTAINERS.replace("/a}", "/a, subPath: in}").replace("/b}", "/b, subPath: out}")

    assert promises_of(text) == [
        "restart@v[c1] survives",
        "restart@v[c2] survives",
        "deleted@v lost",
    ]


def test_a_sidecar_promises_as_much_as_a_container():
    """It keeps running, and restarts whatever the Pod's restart policy."""
    text = TWO_CONTAINERS.replace(
        "  containers:\n    - name: c1", "  initContainers:\n    - name: c1"
    ).replace(
        "    - name: c2",
        "      restartPolicy: Always\n  restartPolicy: Never\n  containers:\n    - name: c2",
    )

    assert promises_of(text) == [
        "c1→c2@v visible",
        "c2→c1@v visible",
        "restart@v[c1] survives",
        "deleted@v lost",
    ]


def test_the_claims_of_a_statefulset_survive():
    """They are not among the Pod template's own volumes."""
    text = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  template:
    spec:
      containers:
        - name: db
          volumeMounts: [{name: data, mountPath: /data}]
  volumeClaimTemplates:
    - metadata: {name: data}
"""

    assert promises_of(text) == ["restart@data[db] survives", "deleted@data survives"]
