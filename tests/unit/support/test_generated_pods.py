"""The sets of generated Pods."""

import importlib
import itertools

import pytest

from tests.support.generated_pods import FACTORS, VOLUMES, build, pairwise, template_of


def missing_pairs(choices):
    """Return the pairs of values that do not occur together."""
    return [
        (one, other, values)
        for one, other in itertools.combinations(FACTORS, 2)
        for values in itertools.product(FACTORS[one], FACTORS[other])
        if values not in {(choice[one], choice[other]) for choice in choices}
    ]


@pytest.mark.parametrize("seed", range(4))
def test_every_two_values_of_two_factors_occur_together(seed):
    """In each set; if the first Pods are left out, some pair is missing."""
    choices = pairwise(seed)

    assert missing_pairs(choices) == []
    assert missing_pairs(choices[12:]) != []


def test_sets_differ():
    """Each seed has a set of its own, which is the same in every run and every process."""
    assert pairwise(1) == pairwise(1)
    assert pairwise(1) != pairwise(2)


def test_the_wiring_has_the_values_of_the_choice():
    """For example the role, the user and the subPath of each container."""
    choice = {factor: list(values)[-1] for factor, values in FACTORS.items()}

    wiring = template_of(build(choice, "p", "node")).wiring

    writer, reader = wiring.container("writer"), wiring.container("reader")
    assert (writer.role, writer.user) == ("sidecar", 1000)
    assert (reader.role, reader.user) == ("sidecar", 2000)
    assert [mount.sub_path for mount in reader.mounts] == ["other"]
    assert wiring.volume("v").kind == "projected"
    assert wiring.fs_group == 3000


def test_each_volume_is_tested_by_one_file():
    """A volume that no file names would not be tested."""
    files = [
        importlib.import_module(f"tests.matrix.test_{name}")
        for name in ("empty_dirs", "storage", "config_volumes")
    ]

    assert sorted(volume for file in files for volume in file.VOLUMES) == sorted(VOLUMES)
