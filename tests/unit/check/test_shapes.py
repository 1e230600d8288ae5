"""Shapes of real manifests, each with its verdict in a comment on its first line."""

from pathlib import Path

import pytest

from pytest_podshare.check import rules
from pytest_podshare.manifests.source import read
from pytest_podshare.wiring.templates import find_templates

SHAPES = sorted((Path(__file__).parent / "shapes").glob("*.yaml"))


def _verdict(finding):
    """Return its rule, with the severity if that is lower than the rule's."""
    severity = finding.severity
    is_lower = severity != rules.BY_ID[finding.rule].severity
    return f"{finding.rule} ({severity})" if is_lower else finding.rule


@pytest.mark.parametrize("path", SHAPES, ids=lambda path: path.stem)
def test_a_shape_has_its_verdict(path):
    """The first line names the rules that find something, or says `nothing`."""
    first_line = path.read_text().splitlines()[0]
    templates = find_templates(read(path))
    found = {_verdict(finding) for template in templates for finding in rules.check(template)}

    assert f"# finds: {', '.join(sorted(found)) or 'nothing'}" == first_line
