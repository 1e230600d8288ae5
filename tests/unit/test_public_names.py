"""The public names, which users' code depends on."""

import pytest_podshare


def test_the_public_names_are_these():
    """Adding or removing a public name is a decision, not an accident."""
    expected = [
        "Container",
        "Evidence",
        "Pod",
        "Podshare",
        "PodshareError",
        "assert_file_visible",
    ]

    assert expected == pytest_podshare.__all__


def test_the_public_names_are_all_there():
    """Every public name can be imported."""
    missing = [name for name in pytest_podshare.__all__ if not hasattr(pytest_podshare, name)]

    assert missing == []
