"""The arithmetic of the benchmarks. No time that was measured decides a test."""

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

from benchmarks import (
    __main__,
    benchmark_list,
    growth,
    leaks,
    machine,
    pod_baseline,
    report_page,
    scenario,
    timed_process,
    units,
)
from benchmarks.measurement import Competitor, interleave, timed
from benchmarks.scale import Scale
from benchmarks.scenario import ScenarioTiming
from benchmarks.tables import Comparison, DataTable, Timing
from pytest_podshare.report import grouping, html_page

TIMES = st.lists(st.floats(0, 1000), min_size=1)


def test_percentiles_are_interpolated():
    """Of the numbers from 0 to 100, in any order, each is its own percentile."""
    timing = Timing("", tuple(float(number * 37 % 101) for number in range(101)))

    assert timing.p50 == 50.0
    assert timing.p95 == pytest.approx(95.0)
    assert timing.percentile(0.125) == pytest.approx(12.5)


@given(TIMES)
def test_percentiles_grow_from_the_minimum_to_the_maximum(seconds):
    """With a single run, all of them are equal."""
    timing = Timing("", tuple(seconds))

    assert timing.percentile(0.0) == min(seconds)
    assert timing.percentile(1.0) == max(seconds)
    assert min(seconds) <= timing.p50 <= timing.p95 + 1e-9


def test_a_ratio_says_how_many_times_as_long_ours_takes():
    """Twice as long is 2.00; seventy-six times as fast is 1 : 76."""
    ours, baseline, slow = Timing("ours", (2.0,)), Timing("low", (1.0,)), Timing("slow", (152.0,))

    header, _, first, second, third = Comparison("", (ours, baseline, slow)).lines()

    assert cells(header)[6:] == ["ours : other, p50", "ours : other, p95"]
    assert cells(first)[5:] == ["", "", ""]
    assert cells(second)[5:] == ["1.00 s", "2.00", "2.00"]
    assert cells(third)[5:] == ["-150 s", "1 : 76.0", "1 : 76.0"]


def test_the_data_contain_every_run():
    """They are unrounded, and can be written as JSON."""
    comparison = Comparison("a title", (Timing("ours", (0.1, 0.2)), Timing("theirs", (0.25,))))

    data = json.loads(json.dumps(comparison.data()))

    assert data["title"] == "a title"
    assert [row["seconds"] for row in data["rows"]] == [[0.1, 0.2], [0.25]]
    assert data["rows"][1]["ours : other, p50"] == pytest.approx(0.6)


def test_a_table_is_aligned_markdown():
    """A missing value leaves its cell empty; a zero does not."""
    columns = {"name": units.text, "how many": units.count}
    rows = [{"name": "one", "how many": 1_000_000}, {"name": "none", "how many": 0}, {"name": "?"}]

    lines = DataTable("", columns, rows).lines()

    assert lines == [
        "| name |  how many |",
        "| ---- | --------: |",
        "| one  | 1,000,000 |",
        "| none |         0 |",
        "| ?    |           |",
    ]


@pytest.mark.parametrize(
    ("formatted", "expected"),
    [
        (units.time(0.004711), "4.71 ms"),
        (units.time(0.0471), "47.1 ms"),
        (units.time(0.000042), "0.04 ms"),
        (units.time(-0.12), "-120 ms"),
        (units.time(0.9999), "1.00 s"),
        (units.time(138.2), "138 s"),
        (units.time(0), "0.00 ms"),
        (units.ratio(1.434), "1.43"),
        (units.ratio(0.5), "0.50"),
        (units.ratio(0.013), "1 : 76.9"),
        (units.size(1), "1 B"),
        (units.size(65536), "64 KiB"),
        (units.size(-4096), "-4 KiB"),
        (units.size(1.5 * 2**20), "1.50 MiB"),
        (units.size(2**30), "1 GiB"),
        (units.size(2**42), "4096 GiB"),
        (units.rate(87.4 * 2**20), "87.4 MiB/s"),
    ],
)
def test_numbers_have_three_digits_and_a_unit(formatted, expected):
    """They are for people; the data are unrounded."""
    assert formatted == expected


@given(rounds=st.integers(0, 40), warm_ups=st.integers(0, 5), every=st.integers(1, 7))
def test_competitors_take_turns(rounds, warm_ups, every):
    """All but the slow one are measured in every round, and warm-ups are discarded."""
    order: list[str] = []

    def competitor(name, every=1):
        return Competitor(name, lambda: order.append(name) or float(len(order)), every)

    competitors = (competitor("ours"), competitor("baseline"), competitor("slow", every))
    if rounds == 0:
        return
    comparison = interleave("", competitors, rounds, warm_ups=warm_ups)
    runs = {timing.name: len(timing.seconds) for timing in comparison.timings}

    assert runs == {"ours": rounds, "baseline": rounds, "slow": -(-rounds // every)}
    assert len(order) == 3 * warm_ups + sum(runs.values())
    assert comparison.ours.name == "ours"
    # Here the seconds are the number of the run, which tells whose run it was.
    for timing in comparison.timings:
        assert {order[int(second) - 1] for second in timing.seconds} == {timing.name}


def test_each_competitor_goes_first_equally_often():
    """One that always ran after the slow one would find different caches."""
    order: list[str] = []
    competitors = [
        Competitor(name, lambda name=name: order.append(name) or 0.0) for name in ("a", "b", "c")
    ]

    interleave("", competitors, 6)

    assert [order[position] for position in range(0, 18, 3)] == ["a", "b", "c", "a", "b", "c"]


def test_a_call_is_timed_by_the_given_clock():
    """From immediately before the call until immediately after it."""
    times = iter((10.0, 12.5))

    assert timed(lambda: None, clock=lambda: next(times)) == 2.5


def test_the_total_of_a_scenario_is_the_sum_of_its_parts():
    """The baseline of the total has no checks, and a second start only where the row says so."""
    ours = ScenarioTiming(start=1.0, checks=0.1, restart=2.0, delete=4.9)
    baseline = ScenarioTiming(start=1.0, checks=0.0, restart=2.0, delete=3.0, second_start=2.0)

    rows = {row[""]: row for row in scenario.rows_once([ours], [baseline])}

    assert rows["delete with proof"]["ours : baseline"] == pytest.approx(4.9 / 3.0)
    assert "baseline, p50" not in rows["ten checks"]
    assert rows["total"]["ours, p50"] == pytest.approx(8.0)
    assert rows["total"]["ours : baseline"] == pytest.approx(8.0 / 6.0)
    with_second_start = rows["total, with a second start in the baseline"]
    assert with_second_start["ours : baseline"] == pytest.approx(1.0)


def test_many_scenarios_are_compared_with_the_sum_of_their_baseline():
    """The parts of the baseline are listed; ours is one duration for the whole run."""
    baseline = ScenarioTiming(start=9.0, checks=0.0, restart=4.0, delete=6.0, second_start=9.0)

    many = scenario.rows_many({4: [38.0, 19.0, 20.0], 10: [14.0]}, [baseline], 20)
    rows = {row[""]: row for row in many}

    assert rows["start, 20 at once"]["baseline, p50"] == 9.0
    assert rows["second start, 20 at once"]["baseline, p50"] == 9.0
    assert rows["pytest -n 4"]["ours : baseline"] == pytest.approx(20 / 19)
    title = "pytest -n 4, with a second start in the baseline"
    assert rows[title]["ours : baseline"] == pytest.approx(20 / 28)
    assert rows["pytest -n 10"]["ours : baseline"] == pytest.approx(14 / 19)


@given(size=st.integers(0, 300_000), start=st.integers(0, 1000), chunk=st.integers(1, 100_000))
def test_a_generated_file_has_the_given_size(size, start, chunk):
    """From wherever reading starts."""
    file = io.BufferedReader(growth.GeneratedFile(size))
    file.seek(start)
    chunks = list(iter(lambda: file.read(chunk), b""))

    assert sum(map(len, chunks)) == max(0, size - start)
    assert file.seek(0, io.SEEK_END) == size


@pytest.mark.slow
def test_the_resources_of_a_process_are_counted():
    """An additional socket, file or thread adds one, until it is gone."""
    before = leaks.resources_in_use()
    end = threading.Event()
    thread = threading.Thread(target=end.wait)

    with socket.socket(), Path("README.md").open():
        thread.start()
        during = leaks.resources_in_use()
    end.set()
    thread.join()

    assert during["sockets"] == before["sockets"] + 1
    assert during["open files"] == before["open files"] + 2
    assert during["threads"] == before["threads"] + 1
    assert {**leaks.resources_in_use(), "resident": 0} == {**before, "resident": 0}


@pytest.mark.slow
def test_peak_memory_counts_what_has_been_freed():
    """Until it is reset."""
    before = growth.peak_memory()
    content = b"x" * 2**26
    del content
    peak = growth.peak_memory(reset=False)
    growth.peak_memory()

    assert peak - before > 2**25
    assert growth.peak_memory(reset=False) < peak - 2**25


def test_a_process_that_fails_is_reported_with_its_output():
    """One that succeeds is reported with its CPU seconds."""
    timing = timed_process.run_process([sys.executable, "-c", "sum(range(10**6))"], os.environ)
    failing = [sys.executable, "-c", "print('the reason'); exit(3)"]
    with pytest.raises(AssertionError, match="the reason"):
        timed_process.run_process(failing, os.environ)

    assert timing.cpu > 0


def test_every_module_that_measures_is_in_the_list():
    """And its docstring says what it compares."""
    modules = {
        file.stem
        for file in Path("benchmarks").glob("*.py")
        if "\ndef measure(" in file.read_text()
    }

    assert modules == set(benchmark_list.NAMES)
    for benchmark in benchmark_list.BENCHMARKS:
        assert callable(benchmark.measure)
        assert len(benchmark.description) > 100


def test_benchmarks_run_in_the_order_of_the_list():
    """The most sensitive ones go first, in whatever order they are named; by default all run."""
    selected = benchmark_list.select(["growth", "visible"])

    assert [benchmark.name for benchmark in selected] == ["visible", "growth"]
    assert benchmark_list.select([]) == benchmark_list.BENCHMARKS


def test_an_unknown_benchmark_is_rejected(capsys):
    """With the names of those that exist."""
    assert __main__.main(["visible", "visble"]) == 2
    assert "unknown benchmark visble; choose from: start_up" in capsys.readouterr().out


def test_a_quick_run_measures_a_tenth():
    """At least two rounds, and only the smaller sizes."""
    assert Scale().rounds(300) == 300
    assert Scale(quick=True).rounds(300) == 30
    assert Scale(quick=True).rounds(3) == 2
    assert Scale(quick=True).sizes((1, 10, 50, 200)) == (1, 10)


def test_a_busy_machine_is_reported():
    """An idle one is not."""
    assert "load 3.2" in machine.load_warning(3.2)
    assert machine.load_warning(1.2) == ""


def test_what_the_baseline_waits_for():
    """A Pod is ready when its condition says so; a container has restarted when its ID is new."""
    ready = {"conditions": [{"type": "Initialized", "status": "True"}]}
    pod = {"status": {**ready, "containerStatuses": [status("c1", "old", ready=True)]}}

    assert not pod_baseline.is_ready({"status": {}})
    assert not pod_baseline.is_ready(pod)
    ready["conditions"].append({"type": "Ready", "status": "True"})
    assert pod_baseline.is_ready(pod)
    assert not pod_baseline.has_restarted(pod, "c1", "old")
    assert pod_baseline.has_restarted(pod, "c1", "older")
    pod["status"]["containerStatuses"] = [status("c1", "new", ready=False)]
    assert not pod_baseline.has_restarted(pod, "c1", "old")


def test_the_pods_of_the_baseline_are_those_of_the_scenario():
    """Except for their names, and for images that are present already."""
    one, other = pod_baseline.sharevol(1), pod_baseline.sharevol(2)

    assert (one["metadata"]["name"], other["metadata"]["name"]) == ("sharevol-1", "sharevol-2")
    assert one["spec"] == other["spec"]
    containers = one["spec"]["containers"]
    assert all(container["imagePullPolicy"] == "IfNotPresent" for container in containers)


def status(name, container_id, *, ready):
    """Return the status of a container."""
    return {"name": name, "containerID": container_id, "ready": ready}


def cells(line):
    """Return the cells of a line of Markdown."""
    return [cell.strip() for cell in re.split(r" ?\| ?", line)[1:-1]]


def test_the_page_of_a_run_has_every_promise_of_every_template():
    """One template in ten is rejected, and the evidence of the others is on the page."""
    phases = report_page.list_phases(12)
    manifests = grouping.group_by_manifest(check for phase in phases for check in phase.checks)
    templates = [template for manifest in manifests for template in manifest.templates]
    html = html_page.render(phases, html_page.RunInfo("project", "1a2b3c4d"))

    assert [len(manifest.templates) for manifest in manifests] == [3, 3, 3, 3]
    assert [bool(template.checked) for template in templates].count(False) == 2
    assert min(len(template.records) for template in templates) >= 5
    assert html.count("sha256 6584c2be") > sum(len(template.checked) for template in templates)
