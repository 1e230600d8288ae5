"""Quantities in all notations of Kubernetes."""

from fractions import Fraction

import pytest

from pytest_podshare.wiring import quantity


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("0", 0),
        ("10Mi", 10 * 2**20),
        ("1Ki", 1024),
        ("500k", 500_000),
        ("2E", 2 * 10**18),
        ("1.5Gi", 3 * 2**29),
        (".5", Fraction(1, 2)),
        ("5.", 5),
        ("512m", Fraction(64, 125)),
        ("-1", -1),
        ("+1", 1),
        ("1e3", 1000),
        ("1E-2", Fraction(1, 100)),
    ],
)
def test_a_quantity_is_parsed_exactly(text, amount):
    """Fractions are not rounded."""
    assert quantity.parse(text) == amount


@pytest.mark.parametrize("text", ["", "Mi", "10MB", "10mi", "1K", "1 Gi", "1e", "0x10", "inf", "१"])
def test_an_invalid_quantity_is_not_parsed(text):
    """The API server rejects it as well."""
    assert quantity.parse(text) is None
