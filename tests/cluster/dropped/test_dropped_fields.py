"""A manifest with a field that the API server would drop is refused before anything starts.

`PODSHARE_GOLDEN=write` rewrites the golden texts.
"""

from pathlib import Path

import pytest

from pytest_podshare import errors
from pytest_podshare.kube.client import pod_path
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.skeleton import build_skeleton
from pytest_podshare.wiring.templates import find_templates
from tests.support import golden_texts

GOLDEN = Path(__file__).parent.resolve() / "golden"
POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: data
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - name: app
      image: busybox
      command: [sh, -c, "while :; do sleep 1; done"]
      volumeMounts:
        - name: data
          mountPath: /data
"""
EMPTY_DIR = """\
  volumes:
    - name: data
      emptyDir: {}
"""
HOST_PATH = """\
  volumes:
    - name: data
      hostPath:
        path: /tmp/podshare-dropped
        type: DirectoryOrCreate
"""
CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: data
spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: 16Mi
---
"""
CLAIMED = """\
  volumes:
    - name: data
      persistentVolumeClaim:
        claimName: data
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: data
spec:
  selector:
    matchLabels: {app: data}
  template:
    metadata:
      labels: {app: data}
"""


def in_deployment(pod):
    """Return a Deployment with the spec of a Pod."""
    spec = pod.split("spec:\n")[1]
    return DEPLOYMENT + "    spec:\n" + "".join(f"    {line}\n" for line in spec.splitlines())


# by golden text: the corrected twin, and what is wrong instead of what
FAULTS = {
    "claim-not-indented": (CLAIM + in_deployment(POD + CLAIMED), "    claimName", "  claimName"),
    "host-path-not-indented": (
        POD + HOST_PATH,
        "        path: /tmp/podshare-dropped\n        type",
        "      path: /tmp/podshare-dropped\n      type",
    ),
    "source-misspelt": (POD + HOST_PATH, "hostPath", "hostpath"),
    "source-null": (POD + HOST_PATH, HOST_PATH.partition("hostPath:")[2], "\n"),
    "read-only-root-of-the-pod": (
        POD + "      securityContext:\n        readOnlyRootFilesystem: true\n" + EMPTY_DIR,
        "      securityContext:\n        readOnlyRootFilesystem",
        "  securityContext:\n    readOnlyRootFilesystem",
    ),
    "probe-misspelt": (
        POD + "      readinessProbe:\n        exec: {command: ['true']}\n" + EMPTY_DIR,
        "readinessProbe",
        "readynessProbe",
    ),
    "config-map-data": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  a: b\n---\n"
        + POD
        + EMPTY_DIR,
        "\ndata:",
        "\ncontent:",
    ),
    "many-fields": (
        POD + EMPTY_DIR + "  restartPolicy: Always\n",
        "  restartPolicy: Always\n",
        "".join(f"  field{number}: true\n" for number in range(9)),
    ),
}


def pods(podshare):
    """Return the names of the Pods in the namespace."""
    found = podshare.cluster.api.get(pod_path(podshare.namespace), **podshare.objects.selector)
    return [pod["metadata"]["name"] for pod in found["items"]]


@pytest.fixture
def in_folder(tmp_path, monkeypatch):
    """Return a function that writes a manifest to the working directory."""
    monkeypatch.chdir(tmp_path)

    def write(text, name="manifest"):
        path = Path(f"{name}.yaml")
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize("name", FAULTS)
def test_a_field_that_the_api_server_would_drop_is_refused(podshare, in_folder, name):
    """With the line of the field, and where it belongs if that shows; no Pod starts."""
    right, *replacement = FAULTS[name]

    with pytest.raises(errors.FieldDropped) as caught:
        podshare.deploy(in_folder(right.replace(*replacement)))

    assert pods(podshare) == []
    assert caught.value.at.startswith("manifest.yaml:")
    assert len(str(caught.value).splitlines()) <= 12
    golden_texts.assert_golden(GOLDEN / f"{name}.txt", golden_texts.describe(caught.value))


@pytest.mark.parametrize("name", FAULTS)
def test_the_corrected_twin_is_deployed(podshare, in_folder, name):
    """As it is written: the volume has the source that the manifest names."""
    pod = podshare.deploy(in_folder(FAULTS[name][0]))

    live = next(volume for volume in pod.live.spec["volumes"] if volume["name"] == "data")
    kind = next(key for key in live if key != "name")
    assert f"      {kind}:" in FAULTS[name][0]
    assert podshare.objects.take_warnings() == []


@pytest.mark.parametrize("name", ["claim-not-indented", "source-null", "probe-misspelt"])
def test_a_skeleton_of_such_a_manifest_is_refused_too(podshare, in_folder, name):
    """Also if the skeleton itself does not have the field."""
    right, *replacement = FAULTS[name]

    def skeleton(text):
        (template,) = find_templates(read(in_folder(text)))
        return build_skeleton(template, "busybox")

    with pytest.raises(errors.FieldDropped) as caught:
        podshare.deploy(skeleton(right.replace(*replacement)))
    assert pods(podshare) == []
    podshare.deploy(skeleton(right))

    golden_texts.assert_golden(GOLDEN / f"{name}.txt", golden_texts.describe(caught.value))


def test_the_pod_template_of_a_custom_resource_is_checked_as_a_pod(podshare, in_folder):
    """The API server need not know the kind."""
    text = in_deployment(POD + CLAIMED).replace("kind: Deployment", "kind: Rollout")
    text = text.replace("apps/v1", "example.com/v1")

    def skeleton(text):
        source = read(in_folder(CLAIM + text))
        (template,) = find_templates(source, {"Rollout": "spec.template"})
        return build_skeleton(template, "busybox")

    with pytest.raises(errors.FieldDropped, match=r"manifest\.yaml:\d+: .* claimName|claimName"):
        podshare.deploy(skeleton(text.replace("    claimName", "  claimName")))
    assert podshare.deploy(skeleton(text)).wiring.volume("data").kind == "persistentVolumeClaim"


def test_of_several_manifests_none_starts(podshare, in_folder):
    """If the last has such a field."""
    first = in_folder(POD + EMPTY_DIR, "first")
    last = (POD + CLAIMED).replace("name: data", "name: last", 1)

    with pytest.raises(errors.FieldDropped, match=r"last\.yaml:17: "):
        podshare.deploy_all(
            [first, in_folder(last.replace("    claimName", "  claimName"), "last")]
        )

    assert pods(podshare) == []


def test_a_volume_without_a_source_is_an_empty_dir_with_a_warning(podshare, in_folder):
    """A null emptyDir is one that is meant, so it has none."""
    bare = EMPTY_DIR.replace("      emptyDir: {}\n", "")

    pod = podshare.deploy(in_folder(POD + bare))
    warnings = podshare.objects.take_warnings()

    assert pod.live.spec["volumes"][0] == {"name": "data", "emptyDir": {}}
    assert len(warnings) == 1
    assert warnings[0].startswith("manifest.yaml:15: volume 'data' of Pod data has no source")
    named = (POD + EMPTY_DIR.replace(" {}", "")).replace("name: data", "name: named", 1)
    podshare.deploy(in_folder(named))
    assert podshare.objects.take_warnings() == []


def test_a_dict_has_no_lines(podshare):
    """The path of the field is in the error."""
    volume = {"name": "data", "emptyDir": {}, "medium": "Memory"}
    container = {"name": "app", "image": "busybox"}
    spec = {"containers": [container], "volumes": [volume]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}

    with pytest.raises(errors.FieldDropped) as caught:
        podshare.deploy(pod)

    what, remedy = str(caught.value).splitlines()
    assert what.startswith("<dict>: the API server does not know spec.volumes[0].medium of Pod p")
    assert remedy == "Indent medium below emptyDir, which is empty: that is where it belongs."
    assert caught.value.at == ""
