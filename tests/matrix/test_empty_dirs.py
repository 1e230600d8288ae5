"""Generated Pods with an emptyDir, on disk or in memory."""

VOLUMES = ("emptyDir", "emptyDir in memory")


def test_every_verdict_on_an_empty_dir_is_what_kubectl_shows(find_wrong_verdicts, choice):
    """The static check, the promises, the live mounts and kubectl agree."""
    assert find_wrong_verdicts(choice) == []
