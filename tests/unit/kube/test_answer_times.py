"""How fast an API server answers."""

import pytest

from pytest_podshare.kube.answer_times import AnswerTimes


def test_the_last_answers_count_most():
    """A server that becomes slow is soon known to be slow, and one answer is not enough."""
    answers, seen = AnswerTimes(), []

    for seconds in (0.01, 0.01, 1.0, *[1.0] * 20):
        answers.add(200, seconds)
        seen.append(answers.seconds)

    assert seen[2] < 0.2
    assert seen[-1] == pytest.approx(0.9, abs=0.1)


def test_a_refusal_for_too_many_requests_is_reported_once():
    """Other errors are no sign of load."""
    answers = AnswerTimes()
    answers.add(404, 0.01)
    assert not answers.take_throttled()

    answers.add(429, 0.01)

    assert [answers.take_throttled() for _ in range(2)] == [True, False]
