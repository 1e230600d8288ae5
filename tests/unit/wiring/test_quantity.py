"""Tests of quantities as Kubernetes writes them."""

import pytest

from pytest_podshare.wiring import quantity


@pytest.mark.parametrize(
    ("text", "size"),
    [("8Mi", 8 * 2**20), ("1Gi", 2**30), ("500k", 500_000), ("1.5Ki", 1536), ("42", 42)],
)
def test_a_quantity_is_parsed_as_bytes(text, size):
    """With decimal and binary units."""
    assert quantity.parse_int(text) == size


@pytest.mark.parametrize("text", ["", "Mi", "ten", "1 Mi"])
def test_text_that_is_not_a_quantity_is_an_error(text):
    """It is not mistaken for another amount."""
    assert quantity.parse(text) is None
    with pytest.raises(ValueError, match="not a quantity"):
        quantity.parse_int(text)


@pytest.mark.parametrize(
    ("size", "text"), [(2**20, "1Mi"), (3 * 2**30, "3Gi"), (1536, "1536 bytes"), (0, "0 bytes")]
)
def test_bytes_are_formatted_with_the_largest_unit_that_fits(size, text):
    """Or else as a number."""
    assert quantity.format_bytes(size) == text
