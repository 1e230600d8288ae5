"""The words of reports."""

from pytest_podshare.report import labels


def test_durations_have_up_to_three_digits():
    """The unit depends on the size."""
    times = [0.0004, 0.0075, 0.114, 0.9994, 2.44, 74.6, 724.7]

    assert [labels.format_duration(time) for time in times] == [
        "0.4 ms",
        "7.5 ms",
        "114 ms",
        "999 ms",
        "2.4 s",
        "75 s",
        "12 min 5 s",
    ]
