"""The benchmarks' own arithmetic: whoever compares has to compare rightly. No time decides here."""

import io
import json
import os
import re
import socket
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import __main__, asked, bare, catalogue, figures, growth, leaks, running, scenario
from benchmarks.figures import Comparison, Listing, Timing
from benchmarks.interleaving import Competitor, interleave, timed
from benchmarks.scenario import Parts

TIMES = st.lists(st.floats(0, 1000), min_size=1)


def test_percentiles_lie_between_the_nearest_two():
    """Of the numbers from 0 to 100 each is its own percentile, in whatever order they come."""
    timing = Timing("", tuple(float(number * 37 % 101) for number in range(101)))

    assert timing.p50 == 50.0
    assert timing.p95 == pytest.approx(95.0)
    assert timing.at(0.125) == pytest.approx(12.5)


@given(TIMES)
def test_percentiles_grow_from_the_least_to_the_most(seconds):
    """With one run, all of them are that one."""
    timing = Timing("", tuple(seconds))

    assert timing.at(0.0) == min(seconds)
    assert timing.at(1.0) == max(seconds)
    assert min(seconds) <= timing.p50 <= timing.p95 + 1e-9


def test_a_ratio_says_how_many_times_as_long_ours_takes():
    """Twice as long is 2.00; seventy-six times as quick is 1 : 76."""
    ours, floor, slow = Timing("ours", (2.0,)), Timing("floor", (1.0,)), Timing("slow", (152.0,))

    header, _, first, second, third = Comparison("", (ours, floor, slow)).lines()

    assert cells(header)[6:] == ["ours : it, p50", "ours : it, p95"]
    assert cells(first)[5:] == ["", "", ""]
    assert cells(second)[5:] == ["1.00 s", "2.00", "2.00"]
    assert cells(third)[5:] == ["-150 s", "1 : 76.0", "1 : 76.0"]


def test_programs_get_every_single_time():
    """Unrounded, so that anybody can count again; and it is JSON."""
    comparison = Comparison("a title", (Timing("ours", (0.1, 0.2)), Timing("theirs", (0.25,))))

    data = json.loads(json.dumps(comparison.data()))

    assert data["title"] == "a title"
    assert [row["seconds"] for row in data["rows"]] == [[0.1, 0.2], [0.25]]
    assert data["rows"][1]["ours : it, p50"] == pytest.approx(0.6)


def test_a_table_is_markdown_whose_columns_stand_below_each_other():
    """A figure that is missing stays empty, and one that is zero does not."""
    columns = {"name": figures.text, "how many": figures.count}
    rows = [{"name": "one", "how many": 1_000_000}, {"name": "none", "how many": 0}, {"name": "?"}]

    lines = Listing("", columns, rows).lines()

    assert lines == [
        "| name |  how many |",
        "| ---- | --------: |",
        "| one  | 1,000,000 |",
        "| none |         0 |",
        "| ?    |           |",
    ]


@pytest.mark.parametrize(
    ("spelled", "expected"),
    [
        (figures.time(0.004711), "4.71 ms"),
        (figures.time(0.0471), "47.1 ms"),
        (figures.time(0.000042), "0.04 ms"),
        (figures.time(-0.12), "-120 ms"),
        (figures.time(0.9999), "1.00 s"),
        (figures.time(138.2), "138 s"),
        (figures.time(0), "0.00 ms"),
        (figures.ratio(1.434), "1.43"),
        (figures.ratio(0.5), "0.50"),
        (figures.ratio(0.013), "1 : 76.9"),
        (figures.size(1), "1 B"),
        (figures.size(65536), "64 KiB"),
        (figures.size(-4096), "-4 KiB"),
        (figures.size(1.5 * 2**20), "1.50 MiB"),
        (figures.size(2**30), "1 GiB"),
        (figures.size(2**42), "4096 GiB"),
        (figures.rate(87.4 * 2**20), "87.4 MiB/s"),
    ],
)
def test_figures_are_spelled_with_three_digits_and_a_unit(spelled, expected):
    """As people read them."""
    assert spelled == expected


@given(rounds=st.integers(0, 40), warm_ups=st.integers(0, 5), every=st.integers(1, 7))
def test_competitors_take_turns(rounds, warm_ups, every):
    """All are measured in each round but the slow one, and what warms up is not kept."""
    order: list[str] = []

    def competitor(name, every=1):
        return Competitor(name, lambda: order.append(name) or float(len(order)), every)

    three = (competitor("ours"), competitor("floor"), competitor("slow", every))
    if rounds == 0:
        return
    comparison = interleave("", three, rounds, warm_ups=warm_ups)
    runs = {each.name: len(each.seconds) for each in comparison.timings}

    assert runs == {"ours": rounds, "floor": rounds, "slow": -(-rounds // every)}
    assert len(order) == 3 * warm_ups + sum(runs.values())
    assert comparison.ours.name == "ours"
    # each kept time is of its own run: here, the run's number
    for each in comparison.timings:
        assert {order[int(second) - 1] for second in each.seconds} == {each.name}


def test_each_competitor_goes_first_as_often_as_the_others():
    """Whoever always came after the slow one would find other caches."""
    order: list[str] = []
    three = [
        Competitor(name, lambda name=name: order.append(name) or 0.0) for name in ("a", "b", "c")
    ]

    interleave("", three, 6)

    assert [order[at] for at in range(0, 18, 3)] == ["a", "b", "c", "a", "b", "c"]


def test_a_call_is_timed_by_the_clock_that_is_given():
    """From right before it until right after it."""
    moments = iter((10.0, 12.5))

    assert timed(lambda: None, clock=lambda: next(moments)) == 2.5


def test_the_scenarios_total_is_of_its_parts():
    """The floor of the total has no checks, and no second start unless it is said."""
    ours = Parts(start=1.0, checks=0.1, restart=2.0, delete=4.9)
    floor = Parts(start=1.0, checks=0.0, restart=2.0, delete=3.0, again=2.0)

    rows = {row[""]: row for row in scenario.once([ours], [floor])}

    assert rows["delete with proof"]["ours : floor"] == pytest.approx(4.9 / 3.0)
    assert "floor, p50" not in rows["ten checks"]
    assert rows["all of it"]["ours, p50"] == pytest.approx(8.0)
    assert rows["all of it"]["ours : floor"] == pytest.approx(8.0 / 6.0)
    assert rows["… with a second start in the floor"]["ours : floor"] == pytest.approx(1.0)


def test_many_scenarios_are_compared_with_the_sum_of_their_floors():
    """The parts of the floor are listed, and ours is one figure for the whole run."""
    floor = Parts(start=9.0, checks=0.0, restart=4.0, delete=6.0, again=9.0)

    rows = {row[""]: row for row in scenario.many({4: [38.0, 19.0, 20.0], 10: [14.0]}, [floor], 20)}

    assert rows["start, 20 at once"]["floor, p50"] == 9.0
    assert rows["pytest -n 4"]["ours : floor"] == pytest.approx(20 / 19)
    title = "pytest -n 4, with a second start in the floor"
    assert rows[title]["ours : floor"] == pytest.approx(20 / 28)
    assert rows["pytest -n 10"]["ours : floor"] == pytest.approx(14 / 19)


@given(size=st.integers(0, 300_000), start=st.integers(0, 1000), piece=st.integers(1, 100_000))
def test_an_endless_file_has_its_end(size, start, piece):
    """As many bytes as were asked for, from wherever one begins to read."""
    file = io.BufferedReader(growth.Endless(size))
    file.seek(start)
    pieces = list(iter(lambda: file.read(piece), b""))

    assert sum(map(len, pieces)) == max(0, size - start)
    assert file.seek(0, io.SEEK_END) == size


@pytest.mark.slow
def test_what_a_process_holds_is_counted():
    """A socket, a file and a thread more are each one more; without them it is as before."""
    before = leaks.taken()
    end = threading.Event()
    thread = threading.Thread(target=end.wait)

    with socket.socket(), Path("README.md").open():
        thread.start()
        during = leaks.taken()
    end.set()
    thread.join()

    assert during["sockets"] == before["sockets"] + 1
    assert during["open files"] == before["open files"] + 2
    assert during["threads"] == before["threads"] + 1
    assert {**leaks.taken(), "resident": 0} == {**before, "resident": 0}


def test_the_most_memory_is_of_what_was_held_meanwhile():
    """Also of what is free again by then; and the next measurement begins without it."""
    before = growth.most_memory()
    content = b"x" * 2**26
    del content
    most = growth.most_memory(anew=False)
    growth.most_memory()

    assert most - before > 2**25
    assert growth.most_memory(anew=False) < most - 2**25


def test_a_process_that_fails_is_told_with_what_it_said():
    """And one that does not, with the time of the processor that it took."""
    ran = running.process([sys.executable, "-c", "sum(range(10**6))"], os.environ)
    with pytest.raises(AssertionError, match="the reason"):
        running.process([sys.executable, "-c", "print('the reason'); exit(3)"], os.environ)

    assert ran.cpu > 0


def test_every_module_that_measures_is_a_benchmark():
    """None is forgotten in the catalogue, and each says what it compares."""
    modules = {
        file.stem
        for file in Path("benchmarks").glob("*.py")
        if "\ndef measure(" in file.read_text()
    }

    assert modules == set(catalogue.NAMES)
    assert all(callable(each.measure) and len(each.about) > 100 for each in catalogue.BENCHMARKS)


def test_benchmarks_run_in_their_own_order():
    """What is disturbed most easily goes first, however they are named; all of them if none is."""
    assert [each.name for each in catalogue.chosen(["growth", "visible"])] == ["visible", "growth"]
    assert catalogue.chosen([]) == catalogue.BENCHMARKS


def test_a_benchmark_that_is_not_there_is_refused(capsys):
    """With the names of those that are."""
    assert __main__.main(["visible", "visble"]) == 2
    assert "there is no benchmark visble; there are: start_up" in capsys.readouterr().out


def test_a_quick_run_does_a_tenth():
    """And never fewer than two rounds, and the smaller sizes."""
    assert asked.Asked().rounds(300) == 300
    assert asked.Asked(quick=True).rounds(300) == 30
    assert asked.Asked(quick=True).rounds(3) == 2
    assert asked.Asked(quick=True).sizes((1, 10, 50, 200)) == (1, 10)


def test_a_busy_machine_is_told():
    """And a quiet one is not."""
    assert "load 3.2" in asked.noise(3.2)
    assert asked.noise(1.2) == ""


def test_what_the_floor_waits_for():
    """A Pod is ready when the kubelet says so, a container anew when it has another id."""
    ready = {"conditions": [{"type": "Initialized", "status": "True"}]}
    pod = {"status": {**ready, "containerStatuses": [status("c1", "old", ready=True)]}}

    assert not bare.is_ready({"status": {}})
    assert not bare.is_ready(pod)
    ready["conditions"].append({"type": "Ready", "status": "True"})
    assert bare.is_ready(pod)
    assert not bare.is_anew(pod, "c1", "old")
    assert bare.is_anew(pod, "c1", "older")
    pod["status"]["containerStatuses"] = [status("c1", "new", ready=False)]
    assert not bare.is_anew(pod, "c1", "old")


def test_the_floors_pods_are_those_of_the_scenario():
    """But for their names, and for images that are there already."""
    one, other = bare.sharevol(1), bare.sharevol(2)

    assert (one["metadata"]["name"], other["metadata"]["name"]) == ("sharevol-1", "sharevol-2")
    assert one["spec"] == other["spec"]
    assert all(each["imagePullPolicy"] == "IfNotPresent" for each in one["spec"]["containers"])


def status(name, container_id, *, ready):
    """What the kubelet says of a container."""
    return {"name": name, "containerID": container_id, "ready": ready}


def cells(line):
    """The cells of a line of Markdown."""
    return [cell.strip() for cell in re.split(r" ?\| ?", line)[1:-1]]
