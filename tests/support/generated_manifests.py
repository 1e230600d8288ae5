"""Hypothesis strategies for Pods, values and texts, and the ways to write and read them."""

import dataclasses
import json

import pytest
import yaml
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from pytest_podshare import errors
from pytest_podshare.manifests import yaml_reader
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring
from pytest_podshare.wiring.templates import find_templates

# the same examples on every machine and in every run
FEW_EXAMPLES = settings(
    derandomize=True,
    max_examples=40,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
MANY_EXAMPLES = settings(FEW_EXAMPLES, max_examples=400)
PARSERS = sorted({yaml.SafeLoader, yaml_reader.PARSER}, key=lambda parser: parser.__name__)

# texts that YAML reads as something else, besides any text
_ODD = ["yes", "n", "on", "~", "null", "08", "0644", "1_0", "1e3", "1:30", "2001-01-01", "=", "<<"]
_ODD += ["- a", "a: b", "# a", "*a", "&a", "!a", "{a", "[a", "'", '"', "\\", " ", "\t", "a\nb"]
TEXTS = st.sampled_from(_ODD) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NAMES = TEXTS.filter(bool)
_PROBE = ("true",)
NUMBERS = st.integers(min_value=0, max_value=2**63)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def volumes():
    """Return a strategy for volumes of each kind, with the fields that the model reads."""
    sources = {"configMap": "name", "secret": "secretName", "persistentVolumeClaim": "claimName"}
    return st.one_of(
        st.builds(VolumeSpec, NAMES, st.just("emptyDir"), medium=st.sampled_from(["", "Memory"]),
                  size_limit=st.sampled_from(["", "10Mi", "1e3", "0.5Gi"])),
        st.builds(VolumeSpec, NAMES, st.sampled_from(sorted(sources)), source=NAMES),
        st.builds(VolumeSpec, NAMES, st.sampled_from(["csi", "hostPath", "projected", "future"])),
    )  # fmt: skip


def mounts(names):
    """Return a strategy for mounts of the volumes with these names."""
    return st.builds(VolumeMount, st.sampled_from(names), NAMES, TEXTS, st.booleans())


def containers(names, roles):
    """Return a strategy for containers that mount the volumes with these names."""
    return st.builds(
        ContainerSpec,
        name=NAMES,
        role=roles,
        mounts=st.lists(mounts(names), max_size=3).map(tuple) if names else st.just(()),
        image=TEXTS,
        command=st.lists(TEXTS, max_size=3).map(tuple),
        user=st.none() | NUMBERS,
        group=st.none() | NUMBERS,
        non_root=st.booleans(),
        read_only_root=st.booleans(),
        limits=st.dictionaries(NAMES, st.sampled_from(["64Mi", "1", "1e3", "500m"]), max_size=2),
        probes=st.sampled_from([(), ("startupProbe",), ("readinessProbe", "livenessProbe")]),
        termination_message_path=TEXTS,
    ).map(_with_exec_commands)


def _with_exec_commands(container):
    """Add the commands of the probes that are written."""
    return dataclasses.replace(container, exec_commands=tuple(_PROBE for _ in container.probes))


@st.composite
def wirings(draw):
    """Return a strategy for Pods in which every mount has a volume."""
    declared = draw(st.lists(volumes(), max_size=3, unique_by=lambda volume: volume.name))
    names = [volume.name for volume in declared]
    init = draw(st.lists(containers(names, st.sampled_from(["init", "sidecar"])), max_size=2))
    others = draw(st.lists(containers(names, st.just("container")), min_size=1, max_size=2))
    return Wiring((*init, *others), tuple(declared), draw(st.none() | NUMBERS))


def pod_of(wiring):
    """Return the Pod that has a wiring."""
    init = [_container(spec) for spec in wiring.containers if spec.role != "container"]
    spec = {
        "securityContext": _without_none(fsGroup=wiring.fs_group),
        "initContainers": init,
        "containers": [_container(spec) for spec in wiring.containers if spec.role == "container"],
        "volumes": [_volume(volume) for volume in wiring.volumes],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}


def _container(container):
    return {
        "name": container.name,
        **({"restartPolicy": "Always"} if container.role == "sidecar" else {}),
        "image": container.image,
        "command": list(container.command[:1]),
        "args": list(container.command[1:]),
        "securityContext": _without_none(
            runAsUser=container.user,
            runAsGroup=container.group,
            runAsNonRoot=container.non_root,
            readOnlyRootFilesystem=container.read_only_root,
        ),
        "resources": {"limits": dict(container.limits)},
        "terminationMessagePath": container.termination_message_path,
        **{probe: {"exec": {"command": list(_PROBE)}} for probe in container.probes},
        "volumeMounts": [
            {
                "name": mount.volume,
                "mountPath": mount.path,
                "subPath": mount.sub_path,
                "readOnly": mount.read_only,
            }
            for mount in container.mounts
        ],
    }


def _volume(volume):
    keys = {"secret": "secretName", "persistentVolumeClaim": "claimName"}
    fields = {
        "medium": volume.medium,
        "sizeLimit": volume.size_limit,
        keys.get(volume.kind, "name"): volume.source,
    }
    return {"name": volume.name, volume.kind: {k: value for k, value in fields.items() if value}}


def _without_none(**fields):
    return {key: value for key, value in fields.items() if value is not None}


class _Dumper(yaml.SafeDumper):
    """Puts strings in quotes, which PyYAML omits where kubectl reads another type."""

    def ignore_aliases(self, data):  # noqa: ARG002
        """Write a repeated value as an alias, even a scalar."""
        return False


_Dumper.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)
FORMATS = {
    "block": lambda value: yaml.dump(value, Dumper=_Dumper, sort_keys=False),
    "flow": lambda value: yaml.dump(value, Dumper=_Dumper, default_flow_style=True),
    "unicode": lambda value: yaml.dump(value, Dumper=_Dumper, allow_unicode=True, indent=4),
    "json": json.dumps,
    "json with tabs": lambda value: json.dumps(value, indent="\t", ensure_ascii=False),
}


def read_with(parser, manifest):
    """Read a manifest with one of PyYAML's parsers; the C parser is not installed everywhere."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(yaml_reader, "PARSER", parser)
        return read(manifest)


def outcome(parser, manifest):
    """Return the wirings in a manifest, or the lines of the error."""
    try:
        templates = find_templates(
            read_with(parser, manifest), {"Rollout": "spec.tasks[].template"}
        )
        return [template.wiring for template in templates]
    except errors.ManifestError as error:
        return str(error).splitlines()
