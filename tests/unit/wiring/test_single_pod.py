"""Tests of extracting one Pod template from a manifest."""

from pytest_podshare.manifests import source
from pytest_podshare.wiring import templates
from pytest_podshare.wiring.single_pod import extract_manifest
from tests.support.manifest_texts import one_container, template_of


def test_an_extracted_template_comes_with_the_objects_that_create_no_pods():
    """The other workloads of the manifest are left out."""
    more = """\
---
{apiVersion: v1, kind: Service, metadata: {name: p}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: j}
spec: {template: {spec: {containers: [{name: c}]}}}
---
{apiVersion: example.com/v1, kind: Job, metadata: {name: theirs}}
"""
    first, second = templates.find_templates(source.read(one_container(more=more)))

    first_alone, second_alone = extract_manifest(first), extract_manifest(second)

    assert first_alone.subject is first.subject
    assert [document["metadata"]["name"] for document in first_alone.others] == ["p", "theirs"]
    assert second_alone.subject is second.subject
    assert [document["metadata"]["name"] for document in second_alone.others] == ["p", "theirs"]


def test_a_cronjob_becomes_a_bare_pod():
    """The test does not wait for its schedule."""
    text = """\
apiVersion: batch/v1
kind: CronJob
metadata: {generateName: nightly-}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        metadata: {labels: {app: nightly}}
        spec: {restartPolicy: Never, containers: [{name: c, image: i}]}
"""
    template = template_of(text)

    manifest = extract_manifest(template)

    assert manifest.is_bare
    assert manifest.subject["metadata"] == {
        "labels": {"app": "nightly"},
        "generateName": "nightly-",
    }
    assert manifest.subject["spec"] == template.pod["spec"]
