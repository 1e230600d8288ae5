"""One watch for all waits: what it tells is what happened, whatever becomes of the connection."""

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
    """A clock that never sleeps."""
    return FakeClock()


@pytest.fixture
def watched(clock):
    """A function that gives the Pods of a script, and a watch of them."""

    def make(*script):
        pods = FakePods(script, clock)
        return pods, Watch(pods, "/pods")

    return make


def is_ready(seen):
    """What a wait for readiness asks."""
    return seen is not None and seen["ready"]


def is_gone(seen):
    """What a wait for a deletion asks."""
    return seen is None or seen["metadata"]["uid"] != "uid-1"


def test_a_change_ends_the_wait(watched, clock):
    """One list, one watch, and no pause in between."""
    pods, watch = watched(POD, READY)

    seen = watch.wait_for("web", is_ready, Deadline(60, clock))

    assert (seen["metadata"]["uid"], seen["ready"]) == ("uid-1", True)
    assert (pods.lists, pods.watched_from, clock.pauses) == (1, [100], [])


def test_waits_one_after_another_share_the_watch(watched, clock):
    """The second finds what the first one read, and reads on."""
    pods, watch = watched(POD, ("other", "uid-2", True), READY, DELETED)

    assert is_ready(watch.wait_for("web", is_ready, Deadline(60, clock)))
    assert is_ready(watch.wait_for("other", is_ready, Deadline(60, clock)))
    assert watch.wait_for("web", is_gone, Deadline(60, clock)) is None

    assert (pods.lists, len(pods.watched_from), pods.open) == (1, 1, 1)


def test_the_last_state_is_given_when_nothing_satisfies(watched, clock):
    """Whoever reports a timeout says what was seen."""
    _, watch = watched(POD)

    seen = watch.wait_for("web", is_ready, Deadline(60, clock))

    assert (seen["metadata"]["name"], seen["ready"]) == ("web", False)
    assert clock.now == 60


def test_a_deadline_that_is_over_still_gets_an_answer(watched, clock):
    """A wait of no seconds is a look."""
    pods, watch = watched()
    pods.pods["web"] = pod("web", "uid-1", True, 100)

    assert is_ready(watch.wait_for("web", is_ready, Deadline(0, clock)))
    assert watch.wait_for("other", is_ready, Deadline(0, clock)) is None


def test_nothing_is_gone_before_anything_was_seen(watched, clock):
    """An object that is not known yet is none that is not there."""
    pods, watch = watched(("web", "uid-1", True), DELETED)
    pods.step()

    assert watch.wait_for("web", is_gone, Deadline(60, clock)) is None

    assert pods.script == []


def test_a_stream_that_ends_is_resumed_where_it_ended(watched, clock):
    """Nothing is listed again, and nothing is missed: not even what was so for a moment only."""
    pods, watch = watched(POD, "drop", READY, ("web", "uid-1", False), "drop")

    assert is_ready(watch.wait_for("web", is_ready, Deadline(60, clock)))

    assert (pods.lists, pods.watched_from) == (1, [100, 101])


def test_a_bookmark_moves_the_place_where_a_stream_is_resumed(watched, clock):
    """A quiet namespace does not fall behind a busy cluster."""
    pods, watch = watched(POD, "bookmark", "drop", READY)
    pods.version = 500

    assert is_ready(watch.wait_for("web", is_ready, Deadline(60, clock)))

    assert pods.watched_from == [500, 501]
    assert repr(watch) == "<Watch /pods: 1 objects at 502>"


@pytest.mark.parametrize("fault", ["expire", "refuse"])
def test_a_pod_that_went_while_nobody_could_be_told_is_gone(watched, clock, fault):
    """After 410 the list is what counts: who is not in it has been deleted."""
    pods, watch = watched(POD)
    watch.wait_for("web", lambda seen: seen is not None, Deadline(60, clock))
    pods.script = [DELETED, fault]
    # it happens before anybody reads, and is in no history that a watch could be told
    pods.step()
    pods.history.clear()

    assert watch.wait_for("web", is_gone, Deadline(60, clock)) is None

    assert pods.lists == 2


def test_a_watch_that_breaks_at_once_is_not_begun_again_at_once(watched, clock):
    """Nobody is asked a thousand times in a second."""
    pods, watch = watched(POD, *["drop"] * 20)

    watch.wait_for("web", is_ready, Deadline(1.0, clock))

    assert clock.pauses[:9] == [RESUME_PAUSE] * 9
    assert len(pods.watched_from) < 20


def test_a_connection_that_is_silent_is_given_up_and_begun_anew(clock):
    """Half open, it would say nothing for ever."""
    pods = FakePods([POD], clock)
    watch = Watch(pods, "/pods")
    silent, pods.stream = pods.stream, _silent_once(pods)

    def let_it_speak(seen):
        if clock.now >= SILENCE:
            pods.stream = silent
        return seen is not None

    assert watch.wait_for("web", let_it_speak, Deadline(60, clock)) is not None
    assert SILENCE <= clock.now <= SILENCE + 2


def test_a_stream_that_nobody_has_read_for_long_is_not_trusted(watched, clock):
    """It may have been cut meanwhile; another one begins where it was read last."""
    pods, watch = watched(POD, READY)
    watch.wait_for("web", lambda seen: seen is not None, Deadline(60, clock))
    clock.now += SILENCE + 1

    assert is_ready(watch.wait_for("web", is_ready, Deadline(60, clock)))

    assert (pods.lists, pods.watched_from, pods.open) == (1, [100, 101], 1)


def test_nothing_older_than_what_is_known_satisfies(watched, clock):
    """A restart is waited for from the state before it, which the watch may not have read yet."""
    pods, watch = watched(POD, READY)
    watch.wait_for("web", is_ready, Deadline(60, clock))
    pods.script = [("web", "uid-1", False), READY]
    pods.step()
    known = pods.pods["web"]

    seen = watch.wait_for("web", is_ready, Deadline(60, clock), known=known)

    assert int(seen["metadata"]["resourceVersion"]) > int(known["metadata"]["resourceVersion"])
    # the control: without it the watch has a state that is over
    assert is_ready(pods.history[1]["object"])


def test_what_the_question_raises_ends_the_wait_and_the_watch_goes_on(watched, clock):
    """The next wait is none the worse for it."""
    pods, watch = watched(POD, READY)

    def refuse(seen):
        if seen is not None:
            raise errors.PodGone("hopeless", "see why")
        return False

    with pytest.raises(errors.PodGone):
        watch.wait_for("web", refuse, Deadline(60, clock))
    assert is_ready(watch.wait_for("web", is_ready, Deadline(60, clock)))
    assert len(pods.watched_from) == 1


def unreachable(*_, **__):
    """An API server that does not answer."""
    raise errors.ClusterUnreachable("no answer", "see why")


@pytest.mark.parametrize(("seconds", "longest"), [(60, OUTAGE), (5, 5)])
def test_a_server_that_stays_away_is_told(watched, clock, seconds, longest):
    """A wait does not go on when nothing can be learned for so long."""
    pods, watch = watched()
    pods.get = unreachable

    with pytest.raises(errors.ClusterUnreachable):
        watch.wait_for("web", is_ready, Deadline(seconds, clock))

    assert longest <= clock.now <= longest + 1


def test_a_server_that_refuses_to_list_is_told_at_once(watched, clock):
    """Nothing is to be expected of waiting."""
    pods, watch = watched()
    pods.get = forbidden

    with pytest.raises(errors.ApiError):
        watch.wait_for("web", is_ready, Deadline(60, clock))
    assert clock.now == 0


def forbidden(*_, **__):
    """An API server that has not read its roles yet."""
    raise errors.ApiError("forbidden", "ask", status=403, reason="Forbidden", details="")


def test_an_account_that_may_list_and_not_watch_is_told_so(watched, clock):
    """At once; and where it was let in before, only if it is refused right after a list."""
    pods, watch = watched(POD)
    watch.wait_for("web", lambda seen: seen is not None, Deadline(5, clock))
    watch.close()
    stream = pods.stream
    begun = clock.now

    def refuse(*_, **__):
        yield from ()
        raise errors.MissingRight(
            "forbidden", "ask", right="watch pods", cluster_wide=False, status=403
        )

    pods.stream = refuse
    with pytest.raises(errors.MissingRight):
        watch.wait_for("web", is_ready, Deadline(60, clock))

    assert clock.now - begun < 1
    assert pods.lists == 2
    pods.stream, pods.script = stream, [READY]
    assert is_ready(watch.wait_for("web", is_ready, Deadline(60, clock)))


@pytest.mark.parametrize("away", [unreachable, forbidden])
def test_a_wait_rides_out_a_server_that_is_restarted(watched, clock, away):
    """What became of the Pod is known when it is back, as often as that happens."""
    pods, watch = watched(POD)
    answer = pods.get
    watch.wait_for("web", lambda seen: seen is not None, Deadline(60, clock))

    for uid in ("uid-2", "uid-3"):
        pods.script = ["expire", ("web", uid, True)]
        back = clock.now + OUTAGE - 1

        def get(*path, back=back, **query):
            if clock.now < back:
                away()
            pods.step()
            return answer(*path, **query)

        pods.get = get
        seen = watch.wait_for("web", lambda seen, uid=uid: of(seen) == uid, Deadline(60, clock))
        assert (of(seen), clock.now >= back) == (uid, True)


def of(seen):
    """The UID of what was seen."""
    return seen and seen["metadata"]["uid"]


def test_a_wait_that_ran_out_has_looked_once_more(watched, clock):
    """On a connection that is half open nothing comes, whatever happens."""
    pods, watch = watched(POD)
    pods.stream = _silent_once(pods)
    watch.wait_for("web", lambda seen: seen is not None, Deadline(5, clock))
    pods.pods["web"] = pod("web", "uid-1", True, 500)

    assert is_ready(watch.wait_for("web", is_ready, Deadline(5, clock)))


def test_a_wait_that_ran_out_says_so_of_a_server_that_does_not_answer(watched, clock):
    """That nothing has come means nothing then."""
    pods, watch = watched(POD)
    watch.wait_for("web", lambda seen: seen is not None, Deadline(5, clock))
    pods.get = unreachable

    with pytest.raises(errors.ClusterUnreachable):
        watch.wait_for("web", is_ready, Deadline(5, clock))


def test_closing_ends_the_stream(watched, clock):
    """Also twice; and one object is waited for without leaving anything."""
    pods, watch = watched(POD)
    watch.wait_for("web", lambda seen: seen is not None, Deadline(60, clock))
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
def test_a_wait_says_what_the_sequence_of_states_says(before, unseen, script):
    """Whatever is dropped, expired and refused: ready, gone or neither, as it really was."""
    clock = FakeClock()
    pods = FakePods([("web", "uid-1", False), *before], clock)
    watch = Watch(pods, "/pods")
    # a first wait reads so far; then something happens that nobody has read
    watch.wait_for("no such", is_ready, Deadline(1, clock))
    pods.script = [*unseen, "drop", *script]
    for _ in unseen:
        pods.step()
    known = pods.pods.get("web")
    if known is None or known["metadata"]["uid"] != "uid-1":
        return
    wanted = int(known["metadata"]["resourceVersion"])

    def settled(seen):
        return is_gone(seen) or seen["ready"]

    seen = watch.wait_for("web", settled, Deadline(60, clock), known=known)

    states = _states(pods, wanted)
    if "expire" not in script and "refuse" not in script and "unreachable" not in script:
        # nothing is missed: the very first state that settles it is the one that was seen
        first = next((each for each in states if settled(each)), states[-1])
        assert seen == first
    elif is_gone(seen):
        assert any(is_gone(each) for each in states)
    elif seen["ready"]:
        assert seen in states
    else:
        assert not settled(states[-1])
        assert seen == states[-1]
    assert pods.open <= 1


def test_many_threads_wait_by_one_watch():
    """One reads for all; when its own waiting is over another does; none is left over."""
    threads = threading.active_count()
    pods = _Fed()
    watch = Watch(pods, "/pods")
    found = {}

    def wait(name):
        found[name] = watch.wait_for(name, is_ready, Deadline(30))

    waiting = [threading.Thread(target=wait, args=(f"pod-{n}",)) for n in range(8)]
    for each in waiting:
        each.start()
    for n in range(8):
        pods.feed(pod(f"pod-{n}", f"uid-{n}", True, 101 + n))
    for each in waiting:
        each.join(30)
    watch.close()

    assert {name: seen["metadata"]["uid"] for name, seen in found.items()} == {
        f"pod-{n}": f"uid-{n}" for n in range(8)
    }
    assert (pods.lists, pods.watches) == (1, 1)
    assert threading.active_count() == threads


def test_a_thread_whose_deadline_is_over_does_not_wait_for_the_one_that_reads():
    """Its own time is what counts."""
    pods = _Fed()
    watch = Watch(pods, "/pods")
    reader = threading.Thread(target=watch.wait_for, args=("web", is_ready, Deadline(30)))
    reader.start()
    pods.is_read.wait(30)

    begun = time.monotonic()
    assert watch.wait_for("other", is_ready, Deadline(0.05)) is None

    assert time.monotonic() - begun < 20
    pods.feed(pod("web", "uid-1", True, 101))
    reader.join(30)
    watch.close()


@pytest.mark.slow
def test_a_wait_ends_in_time_on_a_connection_that_says_nothing(tmp_path):
    """Over real HTTP: each wait brings its own patience, on a stream that lasts."""
    with _silent_server() as port, _api(tmp_path, port) as api, Watch(api, "/pods") as watch:
        for seconds in (0.3, 0.1, 0.2):
            begun = time.monotonic()
            assert watch.wait_for("web", is_ready, Deadline(seconds)) is None
            assert seconds <= time.monotonic() - begun < seconds + 20


class _Fed:
    """Pods that a test feeds to whoever watches."""

    def __init__(self):
        self.changes = queue.SimpleQueue()
        self.is_read = threading.Event()
        self.lists = self.watches = 0

    def feed(self, it):
        self.changes.put({"type": "ADDED", "object": it})

    def get(self, _path, **_query):
        self.lists += 1
        return {"metadata": {"resourceVersion": "100"}, "items": []}

    def stream(self, _path, **_query):
        self.watches += 1
        while True:
            self.is_read.set()
            yield self.changes.get(timeout=30)


def _states(pods, since):
    """Every state of the Pod from that version on, with None for its absence."""
    told = [each for each in pods.history if each["object"]["metadata"]["name"] == "web"]
    states = [None if each["type"] == "DELETED" else each["object"] for each in told]
    versions = [int(each["object"]["metadata"]["resourceVersion"]) for each in told]
    return [it for it, version in zip(states, versions, strict=True) if version >= since]


def _silent_once(pods):
    def stream(_path, *, patience, **_query):
        pods.clock.sleep(patience())
        yield from ()

    return stream


@contextlib.contextmanager
def _silent_server():
    """Lists nothing, and opens watches in which nothing ever comes."""
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
            """Say nothing."""

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
