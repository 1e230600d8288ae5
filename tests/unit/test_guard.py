"""The guard before every cluster."""

import pytest

from pytest_podshare import errors
from pytest_podshare.cluster import guard

HERE = ["https://127.0.0.1:6443", "https://127.9.9.9", "https://[::1]:1", "https://localhost:6443"]
ELSEWHERE = [
    "https://10.0.0.1:6443",
    "https://prod.example.com",
    "https://127.0.0.1.example.com:6443",
    "https://localhost.example.com",
    "https://0.0.0.0:6443",
    "https://[::ffff:10.0.0.1]:6443",
    "",
]


@pytest.mark.parametrize("server", HERE)
def test_a_server_on_this_machine_passes(server):
    """No word is needed for a cluster of one's own."""
    guard.check(server, "any", ())


@pytest.mark.parametrize("server", ELSEWHERE)
def test_a_server_elsewhere_is_refused(server):
    """Also one that only looks as if it were here."""
    with pytest.raises(errors.ContextNotAllowed) as caught:
        guard.check(server, "prod", ("staging",))

    assert str(caught.value) == (
        f"Context 'prod' leads to {server}, which is not on this machine.\n"
        "If tests may run there, say so: --podshare-allow-context=prod"
    )


@pytest.mark.parametrize("server", ELSEWHERE)
def test_a_server_elsewhere_passes_by_the_name_of_its_context(server):
    """The positive control: the name lets it pass."""
    guard.check(server, "prod", ("staging", "prod"))
