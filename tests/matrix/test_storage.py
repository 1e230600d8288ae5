"""Generated Pods with storage that outlives them, or has a claim of its own."""

VOLUMES = ("hostPath", "claim", "ephemeral")


def test_every_verdict_on_storage_is_what_kubectl_shows(find_wrong_verdicts, choice):
    """The static check, the promises, the live mounts and kubectl agree."""
    assert find_wrong_verdicts(choice) == []
