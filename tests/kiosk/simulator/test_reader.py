"""The simulated reader keeps a real one's rules, so that a driver tested with it works with hardware."""

import os
import select
from datetime import date
from pathlib import Path
from time import monotonic

import pytest

from kiosk.idcard.cards import IdCard
from kiosk.idcard.frames import Command, FrameDecoder, Reply, encode
from kiosk.simulator.cards import CardChip
from kiosk.simulator.reader import SamModule, SimulatedReader

PERSON = IdCard(
    card_type="citizen",
    name="赵小满",
    sex="2",
    ethnicity="01",
    born_on=date(1990, 3, 7),
    address="江西省石城县琴江镇1号",
    number="110101199003070011",
    issuer="石城县公安局",
    valid_from=date(2020, 1, 1),
    valid_until=None,
    additional_addresses=("江西省石城县屏山镇2号",),
)
FIND, SELECT, READ = Command.FIND, Command.SELECT, Command.READ


@pytest.fixture
def sam():
    """A module with a card on it."""
    module = SamModule()
    module.lay(CardChip.of(PERSON))
    return module


def ask(sam: SamModule, *commands: Command) -> list[int]:
    """The statuses of the answers."""
    stream = sam.receive(b"".join(map(encode, commands)))
    return [event.status for event in FrameDecoder().feed(stream) if isinstance(event, Reply)]


def test_a_card_is_found_selected_and_read(sam):
    assert ask(sam, FIND, SELECT, READ) == [0x9F, 0x90, 0x90]


def test_the_answers_are_as_long_as_a_real_readers(sam):
    sizes = [
        len(sam.receive(encode(command)))
        for command in (
            Command.STATUS,
            Command.SAM_ID,
            FIND,
            SELECT,
            READ,
            Command.READ_WITH_FINGERS,
            Command.READ_ADDRESSES,
            Command.READ_CHIP_NUMBER,
        )
    ]

    assert sizes == [11, 27, 15, 19, 1295, 1297, 81, 39]


def test_fingerprints_lengthen_the_answer():
    sam = SamModule(fingers=bytes(1024))
    sam.lay(CardChip.of(PERSON))
    ask(sam, FIND, SELECT)

    assert len(sam.receive(encode(Command.READ_WITH_FINGERS))) == 2321


def test_a_card_is_found_once_until_it_is_lifted(sam):
    assert ask(sam, FIND, FIND, SELECT, READ, FIND, SELECT) == [0x9F, 0x80, 0x90, 0x90, 0x80, 0x81]
    sam.lift()
    sam.lay(CardChip.of(PERSON))
    assert ask(sam, FIND) == [0x9F]


def test_a_card_read_can_be_read_again_while_it_stays(sam):
    assert ask(sam, FIND, SELECT, READ, READ) == [0x9F, 0x90, 0x90, 0x90]


def test_nothing_is_skipped(sam):
    assert ask(sam, SELECT, READ, Command.READ_ADDRESSES, Command.READ_CHIP_NUMBER) == [
        0x81,
        0x41,
        0x41,
        0x41,
    ]
    assert ask(sam, FIND, READ) == [0x9F, 0x41]


def test_an_empty_reader_finds_nothing():
    assert ask(SamModule(), FIND, SELECT, READ) == [0x80, 0x81, 0x41]


def test_a_lifted_card_is_gone_at_every_step(sam):
    ask(sam, FIND, SELECT, READ)
    sam.lift()

    assert not sam.has_card
    assert ask(sam, Command.READ_ADDRESSES, READ) == [0x41, 0x41]


def test_a_card_without_moves_has_no_address_item():
    sam = SamModule()
    sam.lay(CardChip(CardChip.of(PERSON).text))

    assert ask(sam, FIND, SELECT, READ, Command.READ_ADDRESSES)[-1] == 0x91


def test_a_reset_module_finds_the_card_again(sam):
    assert ask(sam, FIND, Command.RESET, FIND) == [0x9F, 0x90, 0x9F]


@pytest.mark.parametrize(
    ("request_hex", "reply_hex"),
    [
        ("AAAAAA96690003200123", "AAAAAA9669000400001014"),
        ("AAAAAA966900022001", "AAAAAA9669000400001115"),
        ("AAAAAA9669000399FF65", "AAAAAA9669000400002125"),
    ],
)
def test_a_bad_request_is_answered_as_the_manual_says(sam, request_hex, reply_hex):
    assert sam.receive(bytes.fromhex(request_hex)) == bytes.fromhex(reply_hex)


def test_a_request_may_come_in_pieces(sam):
    pieces = [sam.receive(bytes([byte])) for byte in encode(FIND)]

    assert [len(piece) for piece in pieces] == [0] * 9 + [15]


class Client:
    """A program that opens the device path as a plain file, without any serial library."""

    def __init__(self, path: Path) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY)

    def ask(self, command: Command, seconds: float = 0.5) -> bytes:
        os.write(self.fd, encode(command))
        answer = b""
        while select.select([self.fd], [], [], seconds)[0]:
            answer += os.read(self.fd, 4096)
            if any(isinstance(event, Reply) for event in FrameDecoder().feed(answer)):
                break
        return answer


@pytest.fixture
def link(tmp_path):
    return tmp_path / "reader"


def test_any_program_can_open_the_device_path(link):
    with SimulatedReader(link) as reader:
        client = Client(link)
        assert client.ask(Command.STATUS) == bytes.fromhex("AAAAAA9669000400009094")
        reader.lay(PERSON)
        assert client.ask(FIND)[9] == 0x9F
        os.close(client.fd)
        assert len(Client(link).ask(Command.SAM_ID)) == 27
    assert not link.is_symlink()


@pytest.mark.parametrize(
    ("kind", "answer"),
    [
        ("silence", ""),
        ("half", "AAAAAA9669"),
        ("checksum", "AAAAAA966900040000906B"),
        ("garbage", "00FFAAAA13AAAAAA96690000AAAAAA9669000400009094"),
    ],
)
def test_a_fault_spoils_one_answer(link, kind, answer):
    with SimulatedReader(link) as reader:
        client = Client(link)
        reader.fault(kind)
        assert client.ask(Command.STATUS, 0.2) == bytes.fromhex(answer)
        assert client.ask(Command.STATUS) == bytes.fromhex("AAAAAA9669000400009094")
        assert reader.asked == [Command.STATUS, Command.STATUS]


def test_a_fault_can_wait_for_its_request_and_be_mended(link):
    with SimulatedReader(link) as reader:
        client = Client(link)
        reader.fault("silence", times=9, at=FIND)
        assert client.ask(Command.STATUS)
        assert client.ask(FIND, 0.1) == b""
        reader.fault(None)
        assert client.ask(FIND)


def test_an_unplugged_reader_hangs_up_and_a_new_one_has_the_same_path(link):
    with SimulatedReader(link) as reader:
        client = Client(link)
        reader.unplug()
        assert not link.is_symlink()
        with pytest.raises(OSError, match="Input/output error"):
            os.write(client.fd, encode(FIND))
        reader.replug()
        assert Client(link).ask(Command.STATUS)


def test_a_line_is_as_slow_as_its_baud(link):
    with SimulatedReader(link, baud=38400) as reader:
        client = Client(link)  # a fresh pseudo-terminal is at 38400
        reader.lay(PERSON)
        client.ask(FIND)
        client.ask(SELECT)
        start = monotonic()
        assert len(client.ask(READ)) == 1295
        assert monotonic() - start > 1295 * 10 / 38400 * 0.95


def test_at_another_speed_nobody_answers(link):
    with SimulatedReader(link, baud=9600):
        assert Client(link).ask(Command.STATUS, 0.2) == b""
