"""What a diagram says of a volume besides its name."""

import pytest

from pytest_podshare.diagrams.text_table import format_source
from pytest_podshare.diagrams.volume_facts import list_facts
from pytest_podshare.wiring.pod_spec import read_wiring

PROJECTED = {
    "sources": [
        {"serviceAccountToken": {"path": "token"}},
        {"configMap": {"name": "ca", "items": [{"key": "a", "path": "a"}]}},
        {"secret": {"name": "key"}},
        {"downwardAPI": None},
    ]
}
CSI = {"driver": "secrets-store.csi.k8s.io", "volumeAttributes": {"secretProviderClass": "vault"}}

SOURCES = {
    "an emptyDir": ({"emptyDir": {}}, ("emptyDir",)),
    "an emptyDir in memory": (
        {"emptyDir": {"medium": "Memory", "sizeLimit": "10Mi"}},
        ("emptyDir", "Memory 10Mi"),
    ),
    "a hostPath": (
        {"hostPath": {"path": "/var/log", "type": "Directory"}},
        ("hostPath", "/var/log"),
    ),
    "a ConfigMap": ({"configMap": {"name": "settings"}}, ("configMap", "settings")),
    "a claim": (
        {"persistentVolumeClaim": {"claimName": "data"}},
        ("persistentVolumeClaim", "data"),
    ),
    "a projected volume": (
        {"projected": PROJECTED},
        ("projected", "serviceAccountToken", "configMap ca", "secret key"),
    ),
    "a csi volume": ({"csi": CSI}, ("csi", "secrets-store.csi.k8s.io", "vault")),
    "a csi volume without a driver": ({"csi": {}}, ("csi",)),
    "an nfs volume": ({"nfs": {"server": "files", "path": "/data"}}, ("nfs", "files:/data")),
    "an image": ({"image": {"reference": "models:1"}}, ("image", "models:1")),
}


@pytest.mark.parametrize(("source", "facts"), SOURCES.values(), ids=SOURCES)
def test_a_volume_shows_what_is_behind_it(source, facts):
    """The kind is the first fact; in one line, the others are separated by commas."""
    (volume,) = read_wiring({"containers": [], "volumes": [{"name": "v", **source}]}).volumes

    assert list_facts(volume) == facts
    assert format_source(volume) == f"{facts[0]} {', '.join(facts[1:])}".strip()
