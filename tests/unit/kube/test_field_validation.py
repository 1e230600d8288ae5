"""What the API server says of fields, as Kubernetes 1.36 words it."""

import pytest

from pytest_podshare.kube.field_validation import find_unknown_fields, parse_warnings

REJECTION = (
    'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field'
    ' "metadata.xx.y", unknown field "spec.volumes[0].claimName", unknown field "zzz"'
)


def test_a_rejection_names_its_fields():
    """Each once, in order."""
    fields = find_unknown_fields(REJECTION + ', unknown field "zzz"')

    assert fields == ["metadata.xx.y", "spec.volumes[0].claimName", "zzz"]


@pytest.mark.parametrize(
    "message", ["", 'Pod "p" is invalid: unknown field "a"', "strict decoding error: duplicate"]
)
def test_other_rejections_name_none(message):
    """They are reported as they are."""
    assert find_unknown_fields(message) == []


def test_warnings_are_unquoted():
    """Several may be in one header, and each is returned once."""
    one = r'299 - "unknown field \"a\\b\""'

    assert parse_warnings([one, f'{one}, 299 - "is deprecated, in v2"']) == (
        r'unknown field "a\b"',
        "is deprecated, in v2",
    )


def test_other_headers_are_no_warnings():
    """Such as those of a cache."""
    assert parse_warnings(['110 - "response is stale"', "", "299 - broken"]) == ()
