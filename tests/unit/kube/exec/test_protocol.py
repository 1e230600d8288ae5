"""Tests of the bytes of an exec session."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_podshare import errors
from pytest_podshare.kube.exec import protocol

MARKER = b"0123456789abcdef"


def frames(stdout, stderr=b"", code=0, size=1000):
    """Yield the reply to a command, cut into frames of that size."""
    out, err = stdout + MARKER + b"%d." % code, stderr + MARKER + b"."
    for channel, stream in ((protocol.STDOUT, out), (protocol.STDERR, err)):
        for start in range(0, len(stream), size):
            yield bytes([channel]) + stream[start : start + size]


def parse(frames, **options):
    """Return the result of all frames."""
    reply = protocol.ReplyParser(MARKER, **options)
    for frame in frames:
        assert reply.feed(frame) is None
    return reply.completed


@pytest.mark.parametrize("size", [1, 2, 7, 16, 17, 1000])
def test_a_reply_is_complete_however_it_is_cut(size):
    """Frames may end anywhere, even within the marker."""
    done = parse(frames(b"out\n", b"err", 3, size))

    assert done == protocol.Completed(3, b"out\n", b"err")


def test_output_may_contain_any_bytes():
    """Binary content, any line breaks, and text similar to the marker are not changed."""
    content = bytes(range(256)) * 3 + MARKER[:-1] + b"\n0."

    assert parse(frames(content, size=5)) == protocol.Completed(0, content, b"")


# bytes that often contain parts of the marker
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
    """Draw a command's two outputs and exit code, and the frames that carry them."""
    out, err = (
        draw(NEARLY.filter(lambda output: MARKER not in output + MARKER[:-1])) for _ in "oe"
    )
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
def test_any_reply_is_complete_in_any_frames(exchange):
    """The outputs may contain anything, and be cut and mixed in any way."""
    expected, sent = exchange

    assert expected == parse(sent)
    assert parse(sent[:-1]) is None or sent[-1][1:] == b""
    assert parse([frame for frame in sent if frame[0] == protocol.STDOUT]) is None


@pytest.mark.slow
@given(exchanges())
def test_a_sink_receives_the_output_and_none_of_it_is_kept(exchange):
    """Never more than a part of a marker is held back."""
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
def test_the_reply_to_an_inline_script_is_its_stdout(exchange, stray):
    """What is on stderr, or follows the marker, comes from another process."""
    expected, sent = exchange
    out = [frame for frame in sent if frame[:1] == bytes([protocol.STDOUT])]

    done = parse([b"\x02" + stray, *out, b"\x01" + stray], inline=True)

    assert protocol.Completed(expected.returncode, expected.stdout, b"") == done


def test_a_reply_without_its_last_byte_is_not_complete():
    """Counterexample: the exit code may have another digit."""
    *most, last = frames(b"out", code=1, size=1)

    assert parse(most) is None
    assert parse([*most, last]) is not None


def test_both_outputs_must_end():
    """After the marker on stdout, stderr may still come."""
    reply = protocol.ReplyParser(MARKER)
    reply.feed(b"\x01" + MARKER + b"0.")

    assert reply.completed is None

    reply.feed(b"\x02late" + MARKER + b".")

    assert reply.completed == protocol.Completed(0, b"", b"late")


@pytest.mark.parametrize("channel", [protocol.STDOUT, protocol.STDERR])
def test_an_endless_output_is_an_error(channel):
    """Collected output is limited; output that is passed on is not, and needs no memory."""
    frame, parts = bytes([channel]) + bytes(1000), []
    reply = protocol.ReplyParser(MARKER, largest=10_000)

    for _ in range(10):
        reply.feed(frame)
    with pytest.raises(errors.OutputTooLarge, match="printed more than"):
        reply.feed(frame)

    streamed = protocol.ReplyParser(MARKER, to=parts.append, largest=10_000)
    for _ in range(12):
        streamed.feed(bytes([protocol.STDOUT]) + bytes(1000))

    assert sum(map(len, parts)) > 11_000
    assert parse(frames(bytes(9_000)), largest=10_000).returncode == 0


def test_empty_and_unknown_frames_are_ignored():
    """The server opens each channel with an empty frame."""
    assert parse([b"", b"\x01", b"\x02", b"\x09what", *frames(b"x")]).stdout == b"x"


def test_partial_output_is_available():
    """A command that does not finish may have printed something."""
    reply = protocol.ReplyParser(MARKER)
    reply.feed(b"\x01some")

    assert reply.partial() == (b"some", b"")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"status":"Success"}', protocol.ExecStatus("", 0)),
        (b'{"status":"Failure","message":"gone"}', protocol.ExecStatus("gone")),
        (
            b'{"message":"exit 3","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}',
            protocol.ExecStatus("exit 3", 3),
        ),
        (b"container not found", protocol.ExecStatus("container not found")),
        (b"[1]", protocol.ExecStatus("[1]")),
        (b"\xff", protocol.ExecStatus("\ufffd")),
    ],
)
def test_the_error_channel_may_contain_anything(payload, expected):
    """Usually it contains a Status object."""
    assert protocol.parse_status(payload) == expected
    assert protocol.ReplyParser(MARKER).feed(b"\x03" + payload) == expected


@settings(deadline=None, max_examples=40)
@given(out=st.binary(max_size=200), err=st.binary(max_size=50), code=st.integers(0, 125))
def test_the_reply_of_a_real_shell_is_parsed(shell, out, err, code):
    """Both outputs may contain any bytes, and the next command is not affected."""
    escaped = (b"".join(b"\\%03o" % byte for byte in output) for output in (out, err))
    script = b"printf '%s'; printf '%s' >&2; exit %d" % (*escaped, code)

    assert shell.run(script) == protocol.Completed(code, out, err)
    assert shell.run_inline(b"printf next; printf nothing >&2; false") == protocol.Completed(
        1, b"next", b""
    )


def test_a_script_cannot_consume_the_next_commands(shell):
    """Its stdin is empty, no matter how it is sent."""
    assert shell.run(b"cat; echo end").stdout == b"end\n"
    assert shell.run_inline(b"cat; echo end").stdout == b"end\n"

    shell.enqueue(b"cat; echo end")

    assert shell.run(b"echo next") == protocol.Completed(0, b"next\n", b"")


@pytest.mark.slow
def test_an_enqueued_script_runs_before_the_next_command(shell, tmp_path):
    """It is not waited for, and its output is discarded."""
    shell.enqueue(b"sleep 0.2; echo done > %s/f; echo out; echo err >&2" % bytes(tmp_path))

    assert shell.run_inline(b"cat %s/f" % bytes(tmp_path)) == protocol.Completed(0, b"done\n", b"")


def test_a_failing_redirection_does_not_end_the_shell(shell):
    """Neither does a missing command."""
    assert shell.run_inline(b"printf x > /no/such/folder/f").returncode != 0
    assert shell.run_inline(b"read -r line < /no/such/file").returncode != 0
    assert shell.run_inline(b"no-such-command").returncode == 127
    assert shell.run(b"exit 3").returncode == 3
    assert shell.run_inline(b":").returncode == 0


@pytest.mark.parametrize(
    ("message", "lacks_program"),
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
def test_a_missing_program_is_not_confused_with_a_stopping_container(message, lacks_program):
    """Both lack a file, but only the image lacks it for good."""
    assert protocol.ExecStatus(message).lacks_program is lacks_program
