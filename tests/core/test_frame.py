"""I3: however a stream is cut, the same frames come out, and memory held stays under the cap."""

import pickle
from collections.abc import Iterator
from itertools import pairwise

import pytest
import strategies as ours
from hypothesis import given
from hypothesis import strategies as st

import smpp_core as smpp
from smpp_core.spec.foreign import FOREIGN

ENQUIRE = bytes.fromhex("00000010 00000015 00000000 00000001")
ANSWER = bytes.fromhex("00000010 80000015 00000000 00000001")
CAP = 70_000

# A frame needs a right command_length and nothing else.
FRAMES = st.one_of(ours.VALID, ours.mutated(), st.binary(max_size=60).map(b"\0".ljust(16, b"\0").__add__)).map(ours.with_length)
BAD_LENGTHS = st.one_of(st.integers(0, 15), st.integers(CAP + 1, 0xFFFFFFFF))


def pieces(stream: bytes, cuts: list[int]) -> Iterator[bytes]:
    for start, end in pairwise((0, *sorted(cuts), len(stream))):
        yield stream[start:end]


def fed(stream: bytes, cuts: list[int], framer: smpp.Framer | None = None) -> tuple[list[bytes], smpp.FrameError | None]:
    """All frames that come out, then the error that ends the stream, if any; the framer is asked once more at the end."""
    framer = framer or smpp.Framer()
    frames: list[bytes] = []
    for piece in (*pieces(stream, cuts), b""):
        try:
            frames += framer.feed(piece)
        except smpp.FrameError as error:
            return frames, error
        if framer.error is None:
            assert framer.buffered < framer.max_length
        assert framer.offset == sum(map(len, frames))
    return frames, None


@given(st.lists(FRAMES, min_size=1, max_size=3))
def test_two_pieces_cut_at_every_place_give_the_same_frames(frames: list[bytes]) -> None:
    stream = b"".join(frames)
    for at in range(0, len(stream) + 1, max(1, len(stream) // 400)):
        assert fed(stream, [at]) == (frames, None)


@given(st.lists(FRAMES, min_size=1, max_size=6), st.data())
def test_any_number_of_pieces_gives_the_same_frames(frames: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(frames)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=12))
    assert fed(stream, cuts) == (frames, None)


@given(st.lists(FRAMES, min_size=1, max_size=2))
def test_one_octet_at_a_time_gives_each_frame_with_its_last_octet(frames: list[bytes]) -> None:
    framer = smpp.Framer()
    for frame in frames:
        for octet in frame[:-1]:
            assert framer.feed(bytes((octet,))) == []
        assert framer.feed(frame[-1:]) == [frame]
        assert framer.buffered == 0


@given(FRAMES, st.data())
def test_the_beginning_of_a_frame_is_held_and_counted(frame: bytes, data: st.DataObject) -> None:
    framer = smpp.Framer()
    size = data.draw(st.integers(0, len(frame) - 1))
    assert framer.feed(ENQUIRE + frame[:size]) == [ENQUIRE]
    assert (framer.buffered, framer.offset) == (size, len(ENQUIRE))
    assert framer.feed(frame[size:] + b"\0\0\0") == [frame]
    assert (framer.buffered, framer.offset) == (3, len(ENQUIRE) + len(frame))


@given(st.lists(FRAMES, max_size=3), BAD_LENGTHS, st.binary(max_size=40), st.data())
def test_the_good_frames_come_first_and_then_the_same_error_however_the_stream_is_cut(
    frames: list[bytes], length: int, rest: bytes, data: st.DataObject
) -> None:
    good = b"".join(frames)
    stream = good + length.to_bytes(4, "big") + rest
    found, error = fed(stream, data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    assert found == frames
    assert error is not None
    assert (error.command_length, error.offset) == (length, len(good))
    assert stream[len(good) :].startswith(error.octets)
    assert 4 <= len(error.octets) <= 16


def test_the_error_waits_for_the_next_call_when_good_frames_stand_in_front_of_it() -> None:
    framer = smpp.Framer()
    assert framer.feed(ENQUIRE + ANSWER + bytes.fromhex("00000008 00000015")) == [ENQUIRE, ANSWER]
    with pytest.raises(smpp.FrameError) as caught:
        framer.feed(b"")
    assert (caught.value.command_length, caught.value.offset) == (8, 32)


def test_a_failed_stream_stays_failed_and_takes_no_more_octets() -> None:
    framer = smpp.Framer()
    for octets in (b"\0\0\0\x08", ENQUIRE, b"", ENQUIRE * 5000):
        with pytest.raises(smpp.FrameError):
            framer.feed(octets)
        assert framer.buffered <= 4


def test_a_bad_length_is_refused_as_soon_as_its_four_octets_are_there() -> None:
    framer = smpp.Framer()
    assert framer.feed(b"\x7f\xff\xff") == []
    with pytest.raises(smpp.FrameError):
        framer.feed(b"\xff")


@pytest.mark.parametrize("length", [0, 1, 15, CAP + 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF])
def test_lengths_outside_16_to_the_cap_are_errors(length: int) -> None:
    with pytest.raises(smpp.FrameError) as caught:
        smpp.Framer().feed(ours.with_length(ENQUIRE, length))
    error = caught.value
    assert (error.command_length, error.offset, error.octets) == (length, 0, ours.with_length(ENQUIRE, length))
    assert isinstance(error, smpp.ProtocolError)


@pytest.mark.parametrize("cap", [16, 17, 1000, CAP])
def test_the_cap_is_the_longest_frame_and_what_is_held_stays_below_it(cap: int) -> None:
    framer = smpp.Framer(max_length=cap)
    whole = ours.with_length(ENQUIRE.ljust(cap, b"\0"))
    assert framer.feed(whole[:-1]) == []
    assert framer.buffered == cap - 1
    assert framer.feed(whole[-1:]) == [whole]
    with pytest.raises(smpp.FrameError):
        framer.feed(ours.with_length(ENQUIRE, cap + 1))


def test_the_default_cap_takes_a_full_message_payload() -> None:
    row = ours.BY_NAME["submit_sm"]
    frame = ours.lay(row, ours.blank(row), [(0x0424, b"\xff" * 0xFFFF)]).octets
    assert smpp.Framer().feed(frame) == [frame]
    assert smpp.DEFAULT_MAX_LENGTH == CAP


@pytest.mark.parametrize("size", [-1, 0, 15])
def test_a_cap_below_a_header_is_refused(size: int) -> None:
    with pytest.raises((ValueError, OverflowError)):
        smpp.Framer(max_length=size)


def test_memory_held_stays_under_the_cap_after_an_error_in_a_large_piece() -> None:
    framer = smpp.Framer()
    with pytest.raises(smpp.FrameError):
        framer.feed(b"GET / HTTP/1.1\r\n" * 100_000)
    assert framer.buffered <= CAP


def test_an_error_raised_again_and_again_does_not_grow() -> None:
    framer = smpp.Framer()
    depths = []
    for _ in range(50):
        with pytest.raises(smpp.FrameError) as caught:
            framer.feed(b"\0\0\0\0")
        trace, depth = caught.value.__traceback__, 0
        while trace is not None:
            trace, depth = trace.tb_next, depth + 1
        depths.append(depth)
    assert max(depths) == min(depths)


@pytest.mark.parametrize(("prefix", "name"), FOREIGN)
def test_other_protocols_are_named(prefix: bytes, name: str) -> None:
    with pytest.raises(smpp.FrameError) as caught:
        smpp.Framer().feed(prefix.ljust(16, b"\0"))
    assert caught.value.protocol == name
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("octets", "name"),
    [
        (b"HTTP/1.1 400 Bad Request", "HTTP"), (b"GET / HTTP/1.1", "HTTP"), (bytes.fromhex("414D515000000901"), "AMQP"),
        (bytes.fromhex("0300002F2AE00000"), "RDP"), (bytes.fromhex("1603010200010001"), "TLS"), (b"SSH-2.0-OpenSSH_9.2", "SSH"),
        (b"QUIT\r\n", ""), (bytes.fromhex("00000008 00000015"), ""),
    ],
)
def test_the_protocol_is_known_from_the_first_four_octets_however_they_come(octets: bytes, name: str) -> None:
    for size in (1, 2, 3, 4, 5, len(octets)):
        _, error = fed(octets, [size])
        assert error is not None
        assert error.protocol == name


def test_a_command_id_in_the_place_of_the_length_hints_at_four_lost_octets() -> None:
    with pytest.raises(smpp.FrameError) as caught:
        smpp.Framer().feed(bytes.fromhex("80000009 00000000 00000001 5300"))
    assert "four octets" in caught.value.hint
    assert "bind_transceiver_resp" in caught.value.hint


@given(st.lists(FRAMES, max_size=2), BAD_LENGTHS, st.binary(max_size=30))
def test_a_frame_error_builds_its_reply_and_survives_pickling(frames: list[bytes], length: int, rest: bytes) -> None:
    _, error = fed(b"".join(frames) + length.to_bytes(4, "big") + rest, [])
    assert error is not None
    reply = smpp.decode(bytes(error.reply()))
    assert (reply.command, reply.command_status, reply.sequence_number) == ("generic_nack", 0x02, error.sequence_number)
    again = pickle.loads(pickle.dumps(error))
    assert vars(again) == vars(error)
    assert str(again) == str(error)


def test_a_whole_bad_header_gives_its_sequence_number_to_the_reply() -> None:
    with pytest.raises(smpp.FrameError) as caught:
        smpp.Framer().feed(bytes.fromhex("00000008 00000015 00000000 00000007"))
    assert bytes(caught.value.reply()) == bytes.fromhex("00000010 80000000 00000002 00000007")


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_buffer_is_fed_and_frames_are_bytes_of_their_own(kind: type) -> None:
    octets = bytearray(ENQUIRE + ANSWER[:8])
    framer = smpp.Framer()
    frames = framer.feed(kind(octets))
    octets[:] = b"\xff" * len(octets)
    assert frames == [ENQUIRE]
    assert framer.feed(ANSWER[8:]) == [ANSWER]
    assert type(frames[0]) is bytes


def test_what_is_no_buffer_is_a_type_error_and_leaves_the_stream_as_it_was() -> None:
    framer = smpp.Framer()
    framer.feed(ENQUIRE[:7])
    with pytest.raises(TypeError):
        framer.feed("text")  # type: ignore[arg-type]
    assert framer.feed(ENQUIRE[7:]) == [ENQUIRE]


@given(FRAMES, st.integers(1, 20).flatmap(lambda n: st.binary(min_size=n, max_size=n)))
def test_octets_never_vanish(frame: bytes, rest: bytes) -> None:
    """What came out and what is held is what went in, as long as the stream is good."""
    framer = smpp.Framer()
    try:
        frames = framer.feed(frame + rest)
    except smpp.FrameError:
        return
    if framer.error is None:
        assert sum(map(len, frames)) + framer.buffered == len(frame) + len(rest)


# --- after an error


def recovered(stream: bytes, cuts: list[int], cap: int = CAP) -> tuple[list[bytes], smpp.Framer]:
    """All frames of a stream with faults in it, going on after each; every frame must stand where the framer says."""
    framer = smpp.Framer(max_length=cap)
    frames: list[bytes] = []
    given = 0
    for piece in (*pieces(stream, cuts), *[b""] * len(stream)):
        if framer.error is not None:
            with pytest.raises(smpp.FrameError):
                framer.feed(b"")
            framer.resync()
        before = framer.offset
        found: list[bytes] = []
        given += len(piece)
        try:
            found = framer.feed(piece)
        except smpp.FrameError as error:
            assert stream[error.offset :].startswith(error.octets)
            assert error.command_length is None or stream[error.offset :][:4] == error.command_length.to_bytes(4, "big")
        assert stream[before:].startswith(b"".join(found))
        assert framer.buffered <= cap
        assert framer.offset + framer.buffered <= given
        frames += found
    return frames, framer


GARBAGE = st.one_of(
    st.sampled_from((b"GET / HTTP/1.1\r\n", b"\xff" * 21, b"\0" * 7, b"\0\0\0\x08")),
    st.binary(min_size=4, max_size=40).map(b"\xff".__add__),
)
PLAIN = (ENQUIRE, ANSWER, bytes.fromhex("00000012 80000004 00000000 00000001 3700"))


@given(st.lists(st.one_of(st.sampled_from(PLAIN), GARBAGE), max_size=12), st.data())
def test_after_an_error_the_framer_goes_on_at_the_next_header_and_its_offsets_stay_true(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=4))
    cap = data.draw(st.sampled_from((CAP, 40, 64)))
    frames, framer = recovered(stream, cuts, cap)
    assert framer.error is None
    assert framer.offset + framer.buffered == len(stream), "every octet came out, was skipped or is held"
    assert set(frames) <= set(PLAIN) or any(part not in PLAIN for part in parts)


def test_all_frames_behind_a_fault_come_out() -> None:
    stream = b"GET / HTTP/1.1\r\n" + ENQUIRE + ANSWER + b"GET / HTTP/1.1\r\n" + ANSWER + ENQUIRE
    for at in range(17, len(stream)):
        frames, _ = recovered(stream, [at])
        assert frames[-2:] == [ANSWER, ENQUIRE]
    assert recovered(stream, [])[0] == [ENQUIRE, ANSWER, ANSWER, ENQUIRE]


def test_octets_dropped_behind_an_error_are_counted_and_said() -> None:
    noise = b"GET / HTTP/1.1\r\n"
    stream = noise + ENQUIRE + ANSWER + noise + ANSWER + ENQUIRE + noise * 5000
    framer = smpp.Framer()
    frames, messages = [], []
    for piece in (stream, *[b""] * 20, ENQUIRE):
        try:
            frames += framer.feed(piece)
        except smpp.FrameError as error:
            messages.append(str(error))
            framer.resync()
    assert frames == [ENQUIRE, ANSWER, ANSWER, ENQUIRE, ENQUIRE]
    assert any("dropped" in message for message in messages)
    assert (framer.offset, framer.buffered) == (len(stream) + len(ENQUIRE), 0)


def test_resync_of_a_good_stream_does_nothing() -> None:
    framer = smpp.Framer()
    framer.feed(ENQUIRE + ANSWER[:9])
    assert framer.resync() == 0
    assert framer.feed(ANSWER[9:]) == [ANSWER]
