"""The bytes of an exec session."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_podshare import errors
from pytest_podshare.kube.exec import protocol

MARKER = b"0123456789abcdef"


def frames(stdout, stderr=b"", code=0, size=1000):
    """What a session sends for a command, cut into frames of that size."""
    out, err = stdout + MARKER + b"%d." % code, stderr + MARKER + b"."
    for channel, stream in ((protocol.STDOUT, out), (protocol.STDERR, err)):
        for at in range(0, len(stream), size):
            yield bytes([channel]) + stream[at : at + size]


def completed(sent, **how):
    """The result of feeding all frames."""
    reply = protocol.ReplyParser(MARKER, **how)
    for frame in sent:
        assert reply.feed(frame) is None
    return reply.completed


@pytest.mark.parametrize("size", [1, 2, 7, 16, 17, 1000])
def test_a_reply_is_whole_however_it_is_cut(size):
    """Frames end anywhere, also within the marker."""
    done = completed(frames(b"out\n", b"err", 3, size))

    assert done == protocol.Completed(3, b"out\n", b"err")


def test_output_may_hold_any_byte():
    """Binary content, line ends or their lack, and text like the marker's pass unchanged."""
    content = bytes(range(256)) * 3 + MARKER[:-1] + b"\n0."

    assert completed(frames(content, size=5)) == protocol.Completed(0, content, b"")


# bytes among which the beginnings of the marker are frequent
NEARLY = st.lists(
    st.one_of(
        st.binary(max_size=8),
        st.integers(0, len(MARKER) - 1).map(lambda end: MARKER[:end]),
        st.integers(1, len(MARKER)).map(lambda start: MARKER[start:]),
    ),
    max_size=6,
).map(b"".join)

CUTS = st.tuples(st.sampled_from([protocol.STDOUT, protocol.STDERR]), st.integers(0, 40))


@st.composite
def exchanges(draw):
    """A command's two outputs and exit code, and the frames in which they come."""
    out, err = (draw(NEARLY.filter(lambda it: MARKER not in it + MARKER[:-1])) for _ in "oe")
    code = draw(st.integers(0, 255))
    streams = {
        protocol.STDOUT: out + MARKER + b"%d." % code,
        protocol.STDERR: err + MARKER + b".",
    }
    sent = []
    for channel, size in draw(st.lists(CUTS, max_size=12)):
        sent.append(bytes([channel]) + streams[channel][:size])
        streams[channel] = streams[channel][size:]
    sent += [bytes([channel]) + left for channel, left in streams.items()]
    return protocol.Completed(code, out, err), sent


@pytest.mark.slow
@given(exchanges())
def test_any_outputs_come_whole_in_any_frames(exchange):
    """Whatever they hold, however they are cut, in whatever order the two outputs come."""
    expected, sent = exchange

    assert expected == completed(sent)
    assert completed(sent[:-1]) is None or sent[-1][1:] == b""
    assert completed([frame for frame in sent if frame[0] == protocol.STDOUT]) is None


@pytest.mark.slow
@given(exchanges())
def test_a_sink_gets_the_output_and_nothing_is_kept(exchange):
    """The same parts in the same order, and never more held back than a part of a marker."""
    expected, sent = exchange
    parts = []
    reply = protocol.ReplyParser(MARKER, to=parts.append)

    for frame in sent:
        reply.feed(frame)
        assert len(reply.partial()[0]) < len(MARKER)

    assert expected.stdout == b"".join(parts)
    assert reply.completed == protocol.Completed(expected.returncode, b"", expected.stderr)


@pytest.mark.slow
@given(exchanges(), st.binary(max_size=20))
def test_a_quick_reply_ends_with_stdout_alone(exchange, stray):
    """What comes on stderr is of somebody else, and what comes after the end as well."""
    expected, sent = exchange
    out = [frame for frame in sent if frame[:1] == bytes([protocol.STDOUT])]

    done = completed([b"\x02" + stray, *out, b"\x01" + stray], inline=True)

    assert protocol.Completed(expected.returncode, expected.stdout, b"") == done


def test_a_reply_without_its_last_byte_is_not_complete():
    """The mutated twin: an exit code may have a second digit on its way."""
    *most, last = frames(b"out", code=1, size=1)

    assert completed(most) is None
    assert completed([*most, last]) is not None


def test_both_outputs_have_to_end():
    """The marker on stdout alone says nothing about stderr."""
    reply = protocol.ReplyParser(MARKER)
    reply.feed(b"\x01" + MARKER + b"0.")

    assert reply.completed is None

    reply.feed(b"\x02late" + MARKER + b".")

    assert reply.completed == protocol.Completed(0, b"", b"late")


@pytest.mark.parametrize("channel", [protocol.STDOUT, protocol.STDERR])
def test_an_output_without_an_end_is_an_error(channel):
    """What is kept in memory is bounded; what is handed on is not, and needs no memory."""
    frame, handed_on = bytes([channel]) + bytes(1000), []
    reply = protocol.ReplyParser(MARKER, largest=10_000)

    for _ in range(10):
        reply.feed(frame)
    with pytest.raises(errors.OutputTooLarge, match="has printed more than"):
        reply.feed(frame)

    streamed = protocol.ReplyParser(MARKER, to=handed_on.append, largest=10_000)
    for _ in range(12):
        streamed.feed(bytes([protocol.STDOUT]) + bytes(1000))

    assert sum(map(len, handed_on)) > 11_000
    assert completed(frames(bytes(9_000)), largest=10_000).returncode == 0


def test_empty_and_unknown_frames_are_passed_over():
    """The server opens each channel with an empty frame."""
    assert completed([b"", b"\x01", b"\x02", b"\x09what", *frames(b"x")]).stdout == b"x"


def test_what_came_so_far_can_be_told():
    """A command that does not end still said something."""
    reply = protocol.ReplyParser(MARKER)
    reply.feed(b"\x01some")

    assert reply.partial() == (b"some", b"")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"status":"Success"}', protocol.ExecStatus(True, "")),
        (b'{"status":"Failure","message":"gone"}', protocol.ExecStatus(False, "gone")),
        (b"container not found", protocol.ExecStatus(False, "container not found")),
        (b"[1]", protocol.ExecStatus(False, "[1]")),
        (b"\xff", protocol.ExecStatus(False, "\ufffd")),
    ],
)
def test_the_error_channel_is_read_whatever_it_holds(payload, expected):
    """It holds a Status object, most of the time."""
    assert protocol.parse_status(payload) == expected
    assert protocol.ReplyParser(MARKER).feed(b"\x03" + payload) == expected


@settings(deadline=None, max_examples=40)
@given(out=st.binary(max_size=200), err=st.binary(max_size=50), code=st.integers(0, 125))
def test_a_real_shell_says_what_the_script_made_it_say(here, out, err, code):
    """Any bytes on both outputs, any exit code, and the commands after it are not disturbed."""
    escaped = (b"".join(b"\\%03o" % byte for byte in each) for each in (out, err))
    script = b"printf '%s'; printf '%s' >&2; exit %d" % (*escaped, code)

    assert here.run(script) == protocol.Completed(code, out, err)
    assert here.run_inline(b"printf next; printf nothing >&2; false") == protocol.Completed(
        1, b"next", b""
    )


def test_a_script_cannot_swallow_the_commands_after_it(here):
    """Its stdin is empty, whichever way it is sent."""
    assert here.run(b"cat; echo end").stdout == b"end\n"
    assert here.run_inline(b"cat; echo end").stdout == b"end\n"

    here.enqueue(b"cat; echo end")

    assert here.run(b"echo next") == protocol.Completed(0, b"next\n", b"")


@pytest.mark.slow
def test_what_was_posted_is_done_before_the_next_command(here, tmp_path):
    """Nobody waited for it, and nothing of it is heard."""
    here.enqueue(b"sleep 0.2; echo done > %s/f; echo said; echo told >&2" % bytes(tmp_path))

    assert here.run_inline(b"cat %s/f" % bytes(tmp_path)) == protocol.Completed(0, b"done\n", b"")


def test_a_failing_redirection_does_not_end_the_shell(here):
    """Nor does a command that is not there."""
    assert here.run_inline(b"printf x > /no/such/folder/f").returncode != 0
    assert here.run_inline(b"read -r line < /no/such/file").returncode != 0
    assert here.run_inline(b"no-such-command").returncode == 127
    assert here.run(b"exit 3").returncode == 3
    assert here.run_inline(b":").returncode == 0


@pytest.mark.parametrize(
    ("said", "lacks_program"),
    [
        ('exec failed: exec: "sh": executable file not found in $PATH: unknown', True),
        ("executable file `sh` not found in $PATH: No such file or directory", True),
        ('exec: "/bin/sh": stat /bin/sh: no such file or directory', True),
        ('error finding executable "sh" in PATH []: no such file or directory', True),
        (
            "adding pid 7 to cgroups: /sys/fs/cgroup/x/cgroup.procs: no such file or directory",
            False,
        ),
        ("open /proc/7/ns/ipc: no such file or directory", False),
        ("container is not running", False),
    ],
)
def test_a_program_that_is_not_there_is_told_from_a_container_that_ends(said, lacks_program):
    """Both lack a file, and only the one will lack it for ever."""
    assert protocol.ExecStatus(False, said).lacks_program is lacks_program
