"""What a command says about the modes of the files that it creates."""

import pytest

from pytest_podshare.wiring.file_modes import find_private_modes
from pytest_podshare.wiring.model import ContainerSpec


def find(*command):
    """Return what is found in a command about a volume at /v."""
    return find_private_modes(ContainerSpec("c", "container", (), command=command), ["/v"])


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("umask 077; echo x > /v/x", "umask 077"),
        ("umask 0027 && exec app", "umask 0027"),
        ("set -e\numask 27\necho", "umask 27"),
        ("umask -S 077", "umask -S 077"),
        ("umask u=rwx,g=,o=; a", "umask u=rwx,g=,o="),
        ("umask go-rwx", "umask go-rwx"),
        ("(umask 077; a)", "umask 077"),
        ("if a; then umask 077; fi", "umask 077"),
        ("umask 077 # private", "umask 077"),
        ("chmod 600 /v/x", "chmod 600"),
        ("chmod -R go-rwx /v", "chmod -R go-rwx"),
        ("/bin/chmod 640 /v/x", "chmod 640"),
        ("chmod ug=rw,o= /v/x", "chmod ug=rw,o="),
        ("chmod g+r,o-r /v/x", "chmod g+r,o-r"),
        ("install -m 600 a /v/a", "install -m 600"),
        ("install -Dm600 a /v/a", "install -Dm600"),
        ("install -d -m 0750 /v/a", "install -d -m 0750"),
        ("mkdir -m 700 /v/a", "mkdir -m 700"),
        ("mkdir -p --mode=750 /v/a", "mkdir -p --mode=750"),
    ],
)
def test_a_command_that_keeps_files_from_others_is_found(script, found):
    """In the words of the manifest, anywhere in a script."""
    assert find("sh", "-c", script) == (found,)


@pytest.mark.parametrize(
    "script",
    [
        "chmod 600 /etc/key; cat /v/x",
        "chmod 600 /etc/key /volumes/x",
        "chmod -R 700 '/root/.ssh' # /v",
        "install -m 600 /a/key /etc/key && cp /a /v/a",
        "mkdir -m 700 /var/lib/app\nls /v",
    ],
)
def test_a_mode_of_a_file_elsewhere_is_not_found(script):
    """No path of the command is in the volume, or contains it."""
    assert find("sh", "-c", script) == ()


@pytest.mark.parametrize(
    "command",
    [
        "chmod 600 /etc/key /v/x",
        "chmod 600 x",
        'chmod 600 "$FILE"',
        "chmod 600 /v",
        "chmod 600 /",
        "chmod 600",
    ],
)
def test_a_mode_of_a_file_that_may_be_in_the_volume_is_found(command):
    """The mutated twins: a path in the volume or above it, a relative or an unknown one."""
    assert find("sh", "-c", f"{command}; ls") == ("chmod 600",)


@pytest.mark.parametrize(
    "script",
    [
        "umask 022",
        "umask 002",
        "umask 1",
        "umask -S",
        "umask",
        "chmod 644 /v/x",
        "chmod 1777 /v",
        "chmod +x /v/x",
        "chmod u=rw /v/x",
        "chmod go-w /v/x",
        "chmod a=r /v/x",
        "chmod 755 /v/umask",
        "install -m644 a /v/a",
        "install a /v/a",
        "mkdir -p /v/a",
        "mkdir -m 1777 /v/a",
        "# umask 077\necho",
        "echo umask 077",
        "echo 'chmod 600'",
    ],
)
def test_a_command_that_lets_others_read_is_not_found(script):
    """The mutated twins: another mode, another program, a comment, a text."""
    assert find("sh", "-c", script) == ()


def test_a_command_without_a_shell_is_found():
    """The words of an argument list are one command; the option of another program is none."""
    assert find("chmod", "600", "/v/x") == ("chmod 600",)
    assert find("/usr/bin/install", "-m", "600", "a", "/v/a") == ("install -m 600",)
    assert find("chmod", "644", "/v/x") == ()
    assert find("app", "--umask", "077") == ()


def test_every_command_of_a_script_is_found_once():
    """In the order of the script."""
    script = "umask 027; chmod 644 /v/a && chmod 640 /v/b; umask 027"

    assert find("sh", "-c", script) == ("umask 027", "chmod 640")
