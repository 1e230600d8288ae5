"""Items for what the Pod templates of one manifest share, proved on a cluster."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

MANIFEST = Path("manifests/web-and-worker.yaml")
SHARED = MANIFEST.read_text()
ITEM = "web→Deployment/worker:worker@uploads"
APART = "{podshare.dev/expect: 'web→Deployment/worker:worker@uploads: apart'}"
# each Pod that is deployed leaves a line
COUNTED = """
import pathlib
from pytest_podshare.pods.deployer import Podshare

deploy = Podshare.deploy

def counted(self, manifest, **more):
    pod = deploy(self, manifest, **more)
    container = pod.wiring.containers[0].name
    with pathlib.Path(__file__).with_name("deployed").open("a") as file:
        file.write(f"{manifest.subject['kind']} {container} {self.namespace}\\n")
    return pod

Podshare.deploy = counted
"""
NIGHTLY = """\
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: nightly
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers:
            - name: clean
              image: registry.invalid/clean:1
              volumeMounts:
                - {name: files, mountPath: /files}
          volumes:
            - name: files
              persistentVolumeClaim: {claimName: uploads}
"""


@pytest.fixture
def run(podshare_cluster, tmp_path):
    """Return a function that runs pytest on a manifest: items with their outcomes, and lines."""

    def run_pytest(text, *args):
        (tmp_path / "all.yaml").write_text(text)
        (tmp_path / "counted.py").write_text(COUNTED)
        (tmp_path / "deployed").write_text("")
        subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-p", "no:pytest-kind", "-p", "counted"),
                *("-p", "no:cacheprovider", "--junit-xml=out.xml", "--podshare-manifests=all.yaml"),
                *args,
            ],
            cwd=tmp_path,
            env={**os.environ, "PODSHARE_CLUSTER_NAME": podshare_cluster.name},
            capture_output=True,
        )
        outcomes, texts = {}, {}
        for case in ET.parse(tmp_path / "out.xml").findall(".//testcase"):
            found = next((tag for tag in case if tag.tag in ("failure", "error", "skipped")), None)
            outcomes[case.get("name")] = "passed" if found is None else found.tag
            texts[case.get("name")] = "" if found is None else found.text or found.get("message")
        deployed = [line.split() for line in (tmp_path / "deployed").read_text().splitlines()]
        return outcomes, texts, deployed

    return run_pytest


@pytest.mark.parametrize("args", [(), ("--podshare-skeleton",)], ids=["applications", "skeleton"])
def test_what_two_templates_share_is_proved_on_their_pods(run, args):
    """Both Pods are in one namespace, and are deployed once for all items."""
    outcomes, texts, deployed = run(SHARED, *args)

    assert outcomes == dict.fromkeys(
        [
            "wiring",
            "restart@uploads[web]",
            ITEM,
            "deleted@uploads",
            "read-only@inbox[worker]",
        ],
        "passed",
    ), texts
    assert [line[:2] for line in deployed] == [["Deployment", "web"], ["Deployment", "worker"]]
    assert len({namespace for _, _, namespace in deployed}) == 1


def test_a_pod_that_hides_the_claim_fails_the_item_of_the_other(run):
    """The wiring is right, but the application mounts something over it."""
    hides = SHARED.replace(
        'command: [sh, -c, "while :; do sleep 1; done"]\n'
        "          volumeMounts:\n            - name: inbox",
        'command: [sh, -c, "mount -t tmpfs t /inbox; while :; do sleep 1; done"]\n'
        "          securityContext: {privileged: true}\n"
        "          volumeMounts:\n            - name: inbox",
    )
    assert hides != SHARED

    outcomes, texts, _ = run(hides, f"all.yaml::Deployment/web::{ITEM}")

    assert outcomes == {ITEM: "failure"}, texts
    assert "shadowed: in worker-" in texts[ITEM]
    assert "does not see what 'web-" in texts[ITEM]


@pytest.mark.parametrize(("sub_path", "outcome"), [("other", "passed"), ("", "failure")])
def test_an_annotation_can_promise_that_two_pods_are_apart(run, sub_path, outcome):
    """Templates with one folder are not apart."""
    text = SHARED.replace("  name: web\n", f"  name: web\n  annotations: {APART}\n", 1)
    if sub_path:
        # the whole volume would contain the folder of the other
        for path, folder in (("/srv/uploads", "own"), ("/inbox", sub_path)):
            mount = f"mountPath: {path}\n"
            text = text.replace(mount, f"{mount}              subPath: {folder}\n")

    outcomes, texts, _ = run(text, f"all.yaml::Deployment/web::{ITEM}", "--podshare-skeleton")

    assert outcomes == {ITEM: outcome}, texts
    if not sub_path:
        assert "same folder: volume 'uploads' of web-" in texts[ITEM]


def test_a_template_that_creates_no_pod_by_itself_shares_as_well(run):
    """A CronJob is tested as a bare Pod, whose private image a skeleton replaces."""
    items = [
        f"Deployment/web::{ITEM}",
        "Deployment/web::web→CronJob/nightly:clean@uploads",
        "CronJob/nightly::clean→Deployment/web:web@files",
        "CronJob/nightly::clean→Deployment/worker:worker@files",
    ]
    outcomes, texts, deployed = run(
        SHARED + NIGHTLY, *(f"all.yaml::{item}" for item in items), "--podshare-skeleton"
    )

    assert outcomes == {item.partition("::")[2]: "passed" for item in items}, texts
    assert len(deployed) == 3


def test_a_template_that_cannot_run_fails_the_items_of_both(run):
    """Its own items have the same error, and the Pod is not deployed again."""
    item = "web→CronJob/nightly:clean@uploads"
    outcomes, texts, deployed = run(
        SHARED + NIGHTLY,
        *(f"all.yaml::Deployment/web::{name}" for name in (item, "deleted@uploads")),
        "all.yaml::CronJob/nightly::deleted@files",
    )

    assert outcomes[item] == "error"
    assert "registry.invalid/clean:1" in texts[item]
    assert outcomes["deleted@uploads"] == "passed"
    assert outcomes["deleted@files"] == "error"
    assert len(deployed) == 1
