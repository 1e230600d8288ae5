"""Generated Pods with a volume that only the kubelet fills."""

VOLUMES = (
    *("configMap", "configMap with items", "secret", "secret, mode 0400"),
    *("downwardAPI", "projected", "projected, mode 0400"),
)


def test_every_verdict_on_a_config_volume_is_what_kubectl_shows(find_wrong_verdicts, choice):
    """The static check, the promises, the live mounts and kubectl agree."""
    assert find_wrong_verdicts(choice) == []
