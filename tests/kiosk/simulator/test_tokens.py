"""The simulated token reader speaks as a real one does, over a pseudo-terminal or TCP."""

import os
import select
import socket
from time import monotonic

import pytest

from kiosk.simulator.tokens import SimulatedTokenReader

TAG = bytes.fromhex("62E3086CED")
FRAME = bytes.fromhex("0236324533303836434544303803")


def hear(fd: int, seconds: float) -> bytes:
    """What comes within so long."""
    heard, end = b"", monotonic() + seconds
    while (left := end - monotonic()) > 0 and select.select([fd], [], [], left)[0]:
        heard += os.read(fd, 4096)
    return heard


@pytest.fixture
def reader(tmp_path):
    with SimulatedTokenReader(tmp_path / "tokens") as reader:
        yield reader


@pytest.fixture
def port(reader):
    fd = os.open(reader.url, os.O_RDWR | os.O_NOCTTY)
    yield fd
    os.close(fd)


def test_it_says_nothing_of_itself_and_repeats_what_lies_there_until_it_is_lifted(reader, port):
    assert hear(port, 0.3) == b""
    reader.lay(TAG)
    heard = hear(port, 0.5)
    reader.lift()
    hear(port, 0.1)

    assert heard == FRAME * (len(heard) // 14)
    assert len(heard) // 14 in range(2, 7)
    assert hear(port, 0.3) == b""


def test_questions_are_not_answered(port):
    os.write(port, bytes.fromhex("AAAAAA96690003200122"))

    assert hear(port, 0.3) == b""


@pytest.mark.parametrize(
    ("kind", "spoiled"),
    [
        ("silence", b""),
        ("garbage", bytes.fromhex("00FF0236320302") + FRAME),
        ("half", FRAME[:7]),
        ("checksum", FRAME[:-2] + b"0\x03"),
    ],
)
def test_a_fault_spoils_one_frame(reader, port, kind, spoiled):
    reader.fault(kind)
    reader.lay(TAG)
    heard = hear(port, 0.55)

    assert heard.startswith(spoiled + FRAME)


def test_unplugged_it_hangs_up_and_comes_back_at_the_same_path(reader, port):
    reader.lay(TAG)
    reader.unplug()
    assert not os.path.lexists(reader.url)
    reader.replug()
    fd = os.open(reader.url, os.O_RDWR | os.O_NOCTTY)
    assert hear(fd, 0.3).startswith(FRAME)
    os.close(fd)


def test_its_line_is_as_slow_as_its_baud(tmp_path):
    with SimulatedTokenReader(tmp_path / "tokens", baud=9600, piece=1) as reader:
        reader.lay(TAG)
        fd = os.open(reader.url, os.O_RDWR | os.O_NOCTTY)  # a fresh pseudo-terminal is at 38400
        assert hear(fd, 0.3) == b""
        os.close(fd)


def test_it_can_be_reached_over_tcp():
    with SimulatedTokenReader("socket://127.0.0.1:0") as reader:
        port = int(reader.url.rpartition(":")[2])
        reader.lay(TAG)
        for _again in range(2):  # the next connection is served when the first is over
            with socket.create_connection(("127.0.0.1", port)) as connection:
                assert hear(connection.fileno(), 0.4).startswith(FRAME)
        reader.unplug()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


def test_a_number_of_another_length_is_no_card(reader):
    with pytest.raises(ValueError, match="5 bytes, not 4"):
        reader.lay(TAG[:4])
