"""The states of nodes, as container engines list them."""

import json

import pytest

from pytest_podshare.cluster.kind.engine import parse_states


def docker(name, state, status):
    """Return a line of `docker ps --format '{{json .}}'`, of Docker 20.10 to 29."""
    line = {"ID": "17750dd31c60", "Names": name, "State": state, "Status": status}
    return f"{json.dumps(line)}\n"


def podman(name, state, status):
    """Return the array of `podman ps --format '{{json .}}'`, as Podman 4.3.1 prints it."""
    container = {"Exited": False, "Names": [name], "State": state, "Status": status}
    return json.dumps([container], indent=2)


def nerdctl(name, status):
    """Return a line of `nerdctl ps --format '{{json .}}'`, which has no State."""
    return json.dumps({"ID": "17750dd31c60", "Names": name, "Status": status, "Runtime": "runc"})


@pytest.mark.parametrize(
    ("listing", "states"),
    [
        (docker("n", "running", "Up 38 seconds"), [("n", "")]),
        (docker("n", "paused", "Up 5 minutes (Paused)"), [("n", "paused")]),
        (docker("n", "exited", "Exited (137) 2 hours ago"), [("n", "exited")]),
        (
            docker("a", "running", "Up 1 second") + docker("b", "created", "Created"),
            [("a", ""), ("b", "created")],
        ),
        (podman("n", "running", "Up 5 minutes ago"), [("n", "")]),
        (podman("n", "paused", "Paused"), [("n", "paused")]),
        (podman("n", "exited", "Exited (137) Less than a second ago"), [("n", "exited")]),
        (podman("n", "created", "Created"), [("n", "created")]),
        (podman("n", "Up 5 minutes ago", ""), [("n", "")]),
        (nerdctl("n", "Up"), [("n", "")]),
        (nerdctl("n", "Exited (1) 5 seconds ago"), [("n", "exited")]),
        ("[]", []),
        ("", []),
        ("Error: cannot connect", []),
    ],
)
def test_the_states_of_nodes(listing, states):
    """A node that runs has none."""
    assert parse_states(listing) == tuple(states)


def test_an_unknown_word_does_not_make_a_node_broken():
    """A new engine's word says nothing; whether the node works is found out by using it."""
    assert parse_states(docker("n", "thriving", "Up")) == (("n", ""),)
