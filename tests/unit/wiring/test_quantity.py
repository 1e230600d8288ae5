"""Amounts as Kubernetes writes them."""

import pytest

from pytest_podshare.wiring import quantity


@pytest.mark.parametrize(
    ("text", "size"),
    [("8Mi", 8 * 2**20), ("1Gi", 2**30), ("500k", 500_000), ("1.5Ki", 1536), ("42", 42)],
)
def test_a_quantity_is_read_in_bytes(text, size):
    """As the API server writes them."""
    assert quantity.whole(text) == size


@pytest.mark.parametrize("text", ["", "Mi", "ten", "1 Mi"])
def test_what_is_no_quantity_is_refused(text):
    """Rather than read as another amount."""
    assert quantity.parse(text) is None
    with pytest.raises(ValueError, match="no quantity"):
        quantity.whole(text)


@pytest.mark.parametrize(
    ("size", "text"), [(2**20, "1Mi"), (3 * 2**30, "3Gi"), (1536, "1536 bytes"), (0, "0 bytes")]
)
def test_whole_amounts_are_written_as_a_person_would(size, text):
    """An odd one stays a number."""
    assert quantity.written(size) == text
