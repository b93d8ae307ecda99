"""Frames: what goes over the line, and what a decoder makes of a line that is split, noisy or damaged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.idcard.frames import BadFrame, Command, FrameDecoder, Reply, encode
from kiosk.idcard.statuses import STATUSES, describe
from kiosk.simulator.reader import encode_reply

PREAMBLE = bytes.fromhex("AAAAAA9669")
FOUND = bytes.fromhex("AAAAAA9669000800009F0000000097")
SELECTED = bytes.fromhex("AAAAAA9669000C00009000000000000000009C")
READ = encode_reply(0x90, bytes.fromhex("01000400") + bytes(i % 251 for i in range(1280)))
A_FOUND = Reply(0x9F, bytes(4))
A_SELECTED = Reply(0x90, bytes(8))
A_READ = Reply(0x90, READ[10:-1])

noise = st.binary(max_size=40).filter(lambda data: PREAMBLE not in data)


@pytest.mark.parametrize(
    ("command", "request_hex"),
    [
        (Command.RESET, "AAAAAA9669000310FFEC"),
        (Command.STATUS, "AAAAAA9669000311FFED"),
        (Command.SAM_ID, "AAAAAA9669000312FFEE"),
        (Command.FIND, "AAAAAA96690003200122"),
        (Command.SELECT, "AAAAAA96690003200221"),
        (Command.READ, "AAAAAA96690003300132"),
        (Command.READ_WITH_FINGERS, "AAAAAA96690003301023"),
        (Command.READ_ADDRESSES, "AAAAAA96690003300330"),
        (Command.READ_CHIP_NUMBER, "AAAAAA96690003300536"),
    ],
)
def test_a_request_is_these_bytes(command, request_hex):
    assert encode(command) == bytes.fromhex(request_hex)


@pytest.mark.parametrize(
    ("frame_hex", "reply"),
    [
        ("AAAAAA9669000400009094", Reply(0x90)),
        ("AAAAAA9669000400006064", Reply(0x60)),
        ("AAAAAA9669000800009F0000000097", A_FOUND),
        ("AAAAAA9669000400008084", Reply(0x80)),
        ("AAAAAA9669000C00009000000000000000009C", A_SELECTED),
        ("AAAAAA9669000400008185", Reply(0x81)),
        ("AAAAAA9669000400004145", Reply(0x41)),
        ("AAAAAA96690004694D4161", Reply(0x41, sw1=0x69, sw2=0x4D)),
        (
            "AAAAAA966900140000900500" + "0300E0DD320187D61200B168DE3AF2",
            Reply(0x90, bytes.fromhex("05000300E0DD320187D61200B168DE3A")),
        ),
    ],
)
def test_a_whole_reply_is_understood(frame_hex, reply):
    assert FrameDecoder().feed(bytes.fromhex(frame_hex)) == [reply]


@pytest.mark.parametrize("size", [1, 32, 62, 64, 2000])
def test_a_reply_may_come_in_pieces_of_any_size(size):
    decoder = FrameDecoder()
    pieces = [READ[at : at + size] for at in range(0, len(READ), size)]

    assert [event for piece in pieces for event in decoder.feed(piece)] == [A_READ]


@pytest.mark.parametrize("before", ["AAAA", "00FF", "AA", "AAAAAAAAAA", "AAAAAA96", "13AAAAAA9613"])
def test_noise_before_a_reply_is_skipped(before):
    assert FrameDecoder().feed(bytes.fromhex(before) + FOUND) == [A_FOUND]


def test_a_stale_reply_comes_out_before_the_fresh_one():
    assert FrameDecoder().feed(SELECTED + FOUND) == [A_SELECTED, A_FOUND]


def test_a_good_reply_follows_a_wrong_checksum():
    wrong = FOUND[:-1] + b"\x00"

    assert FrameDecoder().feed(wrong + SELECTED) == [BadFrame("checksum", 8), A_SELECTED]


def test_a_good_reply_inside_a_damaged_one_is_found():
    swallowing = PREAMBLE + (len(FOUND) + 4).to_bytes(2, "big") + bytes(3)

    assert FrameDecoder().feed(swallowing + FOUND + b"\x55") == [BadFrame("checksum", 19), A_FOUND]


@pytest.mark.parametrize("length", [0x0000, 0x0003, 0x1001, 0xFFFF])
def test_an_impossible_length_is_not_waited_for(length):
    impossible = PREAMBLE + length.to_bytes(2, "big")

    assert FrameDecoder().feed(impossible + FOUND) == [BadFrame("length", length), A_FOUND]


def test_a_damaged_preamble_gives_nothing_and_the_resent_reply_is_read():
    decoder = FrameDecoder()

    assert decoder.feed(bytes.fromhex("AA00AAAA9669000C0000900000000000009C")) == []
    assert decoder.feed(SELECTED) == [A_SELECTED]


def test_the_time_out_notice_of_one_vendor_is_no_reply():
    notice = bytes.fromhex("AAAAAA96690005050505")

    assert FrameDecoder().feed(notice) == [BadFrame("time_out", 5)]
    assert FrameDecoder().feed(notice + FOUND) == [BadFrame("time_out", 5), A_FOUND]


def test_a_reply_waiting_behind_half_a_frame_is_found_when_time_is_over():
    decoder = FrameDecoder()

    assert decoder.feed(READ[:700] + FOUND) == []
    assert decoder.mid_frame
    assert decoder.give_up() == [A_FOUND]
    assert not decoder.mid_frame


@pytest.mark.parametrize("status", [*STATUSES, 0x55])
def test_every_status_comes_through_and_has_words(status):
    frame = PREAMBLE + bytes([0x00, 0x04, 0x00, 0x00, status, status ^ 0x04])

    assert FrameDecoder().feed(frame) == [Reply(status)]
    assert all([*describe(status).meaning, *describe(status).advice])


def test_no_status_is_missing():
    told = "90 9F 91 80 81 41 10 11 21 23 24 31 32 33 37 3F 40 47 60 66"

    assert set(STATUSES) == set(bytes.fromhex(told))


def test_a_repr_shows_nothing_of_the_data():
    assert repr(Reply(0x90, b"secret")) == "Reply(status=144, sw1=0, sw2=0)"


@given(st.lists(st.binary(max_size=300)))
def test_any_bytes_at_all_raise_nothing_and_are_not_hoarded(pieces):
    decoder = FrameDecoder()
    for piece in pieces:
        decoder.feed(piece)
        decoder.give_up()
        assert len(decoder._cutter._pending) < 8 or decoder.mid_frame


@given(st.data(), noise, noise, noise)
def test_chunks_and_noise_change_nothing(data, before, between, after):
    stream = before + FOUND + between + READ + after
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=30)))
    decoder = FrameDecoder()
    replies = [
        event
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)
        for event in decoder.feed(stream[start:end])
        if isinstance(event, Reply)
    ]

    assert replies == [A_FOUND, A_READ]


@given(st.integers(0, len(SELECTED) - 1), st.integers(1, 255))
def test_one_wrong_byte_never_passes_for_the_reply(at, change):
    damaged = bytearray(SELECTED)
    damaged[at] ^= change
    decoder = FrameDecoder()
    events = decoder.feed(bytes(damaged)) + decoder.give_up()

    assert [event for event in events if isinstance(event, Reply)] == []


def test_an_endless_stream_of_preambles_is_swallowed_quickly():
    events = FrameDecoder().feed(PREAMBLE * 100_000)

    assert set(events) == {BadFrame("length", 0xAAAA)}
