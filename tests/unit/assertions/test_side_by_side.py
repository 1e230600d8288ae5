"""Assertions of several Pods: at the same time, with one outcome for each."""

import threading
import types

import pytest

from pytest_podshare import errors
from pytest_podshare.assertions.side_by_side import side_by_side
from pytest_podshare.messages import Fact


def pods(*names, manifest=None):
    """Return Pods as far as they are used; those of one workload have the same manifest."""
    return [types.SimpleNamespace(name=name, manifest=manifest or object()) for name in names]


def meeting(count, seconds):
    """Return an assertion that holds if it runs for so many Pods at the same time."""
    barrier = threading.Barrier(count)

    @side_by_side
    def assert_meeting(pod):
        barrier.wait(timeout=seconds)
        return pod.name

    return assert_meeting


def failing(wrong):
    """Return an assertion that fails for the Pods with these names."""

    @side_by_side
    def assert_right(pod, *, volume=None):
        if pod.name in wrong:
            raise wrong[pod.name]
        return f"{pod.name} {volume}"

    return assert_right


def test_pods_are_disrupted_at_the_same_time():
    """All calls are under way before one of them ends; the evidence keeps the order."""
    assert meeting(3, seconds=30)(pods("a", "b", "c")) == ["a", "b", "c"]


def test_pods_of_one_workload_take_turns():
    """Two replicas are never replaced at the same time: this pair never meets."""
    with pytest.raises(threading.BrokenBarrierError):
        meeting(2, seconds=0.2)(pods("a", "b", manifest=object()))


def test_arguments_are_passed_on_for_every_pod():
    """A volume is the same for all Pods."""
    assert failing({})(pods("a", "b"), volume="logs") == ["a logs", "b logs"]


def test_the_error_of_the_first_names_the_others():
    """Facts and cause are those of the first; the headlines of the others follow."""
    first = errors.PromiseBroken("b is wrong", [Fact("why", "it is")], cause="reason", at="f:1")
    wrong = {"b": first, "c": errors.PodGone("c is gone", "Look.")}
    with pytest.raises(errors.PromiseBroken, match="b is wrong") as raised:
        failing(wrong)(pods("a", "b", "c"))
    assert (raised.value.cause, raised.value.at) == ("reason", "f:1")
    assert raised.value.facts == (Fact("why", "it is"), Fact("also", "c is gone"))


def test_an_error_that_is_not_about_the_manifest_names_the_others_too():
    """Its class and remedy stay."""
    wrong = {"a": errors.PodGone("a is gone", "Look."), "b": errors.PodGone("b is gone", "Look.")}
    with pytest.raises(errors.PodGone, match="a is gone") as raised:
        failing(wrong)(pods("a", "b"))
    assert raised.value.facts == (Fact("", "Look."), Fact("also", "b is gone"))


def test_a_single_failure_is_raised_as_it_is():
    """Nothing is added if the others hold."""
    wrong = errors.PromiseBroken("b is wrong")
    with pytest.raises(errors.PromiseBroken) as raised:
        failing({"b": wrong})(pods("a", "b"))
    assert raised.value is wrong


def test_no_pod_proves_nothing():
    """An empty list is an error, not a success."""
    with pytest.raises(ValueError, match="pass at least one"):
        failing({})([])
