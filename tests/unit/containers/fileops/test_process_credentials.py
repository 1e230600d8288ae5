"""The credentials of a shell, without any program."""

import os
import shutil

import pytest

from pytest_podshare import errors
from pytest_podshare.containers.fileops.path_walk import User
from pytest_podshare.containers.fileops.process_credentials import (
    Credentials,
    list_credentials,
    read_credentials,
)
from tests.support.local_shell import SHELLS, LocalShell

SETPRIV = shutil.which("setpriv")


def as_user(uid, *groups):
    """Return the options of setpriv."""
    ids = [f"--reuid={uid}", f"--regid={groups[0]}", f"--groups={','.join(map(str, groups[1:]))}"]
    return (SETPRIV, *ids)


@pytest.mark.parametrize("name", SHELLS)
def test_a_shell_has_the_credentials_of_this_process(name, tmp_path):
    """Nothing is on its PATH."""
    with LocalShell(SHELLS[name], path=tmp_path) as shell:
        found = read_credentials(shell)

    assert found.user == User(os.geteuid(), tuple(dict.fromkeys((os.getegid(), *os.getgroups()))))
    assert found.ignores_modes is (os.geteuid() == 0)
    assert found.is_mapped is False


@pytest.mark.skipif(os.geteuid() != 0 or SETPRIV is None, reason="needs to become another user")
def test_another_user_has_its_groups_and_no_capability():
    """The primary group comes first; root without the capability is told apart as well."""
    with LocalShell(["sh"], user=as_user(65534, 1000, 2000, 3000)) as shell:
        assert read_credentials(shell) == Credentials(User(65534, (1000, 2000, 3000)), False)
        assert Credentials(User(65534, (1000, 2000, 3000)), False) in list_credentials(shell)
    with LocalShell(["sh"], user=(SETPRIV, "--bounding-set=-dac_override")) as shell:
        assert read_credentials(shell).ignores_modes is False


def test_without_proc_nothing_is_known():
    """A shell that has no such file."""
    with LocalShell(["sh"]) as shell:
        shell.resolve_path = lambda _path: "/none"
        with pytest.raises(errors.ToolMissing, match="/proc/self/status cannot be read"):
            read_credentials(shell)
