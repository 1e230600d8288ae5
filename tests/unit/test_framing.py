"""The bytes of an exec session."""

import pytest

from pytest_podshare.kube import framing

MARKER = b"0123456789abcdef"


def frames(stdout, stderr=b"", code=0, size=1000):
    """What a session sends for a command, cut into frames of that size."""
    out, err = stdout + MARKER + b"%d." % code, stderr + MARKER + b"."
    for channel, stream in ((framing.STDOUT, out), (framing.STDERR, err)):
        for at in range(0, len(stream), size):
            yield bytes([channel]) + stream[at : at + size]


def completed(sent):
    """The result of feeding all frames."""
    reply = framing.Reply(MARKER)
    for frame in sent:
        assert reply.feed(frame) is None
    return reply.completed


@pytest.mark.parametrize("size", [1, 2, 7, 16, 17, 1000])
def test_a_reply_is_whole_however_it_is_cut(size):
    """Frames end anywhere, also within the marker."""
    done = completed(frames(b"out\n", b"err", 3, size))

    assert done == framing.Completed(3, b"out\n", b"err")


def test_output_may_hold_any_byte():
    """Binary content, line ends or their lack, and text like the marker's pass unchanged."""
    content = bytes(range(256)) * 3 + MARKER[:-1] + b"\n0."

    assert completed(frames(content, size=5)) == framing.Completed(0, content, b"")


def test_a_reply_without_its_last_byte_is_not_complete():
    """The mutated twin: an exit code may have a second digit on its way."""
    *most, last = frames(b"out", code=1, size=1)

    assert completed(most) is None
    assert completed([*most, last]) is not None


def test_both_outputs_have_to_end():
    """The marker on stdout alone says nothing about stderr."""
    reply = framing.Reply(MARKER)
    reply.feed(b"\x01" + MARKER + b"0.")

    assert reply.completed is None

    reply.feed(b"\x02late" + MARKER + b".")

    assert reply.completed == framing.Completed(0, b"", b"late")


def test_empty_and_unknown_frames_are_passed_over():
    """The server opens each channel with an empty frame."""
    assert completed([b"", b"\x01", b"\x02", b"\x09what", *frames(b"x")]).stdout == b"x"


def test_what_came_so_far_can_be_told():
    """A command that does not end still said something."""
    reply = framing.Reply(MARKER)
    reply.feed(b"\x01some")

    assert reply.partial() == (b"some", b"")


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"status":"Success"}', framing.ExecStatus(True, "")),
        (b'{"status":"Failure","message":"gone"}', framing.ExecStatus(False, "gone")),
        (b"container not found", framing.ExecStatus(False, "container not found")),
        (b"[1]", framing.ExecStatus(False, "[1]")),
        (b"\xff", framing.ExecStatus(False, "\ufffd")),
    ],
)
def test_the_error_channel_is_read_whatever_it_holds(payload, expected):
    """It holds a Status object, most of the time."""
    assert framing.parse_status(payload) == expected
    assert framing.Reply(MARKER).feed(b"\x03" + payload) == expected
