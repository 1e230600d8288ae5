"""Tests of what the Pod templates of one manifest promise each other."""

import contextlib
import json
from pathlib import Path

import pytest

from pytest_podshare import errors
from pytest_podshare.manifests import source
from pytest_podshare.wiring import expectations, shared_claims
from pytest_podshare.wiring.skeleton import build_skeleton, pin_to_node
from pytest_podshare.wiring.templates import find_templates

CLAIM = """\
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {accessModes: [ReadWriteOnce]}
"""
WRITER = """\
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - {name: c, volumeMounts: [{name: v, mountPath: /a}]}
  volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]
"""
READER = """\
---
apiVersion: v1
kind: Pod
metadata: {name: worker}
spec:
  initContainers:
    - {name: prepare, volumeMounts: [{name: w, mountPath: /b}]}
  containers:
    - {name: c, volumeMounts: [{name: w, mountPath: /b, readOnly: true}]}
  volumes: [{name: w, persistentVolumeClaim: {claimName: data}}]
"""
STATEFUL_SET = """\
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  template:
    spec:
      containers:
        - {name: c, volumeMounts: [{name: data, mountPath: /a}]}
  volumeClaimTemplates:
    - {metadata: {name: data}, spec: {}}
"""
READ_ONLY = ", readOnly: true"
VISIBLE = ["web: c→Pod/worker:c@v visible"]


def promises_of(*documents):
    """Return what the templates promise each other, with the name of the writer's Pod."""
    found = find_templates(source.read("".join(documents), origin="all.yaml"))
    templates = {str(template): template for template in found}
    return [
        f"{template.name}: {promise.id} {promise.outcome}"
        for template in found
        for promise in expectations.read_promises(
            template, shared_claims.list_options(template, templates)
        )
        if promise.to_template
    ]


def test_a_container_that_can_write_promises_files_to_the_other_pod():
    """The item has the writer's name of the volume; a reader promises nothing."""
    assert promises_of(CLAIM, WRITER, READER) == VISIBLE


def test_both_pods_promise_if_both_can_write():
    """Each direction has an item."""
    assert promises_of(CLAIM, WRITER, READER.replace(READ_ONLY, "")) == [
        *VISIBLE,
        "worker: c→Pod/web:c@w visible",
    ]


@pytest.mark.parametrize(
    ("documents", "why"),
    [
        ((CLAIM, WRITER.replace("/a}", "/a, readOnly: true}"), READER), "nobody can write"),
        ((CLAIM, WRITER, READER.replace("claimName: data", "claimName: spare")), "two claims"),
        ((CLAIM, WRITER, READER.replace("/b,", "/b, subPath: in,").replace("prepare", "p"),
          ), "the writer's folder contains the reader's"),
        ((CLAIM, WRITER.replace("/a}", "/a, subPath: out}"),
          READER.replace("/b,", "/b, subPath: in,")), "two folders"),
        ((CLAIM, WRITER.replace("/a}", "/a, subPathExpr: $(POD)}"), READER), "unknown folder"),
        ((CLAIM.replace("Once", "OncePod"), WRITER, READER), "only one Pod can use it"),
        ((CLAIM, WRITER.replace("name: web}", "name: web, namespace: a}"), READER),
         "two namespaces"),
        ((STATEFUL_SET, WRITER), "each replica has its own"),
        ((CLAIM, WRITER.replace("claimName: data", "claimName: data, readOnly: true"), READER),
         "the volume is read-only"),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else "",
)  # fmt: skip
def test_other_volumes_promise_nothing(documents, why):
    """Each differs in one point from the Pods that share a claim."""
    expected = VISIBLE if why == "the writer's folder contains the reader's" else []

    assert promises_of(*documents) == expected


def test_a_claim_that_the_manifest_lacks_is_shared_as_well():
    """Charts can use an existing claim."""
    assert promises_of(WRITER, READER) == VISIBLE


def expecting(text):
    """Return the writer with an annotation."""
    metadata = f"metadata: {{name: web, annotations: {{podshare.dev/expect: '{text}'}}}}"
    return WRITER.replace("metadata: {name: web}", metadata)


@pytest.mark.parametrize(
    ("annotation", "promises"),
    [
        ("c->Pod/worker:c@v: off", []),
        ("c→Pod/worker:c@v: apart", ["web: c→Pod/worker:c@v apart"]),
        ("c→Pod/worker:c@v: {timeout: 3}", VISIBLE),
    ],
)
def test_an_annotation_of_the_writer_changes_what_is_promised(annotation, promises):
    """The ID is the one of the item."""
    assert promises_of(CLAIM, expecting(annotation), READER) == promises


@pytest.mark.parametrize(
    ("key", "is_known"),
    [
        ("c→Pod/worker:c@v", True),
        ("c->Pod/worker:c@v", True),
        ("c→worker:c@v", False),
        ("c→Pod/worker@v", False),
    ],
)
def test_the_schema_and_the_plugin_agree(key, is_known):
    """An editor underlines exactly what the plugin rejects."""
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(Path("docs/expectations.schema.json").read_text())

    assert jsonschema.Draft202012Validator(schema).is_valid({key: "apart"}) == is_known
    with contextlib.nullcontext() if is_known else pytest.raises(errors.ManifestInvalid):
        promises_of(CLAIM, expecting(f"{key}: apart"), READER)


def test_what_replaces_the_pod_still_comes_last():
    """With and without an annotation."""
    for writer in (WRITER, expecting("c→Pod/worker:c@v: visible")):
        found = find_templates(source.read(CLAIM + writer + READER, origin="all.yaml"))
        templates = {str(template): template for template in found}
        options = shared_claims.list_options(found[0], templates)
        ids = [promise.id for promise in expectations.read_promises(found[0], options)]
        assert ids == ["restart@v[c]", "c→Pod/worker:c@v", "deleted@v"]


def test_a_skeleton_can_be_pinned_to_a_node():
    """The claims of skeletons are for one node; the original manifest stays as it is."""
    (template,) = find_templates(source.read(WRITER, origin="web.yaml"))
    skeleton = build_skeleton(template, "busybox")

    pinned = pin_to_node(skeleton, "node-1")

    (term,) = pinned.pod["spec"]["affinity"]["nodeAffinity"][
        "requiredDuringSchedulingIgnoredDuringExecution"
    ]["nodeSelectorTerms"]
    assert term["matchFields"][0]["values"] == ["node-1"]
    assert "affinity" not in skeleton.pod["spec"]
