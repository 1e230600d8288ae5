"""The paths that a call of a program changes."""

import shlex

import pytest

from pytest_podshare.check.rules.program_calls import list_calls
from pytest_podshare.check.rules.written_paths import find_written
from pytest_podshare.wiring.model import ContainerSpec

CALLS = {
    "touch -d yesterday /a /b": ["/a", "/b"],
    "mkdir -m 755 /a": ["/a"],
    "/bin/rm -rf -- /a": ["/a"],
    "cp -r /a /b /c": ["/c"],
    "cp -t /c /a": ["/c"],
    "cp /a": [],
    "mv /a /b": ["/b", "/a", "/b"],
    "ln -s /a /b": ["/b"],
    "install -m 644 -o root /a /b": ["/b"],
    "install -d /a": ["/a"],
    "chown -R 1000:1000 /a": ["/a"],
    "chown --reference=/b /a": ["/a"],
    "chmod -w /a": ["/a"],
    "chgrp 1000 /a": ["/a"],
    "tee -a /a": ["/a"],
    "dd if=/dev/zero of=/a bs=1M": ["/a"],
    "truncate -s 0 /a": ["/a"],
    "sed s/a/b/ /a": [],
    "sed -n -e p /a": [],
    "sed -i s/a/b/ /a": ["/a"],
    "sed -i.old -e s/a/b/ /a": ["/a"],
    "sed -Ei -e s/i/b/ -e p /a": ["/a"],
    "sed --in-place s/a/b/ /a": ["/a"],
    "perl -pi -e s/a/b/ /a": ["/a"],
    "tar xf /x.tar -C /a": ["/a"],
    "tar -xzf /x.tgz --directory=/a": ["/a"],
    "tar -xzf /x.tgz": ["."],
    "tar xOf /x.tar": [],
    "tar tf /x.tar": [],
    "tar czf /a.tgz /x": ["/a.tgz"],
    "rsync -a --exclude .git /x/ /a/": ["/a/"],
    "rsync -a /x/ host:/a/": [],
    "scp host:/x /a": ["/a"],
    "curl -fsSLo /a https://x": ["/a"],
    "curl https://x": [],
    "wget -qO /a https://x": ["/a"],
    "wget -qO- https://x": [],
    "wget -P /a https://x": ["/a"],
    "unzip -q /x.zip -d /a": ["/a"],
    "git clone --depth=1 https://x /a": ["/a"],
    "git -C /a status": [],
    "busybox touch /a": ["/a"],
    "cat /a": [],
}


@pytest.mark.parametrize(("call", "expected"), CALLS.items(), ids=CALLS)
def test_what_a_program_writes(call, expected):
    """Sources, options and their values are left out."""
    assert [write.path for write in find_written(shlex.split(call))] == expected


@pytest.mark.parametrize("call", ["mkdir -p /a", "rm -f /a", "cp -n /a /b", "install -d /a"])
def test_a_program_may_have_nothing_to_do(call):
    """It does not fail on a file system that is read-only."""
    assert all(write.if_needed for write in find_written(call.split()))
    assert not any(write.if_needed for write in find_written(["touch", "/a"]))


WRAPPED = {
    "tini": ["tini", "-s", "--", "touch", "a"],
    "dumb-init": ["/usr/bin/dumb-init", "--rewrite", "15:3", "--", "touch", "a"],
    "timeout": ["timeout", "-k", "5", "10", "touch", "a"],
    "env": ["env", "-u", "X", "Y=1", "touch", "a"],
    "nice": ["nice", "-n", "19", "touch", "a"],
    "gosu": ["gosu", "redis:redis", "touch", "a"],
    "sudo": ["sudo", "-u", "redis", "-E", "touch", "a"],
    "a shell": ["bash", "-eo", "pipefail", "-c", "touch a"],
    "exec in a shell": ["sh", "-c", "X=1 exec touch a"],
    "a shell in a shell": ["sh", "-c", "sudo sh -ec 'touch a'"],
}


@pytest.mark.parametrize("words", WRAPPED.values(), ids=WRAPPED)
def test_a_wrapper_runs_a_program(words):
    """Its options, their values and its operands are left out."""
    calls = list_calls(ContainerSpec("c", "container", (), command=tuple(words)))

    assert [call.words for call in calls] == [("touch", "a")]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("> a", "/w/a"),
        ("cd /x; > a", "/x/a"),
        ("cd x && > a", "/w/x/a"),
        ("cd $X; > a", ""),
        ("(cd /x); > a", "/w/a"),
        ("> ~/a", ""),
        ("> $X", ""),
        ("> /x/y$X", "/x"),
        ("> /x/$X/y", "/x"),
        ("> $X/y", ""),
    ],
)
def test_where_a_relative_path_leads(script, expected):
    """It depends on workingDir and cd; a variable is not known."""
    container = ContainerSpec("c", "container", (), command=("sh", "-c", script), working_dir="/w")
    (call,) = [call for call in list_calls(container) if call.targets]

    assert call.locate(call.targets[0]) == expected
