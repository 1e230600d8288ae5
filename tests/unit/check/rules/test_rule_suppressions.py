"""Rules that comments, annotations or settings suppress."""

import pytest

from pytest_podshare.check import rules
from pytest_podshare.errors import UnknownRule
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.templates import find_templates

# two findings, on lines 11 and 15
MANIFEST = """\
kind: Deployment
apiVersion: apps/v1
metadata: {name: web, annotations: {on-object: ""}}
spec:
  template:
    metadata: {annotations: {on-template: ""}}
    spec:
      containers:
        - name: web
          volumeMounts:
            - name: pages
              mountPath: www
      volumes:
        - name: pages
          emptyDir: {medium: Memory}
"""
BOTH = {"relative-mount-path", "memory-without-limit"}


def find(text=MANIFEST, **options):
    """Return the ids of the rules with findings."""
    findings = (rules.check(template, **options) for template in find_templates(read(text)))
    return {finding.rule for found in findings for finding in found}


def replace(old, new):
    """Return the manifest with one text replaced."""
    assert MANIFEST.count(old) == 1

    return MANIFEST.replace(old, new)


def test_without_suppressions_both_rules_have_findings():
    """The positive control of all other tests."""
    assert find() == BOTH


MOUNT = "            - name: pages\n              mountPath"
VOLUME = "        - name: pages\n          emptyDir"


@pytest.mark.parametrize(
    ("old", "new", "is_suppressed"),
    [
        (MOUNT, MOUNT.replace("pages", "pages # podshare: ignore[relative-mount-path]"), True),
        (MOUNT, f"            # podshare: ignore[relative-mount-path]\n{MOUNT}", True),
        (MOUNT, f"  # podshare:ignore[ relative-mount-path ] why\n\n # and why\n{MOUNT}", True),
        (MOUNT, f"# podshare: ignore[no-writer, relative-mount-path]\n{MOUNT}", True),
        (MOUNT, f"# podshare: ignore[no-writer]\n{MOUNT}", False),
        (VOLUME, f"# podshare: ignore[relative-mount-path]\n{VOLUME}", False),
        ("volumeMounts:", "volumeMounts: # podshare: ignore[relative-mount-path]", False),
        ("www", "www # podshare: ignore[relative-mount-path]", False),
        ("www", "www # ignore[relative-mount-path]", False),
    ],
)
def test_a_comment_applies_to_its_line_or_to_the_next_line(old, new, is_suppressed):
    """It applies to the next line if it stands alone."""
    expected = BOTH - {"relative-mount-path"} if is_suppressed else BOTH

    assert find(replace(old, new)) == expected


@pytest.mark.parametrize("where", ["on-object", "on-template"])
def test_an_annotation_applies_to_the_whole_template(where):
    """It can be on the object or on its Pod template."""
    one = replace(f'{where}: ""', "podshare.dev/ignore: relative-mount-path")
    two = replace(
        f'{where}: ""', 'podshare.dev/ignore: "relative-mount-path, memory-without-limit"'
    )

    assert find(one) == {"memory-without-limit"}
    assert find(two) == set()


def test_a_rule_can_be_left_out():
    """The settings of a project do that."""
    assert find(ignore={"relative-mount-path"}) == {"memory-without-limit"}


def test_a_comment_does_not_apply_to_another_document():
    """Line numbers are those of the text, not of a document."""
    suppressed = replace(MOUNT, f"# podshare: ignore[relative-mount-path]\n{MOUNT}")

    assert find(f"{suppressed}---\n{MANIFEST}") == BOTH
    assert find(suppressed) == {"memory-without-limit"}


@pytest.mark.parametrize(
    ("text", "ignore", "message"),
    [
        (
            replace("www", "www # podshare: ignore[relative-mount]"),
            (),
            "<YAML text>:12: unknown rule 'relative-mount'.",
        ),
        (
            replace('on-template: ""', "podshare.dev/ignore: relative-mount"),
            (),
            "<YAML text>: the annotation podshare.dev/ignore: unknown rule 'relative-mount'.",
        ),
        (MANIFEST, {"relative-mount"}, "the ignore list: unknown rule 'relative-mount'."),
    ],
)
def test_an_unknown_rule_is_an_error(text, ignore, message):
    """It suggests the most similar rule, for most such errors are typos."""
    with pytest.raises(UnknownRule) as caught:
        find(text, ignore=ignore)

    assert str(caught.value) == f"{message}\nDid you mean 'relative-mount-path'?"


def test_without_a_similar_rule_the_error_says_how_to_list_all_rules():
    """No suggestion is better than a wrong one."""
    with pytest.raises(UnknownRule) as caught:
        rules.validate_ids(["qqq"], "pyproject.toml")

    assert str(caught.value) == (
        "pyproject.toml: unknown rule 'qqq'.\nList the rules: `podshare check --rules`."
    )


def test_the_id_of_a_rule_is_valid():
    """The positive control."""
    assert rules.validate_ids(["no-writer"], "here") == {"no-writer"}
