"""How many groups are deployed at the same time."""

import pytest

from pytest_podshare.plugin.width import FIRST, MOST, Load, Width

EASY, PENDING, SLOW, THROTTLED = (
    Load(answer=0.01),
    Load(is_pending=True),
    Load(answer=2.0),
    Load(is_throttled=True),
)


def test_it_grows_while_pods_become_ready_without_trouble():
    """By one for each deployment, up to a limit."""
    width, seen = Width(), []

    for _ in range(MOST):
        seen.append(width.value)
        width.update(EASY)

    assert seen[:3] == [FIRST, FIRST + 1, FIRST + 2]
    assert width.value == MOST


@pytest.mark.parametrize("load", [PENDING, SLOW, THROTTLED])
def test_it_halves_when_the_cluster_cannot_take_more(load):
    """And one group is always at work."""
    width, seen = Width(), []
    for _ in range(MOST):
        width.update(EASY)

    for _ in range(5):
        width.update(load)
        seen.append(width.value)

    assert seen == [MOST // 2, MOST // 4, 1, 1, 1]
    width.update(EASY)
    assert width.value == 2


@pytest.mark.parametrize("load", [EASY, PENDING])
def test_a_fixed_width_stays(load):
    """Whatever the cluster shows."""
    width = Width(5)

    width.update(load)

    assert width.value == 5
