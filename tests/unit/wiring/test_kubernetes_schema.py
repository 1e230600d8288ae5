"""The known fields of Kubernetes are complete, and agree with the tables of the model."""

from pathlib import Path

import pytest

from pytest_podshare.wiring import kubernetes_schema, pod_spec
from pytest_podshare.wiring.lifetime import LIFETIMES
from pytest_podshare.wiring.workloads import WORKLOADS

SCHEMA = kubernetes_schema.load()


def test_every_kind_of_workload_has_its_pod_template():
    """Its path leads to a Pod's spec, through types that exist."""
    for kind, workload in WORKLOADS.items():
        steps = [*filter(None, workload.template.split(".")), "spec"]
        type_ = kind
        for step in steps:
            type_ = SCHEMA.types[type_][step]
        assert type_ == "PodSpec", kind


def test_every_type_of_a_field_exists():
    """Versions and lists are those of fields that exist, too."""
    values = {type_ for fields in SCHEMA.types.values() for type_ in fields.values()}

    assert values - {""} <= SCHEMA.types.keys()
    for table in (SCHEMA.since, SCHEMA.removed, SCHEMA.lists):
        for name, fields in table.items():
            assert set(fields) <= SCHEMA.types[name].keys()
    for table in (SCHEMA.since, SCHEMA.removed):
        assert {version for fields in table.values() for version in fields.values()} <= set(
            SCHEMA.versions[1:]
        )


def test_the_kinds_of_volumes_are_those_of_the_model():
    """A new one needs a lifetime."""
    assert SCHEMA.types["Volume"].keys() - {"name"} == LIFETIMES.keys()


def test_the_fields_of_a_mount_are_those_of_the_model():
    """Except one that no released driver has yet."""
    known = SCHEMA.types["VolumeMount"].keys()

    assert known - {"bindMountOptions"} == {"name", *pod_spec.MOUNT_FIELDS}
    assert set(pod_spec.CONTAINER_FIELDS) <= SCHEMA.lists["PodSpec"]


def test_the_file_is_small():
    """It is part of the package, and read by each check."""
    file = Path(kubernetes_schema.__file__).with_suffix(".json")

    assert file.stat().st_size < 30_000
    assert len(SCHEMA.types) > 140


@pytest.mark.parametrize(
    ("version", "nearest", "is_known"),
    [
        ("", "", False),
        ("1.36.3", "1.36", True),
        ("v1.34", "1.34", True),
        ("1.34.4-gke.100+x", "1.34", True),
        ("1.9", SCHEMA.versions[0], False),
        ("0.1", SCHEMA.versions[0], False),
        ("1.370", SCHEMA.versions[-1], False),
        ("2.0", SCHEMA.versions[-1], False),
    ],
)
def test_a_version_is_read_as_that_of_its_fields(version, nearest, is_known):
    """A patch release has the fields of its minor version; others have those of the nearest."""
    assert SCHEMA.find_nearest(version) == nearest
    assert SCHEMA.has(version) is is_known


@pytest.mark.parametrize("version", ["soon", "1", "v", "latest", ".36"])
def test_what_is_no_version_is_refused(version):
    """Instead of being ignored."""
    with pytest.raises(ValueError, match=version):
        SCHEMA.find_nearest(version)
