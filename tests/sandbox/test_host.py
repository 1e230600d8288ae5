"""Facts about the machine are parsed from what Linux and Debian print."""

from __future__ import annotations

import pytest

from sandbox import host, packages


@pytest.mark.parametrize(
    ("uid", "bounding", "effective", "expected"),
    [
        (0, "000001ffffffffff", "000001ffffffffff", True),
        (0, "000001fffeffffff", "000001fffeffffff", False),
        (0, "000001ffffffffff", "000001fffeffffff", False),
        (1000, "000001ffffffffff", "0000000000000000", True),
        (1000, "00000000a80425fb", "0000000000000000", False),
    ],
)
def test_capabilities(uid: int, bounding: str, effective: str, *, expected: bool) -> None:
    """The bounding set decides, and for root alone the effective set too."""
    status = f"Name:\tx\nUid:\t{uid}\t{uid}\t0\t0\nCapEff:\t{effective}\nCapBnd:\t{bounding}\n"
    assert host.can_grant(host.SYS_RESOURCE, status) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind v0.33.0 go1.26.8 linux/amd64", (0, 33, 0)),
        ("go1.26", (1, 26)),
        ("kind version 0.9.0", (0, 9, 0)),
        ("no number", ()),
        ("", ()),
    ],
)
def test_versions_compare_as_numbers(text: str, expected: tuple[int, ...]) -> None:
    """0.9 is older than 0.30, and a text without a version is older than any."""
    assert host.parse_version(text) == expected
    assert host.parse_version("v0.9.0") < host.parse_version("v0.30.0")


def test_only_debian_has_a_codename() -> None:
    """Ubuntu's mirrors do not contain Debian."""
    assert host.codename('ID=debian\nVERSION_CODENAME=bookworm\nNAME="Debian"\n') == "bookworm"
    assert host.codename("ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=noble\n") == ""


@pytest.mark.parametrize(
    ("root", "debian", "may_install", "obstacle"),
    [
        (True, True, True, ""),
        (True, True, False, "--no-install rules out installing gcc jq"),
        (False, True, True, "gcc jq can only be installed by root"),
        (True, False, True, "gcc jq cannot be installed: this machine has no apt"),
    ],
)
def test_an_obstacle_to_installing_packages_names_them(
    *, root: bool, debian: bool, may_install: bool, obstacle: str
) -> None:
    """The packages are named in each message."""
    flags = {"root": root, "debian": debian, "may_install": may_install}
    assert packages.install_obstacle(["gcc", "jq"], **flags) == obstacle
