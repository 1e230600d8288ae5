"""Findings that a manifest or a configuration asks not to be told of."""

import pytest

from pytest_podshare.check import rules
from pytest_podshare.errors import UnknownRule
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.templates import find_templates

# two findings, on the lines 11 and 15
MANIFEST = """\
kind: Deployment
apiVersion: apps/v1
metadata: {name: web, annotations: {theirs: ""}}
spec:
  template:
    metadata: {annotations: {its: ""}}
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


def found(text=MANIFEST, **how):
    """The rules that find something."""
    return {
        finding.rule for each in find_templates(read(text)) for finding in rules.check(each, **how)
    }


def changed(old, new):
    """The manifest with one place changed."""
    assert MANIFEST.count(old) == 1

    return MANIFEST.replace(old, new)


def test_nothing_is_silent_by_itself():
    """The positive control of all the others."""
    assert found() == BOTH


MOUNT = "            - name: pages\n              mountPath"
VOLUME = "        - name: pages\n          emptyDir"


@pytest.mark.parametrize(
    ("old", "new", "silent"),
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
def test_a_comment_is_about_its_line_or_the_next(old, new, silent):
    """The line of the finding, or, alone, the one above it."""
    expected = BOTH - {"relative-mount-path"} if silent else BOTH

    assert found(changed(old, new)) == expected


@pytest.mark.parametrize("where", ["theirs", "its"])
def test_an_annotation_is_about_the_whole_template(where):
    """On the object, or on its template."""
    one = changed(f'{where}: ""', "podshare.dev/ignore: relative-mount-path")
    both = changed(
        f'{where}: ""', 'podshare.dev/ignore: "relative-mount-path, memory-without-limit"'
    )

    assert found(one) == {"memory-without-limit"}
    assert found(both) == set()


def test_a_rule_may_not_be_asked_at_all():
    """As a project's configuration says."""
    assert found(ignore={"relative-mount-path"}) == {"memory-without-limit"}


def test_a_comment_of_one_document_is_not_about_another():
    """Lines are those of the text, not of a document."""
    silent = changed(MOUNT, f"# podshare: ignore[relative-mount-path]\n{MOUNT}")

    assert found(f"{silent}---\n{MANIFEST}") == BOTH
    assert found(silent) == {"memory-without-limit"}


@pytest.mark.parametrize(
    ("text", "ignore", "what"),
    [
        (
            changed("www", "www # podshare: ignore[relative-mount]"),
            (),
            "<YAML text>:12: there is no rule 'relative-mount'.",
        ),
        (
            changed('its: ""', "podshare.dev/ignore: relative-mount"),
            (),
            "<YAML text>: the annotation podshare.dev/ignore: there is no rule 'relative-mount'.",
        ),
        (MANIFEST, {"relative-mount"}, "the ignored rules: there is no rule 'relative-mount'."),
    ],
)
def test_an_unknown_rule_is_an_error(text, ignore, what):
    """It names the nearest one, for most are typing errors."""
    with pytest.raises(UnknownRule) as caught:
        found(text, ignore=ignore)

    assert str(caught.value) == f"{what}\nDid you mean 'relative-mount-path'?"


def test_an_unknown_rule_that_is_near_to_none():
    """Then it is said where to find them all."""
    with pytest.raises(UnknownRule) as caught:
        rules.known(["qqq"], "pyproject.toml")

    assert str(caught.value) == (
        "pyproject.toml: there is no rule 'qqq'.\n`podshare check --rules` lists them."
    )


def test_known_rules_are_known():
    """The positive control."""
    assert rules.known(["no-writer"], "here") == {"no-writer"}
