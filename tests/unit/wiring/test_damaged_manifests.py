"""Tests that any damaged manifest is read or is an error with a problem and a remedy."""

import copy

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pytest_podshare import errors
from pytest_podshare.check import rules
from pytest_podshare.manifests import yaml_reader
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.manifest import load
from pytest_podshare.wiring.model import Wiring
from pytest_podshare.wiring.templates import find_templates
from tests.support.generated_manifests import (
    FEW_EXAMPLES,
    FORMATS,
    MANY_EXAMPLES,
    PARSERS,
    TEXTS,
    VALUES,
    outcome,
    pod_of,
    wirings,
)

pytestmark = pytest.mark.slow

# where in a text, as a share of its length, and what to write there
SHARES = st.floats(0, 1, exclude_max=True)
DAMAGES = st.tuples(SHARES, TEXTS)
WRITERS = st.sampled_from(list(FORMATS.values()))


def is_read_or_refused(manifest):
    """Return whether each parser reads a manifest, or else reports a problem and a remedy."""
    outcomes = [outcome(parser, manifest) for parser in PARSERS]
    return all(
        len(found) >= 2 or all(isinstance(wiring, Wiring) for wiring in found) for found in outcomes
    )


@given(content=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
@MANY_EXAMPLES
def test_random_bytes_are_an_error(content):
    """And never an exception of Python's."""
    assert is_read_or_refused(content)


@given(text=st.text(max_size=60) | st.text("{}[]:,-&*!|>'\"%@`#?<~ \t\nab01", max_size=60))
@MANY_EXAMPLES
def test_random_text_is_an_error(text):
    """The error has at least a problem and a remedy."""
    with pytest.raises(errors.ManifestError) as caught:
        load(f"{text}\n")

    assert len(str(caught.value).splitlines()) >= 2


@given(wiring=wirings(), write=WRITERS, ends=st.lists(SHARES, min_size=6, max_size=6))
@FEW_EXAMPLES
def test_a_truncated_manifest_is_an_error(wiring, write, ends):
    """Unless the remaining part is a manifest itself."""
    text = write(pod_of(wiring))
    parts = [text[: int(end * len(text))] for end in ends]

    assert [part for part in parts if not is_read_or_refused(part)] == []
    assert [part for part in parts if not is_read_or_refused(part.encode()[:-1])] == []


@given(wiring=wirings(), write=WRITERS, damages=st.lists(DAMAGES, min_size=8, max_size=8))
@FEW_EXAMPLES
def test_a_damaged_manifest_is_an_error(wiring, write, damages):
    """Whatever replaces a character, unless the result is a manifest."""
    text = write(pod_of(wiring))
    cuts = [(int(share * len(text)), added) for share, added in damages]
    damaged = [text[:cut] + added + text[cut + 1 :] for cut, added in cuts]

    assert [part for part in damaged if not is_read_or_refused(part)] == []


@given(wiring=wirings(), damages=st.lists(st.tuples(SHARES, VALUES), min_size=6, max_size=6))
@FEW_EXAMPLES
def test_a_random_value_in_a_random_field_is_checked_or_refused(wiring, damages):
    """The reader checks the types that the model needs, and the rules handle any other type."""
    for share, value in damages:
        pod = pod_of(wiring)
        places = list(_places(pod))
        holder, key = places[int(share * len(places))]
        holder[key] = value

        assert is_checked_or_refused(FORMATS["json"](pod))


# every field that the model or a rule reads
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


def test_a_value_of_any_type_in_any_field_is_checked_or_refused():
    """The reader checks the types that the model needs, and the rules handle any other type."""
    whole = yaml.safe_load(FULL)
    broken = []
    for number, (_, key) in enumerate(_places(whole)):
        for value in ANY_TYPE:
            changed = copy.deepcopy(whole)
            holder, _ = list(_places(changed))[number]
            holder[key] = value
            if not is_checked_or_refused(changed):
                broken.append((holder, key))

    assert broken == []
    assert is_checked_or_refused(whole)
    assert not isinstance(outcome(yaml_reader.PARSER, whole)[0], str)


def is_checked_or_refused(manifest):
    """Return whether the rules can check a manifest, or else the reader refuses it."""
    try:
        templates = find_templates(read(manifest))
    except errors.ManifestError as error:
        return len(str(error).splitlines()) >= 2
    return all(isinstance(rules.check(template), tuple) for template in templates)


def _places(value):
    """Yield the holder and the key of every value within a value."""
    for key, inner in list(value.items() if isinstance(value, dict) else enumerate(value)):
        yield value, key
        if isinstance(inner, (dict, list)):
            yield from _places(inner)
