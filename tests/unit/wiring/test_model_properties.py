"""What holds for every Pod and for every text, tried on many that nobody would write."""

import copy
import json

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from pytest_podshare import errors
from pytest_podshare.check import rules
from pytest_podshare.manifests import yaml_reader
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.manifest import load
from pytest_podshare.wiring.model import ContainerSpec, VolumeMount, VolumeSpec, Wiring
from pytest_podshare.wiring.templates import templates

pytestmark = pytest.mark.slow

# the same Pods and texts on every machine and in every run
TRIED = settings(
    derandomize=True,
    max_examples=40,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TRIED_OFTEN = settings(TRIED, max_examples=400)
PARSERS = sorted({yaml.SafeLoader, yaml_reader.PARSER}, key=lambda parser: parser.__name__)

# words that some YAML takes for something else, beside any text
_ODD = ["yes", "n", "on", "~", "null", "08", "0644", "1_0", "1e3", "1:30", "2001-01-01", "=", "<<"]
_ODD += ["- a", "a: b", "# a", "*a", "&a", "!a", "{a", "[a", "'", '"', "\\", " ", "\t", "a\nb"]
TEXTS = st.sampled_from(_ODD) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NAMES = TEXTS.filter(bool)
NUMBERS = st.integers(min_value=0, max_value=2**63)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def volumes():
    """Volumes of each kind, with what the model knows of it."""
    sources = {"configMap": "name", "secret": "secretName", "persistentVolumeClaim": "claimName"}
    return st.one_of(
        st.builds(VolumeSpec, NAMES, st.just("emptyDir"), medium=st.sampled_from(["", "Memory"]),
                  size_limit=st.sampled_from(["", "10Mi", "1e3", "0.5Gi"])),
        st.builds(VolumeSpec, NAMES, st.sampled_from(sorted(sources)), source=NAMES),
        st.builds(VolumeSpec, NAMES, st.sampled_from(["csi", "hostPath", "projected", "future"])),
    )  # fmt: skip


def mounts(names):
    """Mounts of the volumes of these names, and of no other."""
    return st.builds(VolumeMount, st.sampled_from(names), NAMES, TEXTS, st.booleans())


def containers(names, roles):
    """Containers that mount them."""
    return st.builds(
        ContainerSpec,
        name=NAMES,
        role=roles,
        mounts=st.lists(mounts(names), max_size=3).map(tuple) if names else st.just(()),
        image=TEXTS,
        words=st.lists(TEXTS, max_size=3).map(tuple),
        user=st.none() | NUMBERS,
        group=st.none() | NUMBERS,
        non_root=st.booleans(),
        read_only_root=st.booleans(),
        limits=st.dictionaries(NAMES, st.sampled_from(["64Mi", "1", "1e3", "500m"]), max_size=2),
        probes=st.sampled_from([(), ("startupProbe",), ("readinessProbe", "livenessProbe")]),
        termination_message_path=TEXTS,
    )


@st.composite
def wirings(draw):
    """Any Pod that the model can express, in which every mount names a volume."""
    declared = draw(st.lists(volumes(), max_size=3, unique_by=lambda each: each.name))
    names = [each.name for each in declared]
    init = draw(st.lists(containers(names, st.sampled_from(["init", "sidecar"])), max_size=2))
    others = draw(st.lists(containers(names, st.just("container")), min_size=1, max_size=2))
    return Wiring((*init, *others), tuple(declared), draw(st.none() | NUMBERS))


def pod_of(wiring):
    """The Pod that has this wiring."""
    init = [_entry(each) for each in wiring.containers if each.role != "container"]
    spec = {
        "securityContext": _given(fsGroup=wiring.fs_group),
        "initContainers": init,
        "containers": [_entry(each) for each in wiring.containers if each.role == "container"],
        "volumes": [_volume(each) for each in wiring.volumes],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}


def _entry(container):
    return {
        "name": container.name,
        **({"restartPolicy": "Always"} if container.role == "sidecar" else {}),
        "image": container.image,
        "command": list(container.words[:1]),
        "args": list(container.words[1:]),
        "securityContext": _given(
            runAsUser=container.user,
            runAsGroup=container.group,
            runAsNonRoot=container.non_root,
            readOnlyRootFilesystem=container.read_only_root,
        ),
        "resources": {"limits": dict(container.limits)},
        "terminationMessagePath": container.termination_message_path,
        **{probe: {"exec": {"command": ["true"]}} for probe in container.probes},
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
    facts = {
        "medium": volume.medium,
        "sizeLimit": volume.size_limit,
        keys.get(volume.kind, "name"): volume.source,
    }
    return {"name": volume.name, volume.kind: {key: fact for key, fact in facts.items() if fact}}


def _given(**facts):
    return {key: value for key, value in facts.items() if value is not None}


class Quoting(yaml.SafeDumper):
    """Writes strings in quotes: PyYAML leaves them out where kubectl reads something else."""

    def ignore_aliases(self, data):  # noqa: ARG002
        """Write everything out."""
        return False


Quoting.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)
DUMPED = {
    "block": lambda value: yaml.dump(value, Dumper=Quoting, sort_keys=False),
    "flow": lambda value: yaml.dump(value, Dumper=Quoting, default_flow_style=True),
    "unicode": lambda value: yaml.dump(value, Dumper=Quoting, allow_unicode=True, indent=4),
    "json": json.dumps,
    "json with tabs": lambda value: json.dumps(value, indent="\t", ensure_ascii=False),
}
# where in a text, as a share of its length, and what stands there instead
SHARES = st.floats(0, 1, exclude_max=True)
DAMAGES = st.tuples(SHARES, TEXTS)
DUMPERS = st.sampled_from(list(DUMPED.values()))


def wiring_of(text):
    """The wiring of the only template in a text."""
    (template,) = templates(read(text))
    return template.wiring


@given(wiring=wirings())
@TRIED
def test_any_pod_comes_back_as_it_was(wiring):
    """Written as YAML or JSON and read again, it has the same containers, volumes and mounts."""
    found = [wiring_of(dumped(pod_of(wiring))) for dumped in DUMPED.values()]

    assert [each.containers for each in found] == [wiring.containers] * len(DUMPED)
    assert [each.volumes for each in found] == [wiring.volumes] * len(DUMPED)
    assert [each.fs_group for each in found] == [wiring.fs_group] * len(DUMPED)


@given(wiring=wirings())
@TRIED
def test_no_reference_dangles_where_none_was_put_in(wiring):
    """Every mount finds its volume, and the check says nothing of a missing one."""
    (template,) = templates(read(DUMPED["block"](pod_of(wiring))))
    found = [each.rule for each in rules.check(template)]

    assert all(template.wiring.volume(mount.volume) for _, mount in template.wiring.mounts())
    assert "mount-without-volume" not in found


@given(wiring=wirings(), missing=NAMES)
@TRIED
def test_a_reference_that_dangles_is_found(wiring, missing):
    """The twin of the one before: with one mount of no volume the check does say so."""
    assume(wiring.volume(missing) is None)
    pod = pod_of(wiring)
    pod["spec"]["containers"][0]["volumeMounts"].append({"name": missing, "mountPath": "/missing"})
    (template,) = templates(read(DUMPED["block"](pod)))

    assert "mount-without-volume" in [each.rule for each in rules.check(template)]


@given(value=VALUES)
@TRIED_OFTEN
def test_any_value_comes_back_as_it_was(value):
    """What JSON can say, YAML can as well, and either parser reads it."""
    found = [read_by(parser, dumped([value])) for parser in PARSERS for dumped in DUMPED.values()]

    assert [each.documents for each in found] == [([value],)] * len(found)


def read_by(parser, source):
    """What is read with one of PyYAML's parsers: the one in C is not everywhere."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(yaml_reader, "PARSER", parser)
        return read(source)


def outcome(parser, source):
    """The wirings that are read, or the lines of the error."""
    try:
        found = templates(read_by(parser, source), {"Rollout": "spec.tasks[].template"})
        return [template.wiring for template in found]
    except errors.ManifestError as error:
        return str(error).splitlines()


def is_told(source):
    """Whether it is read, or else refused with what is the matter and what to do."""
    found = [outcome(parser, source) for parser in PARSERS]
    return all(len(each) >= 2 or all(isinstance(one, Wiring) for one in each) for each in found)


@given(content=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
@TRIED_OFTEN
def test_random_bytes_are_refused_in_words(content):
    """Never with a traceback of ours."""
    assert is_told(content)


@given(text=st.text(max_size=60) | st.text("{}[]:,-&*!|>'\"%@`#?<~ \t\nab01", max_size=60))
@TRIED_OFTEN
def test_random_text_is_no_pod(text):
    """Of whatever is no manifest the error has two lines at least."""
    with pytest.raises(errors.ManifestError) as caught:
        load(f"{text}\n")

    assert len(str(caught.value).splitlines()) >= 2


@given(wiring=wirings(), dumped=DUMPERS, ends=st.lists(SHARES, min_size=6, max_size=6))
@TRIED
def test_a_truncated_manifest_is_refused_in_words(wiring, dumped, ends):
    """Wherever it ends; a part of one that is a manifest of its own is read as such."""
    text = dumped(pod_of(wiring))
    parts = [text[: int(end * len(text))] for end in ends]

    assert [each for each in parts if not is_told(each)] == []
    assert [each for each in parts if not is_told(each.encode()[:-1])] == []


@given(wiring=wirings(), dumped=DUMPERS, damages=st.lists(DAMAGES, min_size=8, max_size=8))
@TRIED
def test_a_damaged_manifest_is_refused_in_words(wiring, dumped, damages):
    """Whatever is put in place of a character."""
    text = dumped(pod_of(wiring))
    cuts = [(int(share * len(text)), added) for share, added in damages]
    damaged = [text[:cut] + added + text[cut + 1 :] for cut, added in cuts]

    assert [each for each in damaged if not is_told(each)] == []


@given(wiring=wirings(), damages=st.lists(st.tuples(SHARES, VALUES), min_size=6, max_size=6))
@TRIED
def test_a_value_of_any_type_anywhere_is_refused_in_words(wiring, damages):
    """What the model takes for granted is checked before it is asked; the rules ask the rest."""
    for share, value in damages:
        pod = pod_of(wiring)
        places = list(_places(pod))
        holder, key = places[int(share * len(places))]
        holder[key] = value

        assert is_judged(DUMPED["json"](pod))


# every field that the model reads, and what the rules look at beside them
FULL = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web, namespace: shop, annotations: {note: none}}
spec:
  replicas: 2
  volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce]}}]
  template:
    metadata: {annotations: {note: none}}
    spec:
      restartPolicy: Always
      resources: {limits: {memory: 1Gi}}
      securityContext: {fsGroup: 1, runAsUser: 1, runAsGroup: 1, supplementalGroups: [1]}
      initContainers:
        - {name: init, image: i, restartPolicy: Always, startupProbe: {exec: {command: [a]}}}
      containers:
        - name: web
          image: i
          command: [a]
          args: [b]
          env:
            - {name: A, value: b}
            - {name: B, valueFrom: {fileKeyRef: {volumeName: v, path: p, key: k}}}
          envFrom: [{configMapRef: {name: c}}]
          lifecycle: {postStart: {exec: {command: [a]}}}
          livenessProbe: {exec: {command: [a]}}
          readinessProbe: {exec: {command: [a]}}
          resources: {limits: {memory: 1Gi, ephemeral-storage: 1Gi}, requests: {cpu: 1}}
          securityContext: {privileged: false, readOnlyRootFilesystem: true, runAsNonRoot: true}
          terminationMessagePath: /v/end
          volumeDevices: [{name: data, devicePath: /dev/a}]
          volumeMounts:
            - {name: v, mountPath: /v, subPath: s, readOnly: false, mountPropagation: None}
            - {name: c, mountPath: /c, subPathExpr: $(A), recursiveReadOnly: Disabled}
        - name: other
          volumeMounts: [{name: v, mountPath: /v}, {name: s, mountPath: /s}]
      volumes:
        - {name: v, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
        - {name: c, configMap: {name: c, defaultMode: 420, items: [{key: k, path: p, mode: 420}]}}
        - {name: s, secret: {secretName: s, defaultMode: 420, items: [{key: k, path: p}]}}
        - {name: h, hostPath: {path: /h, type: Directory}}
        - {name: p, persistentVolumeClaim: {claimName: p, readOnly: false}}
        - {name: q, projected: {sources: [{configMap: {name: c, items: [{key: k, path: p}]}}]}}
        - {name: e, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce]}}}}
        - {name: d, downwardAPI: {items: [{path: p, fieldRef: {fieldPath: f}}]}}
        - {name: i, image: {reference: r}}
        - {name: n, nfs: {server: s, path: /p}}
        - {name: o, csi: {driver: d}}
"""
ANY_TYPE = [
    None,
    True,
    -1,
    0.5,
    "",
    "words",
    [],
    {},
    [None],
    [5],
    ["a"],
    [{}],
    {"a": None},
    {"": 5},
]


def test_a_value_of_any_type_in_any_field_is_refused_in_words():
    """What the model takes for granted is checked before it is asked; the rules ask the rest."""
    whole = yaml.safe_load(FULL)
    broken = []
    for number, (_, key) in enumerate(_places(whole)):
        for value in ANY_TYPE:
            changed = copy.deepcopy(whole)
            holder, _ = list(_places(changed))[number]
            holder[key] = value
            if not is_judged(changed):
                broken.append((holder, key))

    assert broken == []
    assert is_judged(whole)
    assert not isinstance(outcome(yaml_reader.PARSER, whole)[0], str)


def is_judged(source):
    """Whether the rules can judge what is read, or else it is refused in words."""
    try:
        found = templates(read(source))
    except errors.ManifestError as error:
        return len(str(error).splitlines()) >= 2
    return all(isinstance(rules.check(each), tuple) for each in found)


def _places(value):
    """Every place within a value in which another could stand."""
    for key, each in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(each, (dict, list)):
            yield from _places(each)
