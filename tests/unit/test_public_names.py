"""Tests of the public names, which users' code depends on."""

import pytest_podshare


def test_the_public_names_are_these():
    """Adding or removing a public name is a decision, not an accident."""
    expected = [
        "Container",
        "Evidence",
        "Pod",
        "Podshare",
        "PodshareError",
        "PodshareFactory",
        "assert_file_visible",
        "assert_log_contains",
        "assert_lost_on_delete",
        "assert_lost_on_drain",
        "assert_medium",
        "assert_not_shared",
        "assert_permissions",
        "assert_read_only",
        "assert_size_limited",
        "assert_survives_delete",
        "assert_survives_drain",
        "assert_survives_restart",
        "assert_survives_sandbox_restart",
        "assert_update_not_visible",
        "assert_update_visible",
        "assert_writable",
    ]

    assert expected == pytest_podshare.__all__


def test_all_public_names_can_be_imported():
    """They are imported lazily, when they are first used."""
    missing = [name for name in pytest_podshare.__all__ if not hasattr(pytest_podshare, name)]

    assert missing == []
