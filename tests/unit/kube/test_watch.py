"""Tests of waits that share a watch: they see what happened, whatever breaks."""

import contextlib
import http.server
import queue
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_podshare import errors
from pytest_podshare.deadline import Deadline
from pytest_podshare.kube.client import Api
from pytest_podshare.kube.reflector import RESUME_PAUSE, SILENCE
from pytest_podshare.kube.transient import OUTAGE
from pytest_podshare.kube.watch import Watch, wait_for
from tests.support.fake_clock import FakeClock
from tests.support.fake_pods import FakePods, pod

POD = ("web", "uid-1", False)
READY = ("web", "uid-1", True)
DELETED = ("web", None, False)
FAULTS = ("drop", "expire", "refuse", "unreachable", "bookmark")
CHANGES = st.builds(
    lambda name, state: (name, *state),
    st.sampled_from(["web", "other"]),
    st.sampled_from([("uid-1", False), ("uid-1", True), ("uid-2", False), (None, False)]),
)


@pytest.fixture
def clock():
    """Return a clock that never sleeps."""
    return FakeClock()


@pytest.fixture
def watched(clock):
    """Return a function that creates scripted Pods and a watch of them."""

    def start(*script):
        pods = FakePods(script, clock)
        return pods, Watch(pods, "/pods")

    return start


def is_ready(pod):
    """Return whether a Pod is ready."""
    return pod is not None and pod["ready"]


def is_gone(pod):
    """Return whether the first Pod is gone."""
    return pod is None or pod["metadata"]["uid"] != "uid-1"


def exists(pod):
    """Return whether there is a Pod."""
    return pod is not None


def test_a_change_ends_the_wait(watched, clock):
    """There is one list and one watch, and no pause in between."""
    pods, watch = watched(POD, READY)

    seen = watch.wait_for("web", is_ready, Deadline(60, clock))

    assert (seen["metadata"]["uid"], seen["ready"]) == ("uid-1", True)
    assert (pods.lists, pods.watched_from, clock.pauses) == (1, [100], [])


def test_successive_waits_share_the_watch(watched, clock):
    """The second wait starts with what the first one has read."""
    pods, watch = watched(POD, ("other", "uid-2", True), READY, DELETED)

    assert is_ready(watch.wait_for("web", is_ready, Deadline(60, clock)))
    assert is_ready(watch.wait_for("other", is_ready, Deadline(60, clock)))
    assert watch.wait_for("web", is_gone, Deadline(60, clock)) is None

    assert (pods.lists, len(pods.watched_from), pods.open) == (1, 1, 1)


def test_a_timeout_returns_the_last_state(watched, clock):
    """The caller can report it."""
    _, watch = watched(POD)

    seen = watch.wait_for("web", is_ready, Deadline(60, clock))

    assert (seen["metadata"]["name"], seen["ready"]) == ("web", False)
    assert clock.now == 60


def test_a_wait_without_time_still_has_a_result(watched, clock):
    """It just looks once."""
    pods, watch = watched()
    pods.pods["web"] = pod("web", "uid-1", True, 100)

    assert is_ready(watch.wait_for("web", is_ready, Deadline(0, clock)))
    assert watch.wait_for("other", is_ready, Deadline(0, clock)) is None


def test_an_object_is_not_gone_before_the_first_list(watched, clock):
    """An object that is not known yet may exist."""
    pods, watch = watched(("web", "uid-1", True), DELETED)
    pods.step()

    assert watch.wait_for("web", is_gone, Deadline(60, clock)) is None

    assert pods.script == []


def test_a_stream_is_resumed_where_it_ended(watched, clock):
    """There is no second list, and no change is missed, however short its state lasted."""
    pods, watch = watched(POD, "drop", READY, ("web", "uid-1", False), "drop")

    assert is_ready(watch.wait_for("web", is_ready, Deadline(60, clock)))

    assert (pods.lists, pods.watched_from) == (1, [100, 101])


def test_a_stream_is_resumed_at_the_last_bookmark(watched, clock):
    """In a busy cluster the versions of a quiet namespace would become too old."""
    pods, watch = watched(POD, "bookmark", "drop", READY)
    pods.version = 500

    assert is_ready(watch.wait_for("web", is_ready, Deadline(60, clock)))

    assert pods.watched_from == [500, 501]
    assert repr(watch) == "<Watch /pods: 1 objects at 502>"


@pytest.mark.parametrize("fault", ["expire", "refuse"])
def test_a_pod_that_is_not_in_the_list_after_410_is_gone(watched, clock, fault):
    """The watch has no event of its deletion."""
    pods, watch = watched(POD)
    watch.wait_for("web", exists, Deadline(60, clock))
    pods.script = [DELETED, fault]
    # the deletion happens between two reads, and its event expires
    pods.step()
    pods.history.clear()

    assert watch.wait_for("web", is_gone, Deadline(60, clock)) is None

    assert pods.lists == 2


def test_there_is_a_pause_before_an_empty_watch_is_opened_again(watched, clock):
    """Otherwise there would be a thousand requests per second."""
    pods, watch = watched(POD, *["drop"] * 20)

    watch.wait_for("web", is_ready, Deadline(1.0, clock))

    assert clock.pauses[:9] == [RESUME_PAUSE] * 9
    assert len(pods.watched_from) < 20


def test_a_silent_connection_is_replaced(clock):
    """It may be half open, and would be silent forever."""
    pods = FakePods([POD], clock)
    watch = Watch(pods, "/pods")
    stream, pods.stream = pods.stream, _silent(pods)

    def restore_stream(pod):
        if clock.now >= SILENCE:
            pods.stream = stream
        return exists(pod)

    assert watch.wait_for("web", restore_stream, Deadline(60, clock)) is not None
    assert SILENCE <= clock.now <= SILENCE + 2


def test_a_stream_that_was_not_read_for_long_is_replaced(watched, clock):
    """It may have broken in the meantime; the new one starts where the old one was read last."""
    pods, watch = watched(POD, READY)
    watch.wait_for("web", exists, Deadline(60, clock))
    clock.now += SILENCE + 1

    assert is_ready(watch.wait_for("web", is_ready, Deadline(60, clock)))

    assert (pods.lists, pods.watched_from, pods.open) == (1, [100, 101], 1)


def test_states_older_than_a_known_one_are_ignored(watched, clock):
    """A wait for a restart begins with the state before it, which may be newer than the watch."""
    pods, watch = watched(POD, READY)
    watch.wait_for("web", is_ready, Deadline(60, clock))
    pods.script = [("web", "uid-1", False), READY]
    pods.step()
    known = pods.pods["web"]

    seen = watch.wait_for("web", is_ready, Deadline(60, clock), known=known)

    assert int(seen["metadata"]["resourceVersion"]) > int(known["metadata"]["resourceVersion"])
    # control: an older state satisfies
    assert is_ready(pods.history[1]["object"])


def test_an_error_in_the_condition_ends_the_wait_but_not_the_watch(watched, clock):
    """The next wait works as usual."""
    pods, watch = watched(POD, READY)

    def fail(pod):
        if exists(pod):
            raise errors.PodGone("failed", "see why")
        return False

    with pytest.raises(errors.PodGone):
        watch.wait_for("web", fail, Deadline(60, clock))
    assert is_ready(watch.wait_for("web", is_ready, Deadline(60, clock)))
    assert len(pods.watched_from) == 1


def unreachable(*_, **__):
    """Behave like an API server that does not respond."""
    raise errors.ClusterUnreachable("no answer", "see why")


@pytest.mark.parametrize(("seconds", "longest"), [(60, OUTAGE), (5, 5)])
def test_a_long_outage_is_an_error(watched, clock, seconds, longest):
    """The wait ends before its deadline."""
    pods, watch = watched()
    pods.get = unreachable

    with pytest.raises(errors.ClusterUnreachable):
        watch.wait_for("web", is_ready, Deadline(seconds, clock))

    assert longest <= clock.now <= longest + 1


def test_a_rejected_list_is_an_error_immediately(watched, clock):
    """Waiting would not help."""
    pods, watch = watched()
    pods.get = forbidden

    with pytest.raises(errors.ApiError):
        watch.wait_for("web", is_ready, Deadline(60, clock))
    assert clock.now == 0


def forbidden(*_, **__):
    """Behave like an API server that has not read its roles yet."""
    raise errors.ApiError("forbidden", "ask", status=403, reason="Forbidden", details="")


def test_a_missing_permission_to_watch_is_an_error(watched, clock):
    """If watches were allowed before, it must be denied right after a list."""
    pods, watch = watched(POD)
    watch.wait_for("web", exists, Deadline(5, clock))
    watch.close()
    stream = pods.stream
    start = clock.now

    def deny(*_, **__):
        yield from ()
        raise errors.MissingRight(
            "forbidden", "ask", right="watch pods", cluster_wide=False, status=403
        )

    pods.stream = deny
    with pytest.raises(errors.MissingRight):
        watch.wait_for("web", is_ready, Deadline(60, clock))

    assert clock.now - start < 1
    assert pods.lists == 2
    pods.stream, pods.script = stream, [READY]
    assert is_ready(watch.wait_for("web", is_ready, Deadline(60, clock)))


@pytest.mark.parametrize("away", [unreachable, forbidden])
def test_a_wait_survives_restarts_of_the_api_server(watched, clock, away):
    """Afterwards it sees what happened to the Pod in the meantime."""
    pods, watch = watched(POD)
    get_pods = pods.get
    watch.wait_for("web", exists, Deadline(60, clock))

    for uid in ("uid-2", "uid-3"):
        pods.script = ["expire", ("web", uid, True)]
        back = clock.now + OUTAGE - 1

        def get(*path, back=back, **query):
            if clock.now < back:
                away()
            pods.step()
            return get_pods(*path, **query)

        pods.get = get
        seen = watch.wait_for("web", lambda pod, uid=uid: uid_of(pod) == uid, Deadline(60, clock))
        assert (uid_of(seen), clock.now >= back) == (uid, True)


def uid_of(pod):
    """Return the UID of a Pod."""
    return pod and pod["metadata"]["uid"]


def test_a_wait_lists_once_more_at_the_deadline(watched, clock):
    """A half-open connection is silent, whatever happens."""
    pods, watch = watched(POD)
    pods.stream = _silent(pods)
    watch.wait_for("web", exists, Deadline(5, clock))
    pods.pods["web"] = pod("web", "uid-1", True, 500)

    assert is_ready(watch.wait_for("web", is_ready, Deadline(5, clock)))


def test_a_timeout_with_an_unreachable_server_is_an_error(watched, clock):
    """The last state would prove nothing."""
    pods, watch = watched(POD)
    watch.wait_for("web", exists, Deadline(5, clock))
    pods.get = unreachable

    with pytest.raises(errors.ClusterUnreachable):
        watch.wait_for("web", is_ready, Deadline(5, clock))


def test_closing_ends_the_stream(watched, clock):
    """It may be closed twice, and the function `wait_for` closes its own watch."""
    pods, watch = watched(POD)
    watch.wait_for("web", exists, Deadline(60, clock))
    assert pods.open == 1

    watch.close()
    watch.close()

    assert pods.open == 0
    assert wait_for(pods, "/pods", "web", is_ready, Deadline(1, clock)) is not None
    assert pods.open == 0


@pytest.mark.slow
@settings(deadline=None, max_examples=400)
@given(
    before=st.lists(CHANGES, max_size=3),
    unseen=st.lists(CHANGES, max_size=3),
    script=st.lists(st.one_of(CHANGES, st.sampled_from(FAULTS)), max_size=12),
)
def test_a_wait_sees_what_really_happened(before, unseen, script):
    """Ready, gone or neither, whatever is dropped, expires or is refused."""
    clock = FakeClock()
    pods = FakePods([("web", "uid-1", False), *before], clock)
    watch = Watch(pods, "/pods")
    # the first wait reads these changes; those of `unseen` happen afterwards
    watch.wait_for("no such", is_ready, Deadline(1, clock))
    pods.script = [*unseen, "drop", *script]
    for _ in unseen:
        pods.step()
    known = pods.pods.get("web")
    if known is None or known["metadata"]["uid"] != "uid-1":
        return
    version = int(known["metadata"]["resourceVersion"])

    def is_settled(pod):
        return is_gone(pod) or pod["ready"]

    seen = watch.wait_for("web", is_settled, Deadline(60, clock), known=known)

    states = _states(pods, version)
    if "expire" not in script and "refuse" not in script and "unreachable" not in script:
        # no change is missed: it is the first state that settles the wait
        first = next((state for state in states if is_settled(state)), states[-1])
        assert seen == first
    elif is_gone(seen):
        assert any(is_gone(state) for state in states)
    elif seen["ready"]:
        assert seen in states
    else:
        assert not is_settled(states[-1])
        assert seen == states[-1]
    assert pods.open <= 1


def test_many_threads_wait_by_one_watch():
    """One thread reads for all; when it is done, another takes over; none is left."""
    threads = threading.active_count()
    pods = _FedPods()
    watch = Watch(pods, "/pods")
    found = {}

    def wait(name):
        found[name] = watch.wait_for(name, is_ready, Deadline(30))

    waits = [threading.Thread(target=wait, args=(f"pod-{n}",)) for n in range(8)]
    for thread in waits:
        thread.start()
    for n in range(8):
        pods.feed(pod(f"pod-{n}", f"uid-{n}", True, 101 + n))
    for thread in waits:
        thread.join(30)
    watch.close()

    assert {name: seen["metadata"]["uid"] for name, seen in found.items()} == {
        f"pod-{n}": f"uid-{n}" for n in range(8)
    }
    assert (pods.lists, pods.watches) == (1, 1)
    assert threading.active_count() == threads


def test_a_thread_does_not_wait_longer_because_another_reads():
    """Its own deadline counts."""
    pods = _FedPods()
    watch = Watch(pods, "/pods")
    reader = threading.Thread(target=watch.wait_for, args=("web", is_ready, Deadline(30)))
    reader.start()
    pods.is_read.wait(30)

    start = time.monotonic()
    assert watch.wait_for("other", is_ready, Deadline(0.05)) is None

    assert time.monotonic() - start < 20
    pods.feed(pod("web", "uid-1", True, 101))
    reader.join(30)
    watch.close()


@pytest.mark.slow
def test_a_wait_ends_in_time_on_a_silent_connection(tmp_path):
    """Over real HTTP, each wait sets its own timeout on the same stream."""
    with _silent_server() as port, _api(tmp_path, port) as api, Watch(api, "/pods") as watch:
        for seconds in (0.3, 0.1, 0.2):
            start = time.monotonic()
            assert watch.wait_for("web", is_ready, Deadline(seconds)) is None
            assert seconds <= time.monotonic() - start < seconds + 20


class _FedPods:
    """Pods whose changes a test feeds to the watch."""

    def __init__(self):
        self.changes = queue.SimpleQueue()
        self.is_read = threading.Event()
        self.lists = self.watches = 0

    def feed(self, pod):
        self.changes.put({"type": "ADDED", "object": pod})

    def get(self, _path, **_query):
        self.lists += 1
        return {"metadata": {"resourceVersion": "100"}, "items": []}

    def stream(self, _path, **_query):
        self.watches += 1
        while True:
            self.is_read.set()
            yield self.changes.get(timeout=30)


def _states(pods, since):
    """Return all states of the Pod since a version; None while it does not exist."""
    changes = [
        change
        for change in pods.history
        if change["object"]["metadata"]["name"] == "web"
        and int(change["object"]["metadata"]["resourceVersion"]) >= since
    ]
    return [None if change["type"] == "DELETED" else change["object"] for change in changes]


def _silent(pods):
    def stream(_path, *, timeout, **_query):
        pods.clock.sleep(timeout())
        yield from ()

    return stream


@contextlib.contextmanager
def _silent_server():
    """Yield the port of a server whose lists are empty and whose watches are silent."""
    over = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.send_response(200)
            if "watch=true" in self.path:
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                over.wait(30)
                return
            content = b'{"metadata": {"resourceVersion": "1"}, "items": []}'
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            """Keep stderr clean."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_port
        over.set()
        server.shutdown()


@contextlib.contextmanager
def _api(folder, port):
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(f"""
apiVersion: v1
kind: Config
current-context: silent
clusters: [{{name: c, cluster: {{server: "http://127.0.0.1:{port}"}}}}]
contexts: [{{name: silent, context: {{cluster: c, user: u}}}}]
users: [{{name: u, user: {{token: t}}}}]
""")
    with Api(kubeconfig) as api:
        yield api


@pytest.mark.parametrize(("interval", "calls"), [(None, 2), (2.0, 6)])
def test_a_condition_is_checked_at_intervals_though_nothing_changes(
    watched, clock, interval, calls
):
    """It may depend on more than the watched objects."""
    pods, watch = watched(POD)
    checked = []

    def check(_objects):
        checked.append(clock.now)
        return False

    watch.wait_until(check, Deadline(9, clock), interval=interval)

    # the first list, the first change, and the last list
    assert calls + 1 <= len(checked) <= calls + 3
    assert pods.lists == 2
