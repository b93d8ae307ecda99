"""The driver, over a real pseudo-terminal or socket, against the simulated reader."""

import json
import logging
from dataclasses import replace
from pathlib import Path
from queue import Empty, Queue

import pytest

from kiosk.idcard.dialogue import (
    CardFound,
    CardRead,
    CardRemoved,
    CardUnreadable,
    ReaderEvent,
    ReaderFault,
    ReaderReady,
    TokenRead,
)
from kiosk.idcard.frames import Command
from kiosk.idcard.ports import ReaderError, open_port
from kiosk.idcard.reader import CardReader, TokenReader, read_one, read_token
from kiosk.simulator.cards import PHOTO_STAND_IN, card_from_fields
from kiosk.simulator.reader import SimulatedReader
from kiosk.simulator.tokens import SimulatedTokenReader

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
PEOPLE = {
    card_type: replace(card_from_fields(vector["fields"]), photo=PHOTO_STAND_IN)
    for card_type, vector in VECTORS.items()
}
ZHANG, CHEN = PEOPLE["citizen"], PEOPLE["J"]
SAM_NUMBER = "05.03-20110816-0001234567-0987654321"
ZHANG_READ, CHEN_READ = CardRead(ZHANG, SAM_NUMBER), CardRead(CHEN, SAM_NUMBER)


@pytest.fixture
def simulated(tmp_path):
    with SimulatedReader(tmp_path / "reader") as reader:
        yield reader


class Ear(Queue[ReaderEvent]):
    """The events of the desk's reader, as they come; that a card is about to be read is left out."""

    def hear(self, event: ReaderEvent) -> None:
        if event != CardFound():
            self.put(event)


@pytest.fixture
def heard():
    return Ear()


@pytest.fixture
def desk(simulated, heard):
    """A running driver whose reader is ready."""
    with CardReader(simulated.url, heard.hear) as reader:
        assert heard.get(timeout=5) == ReaderReady(SAM_NUMBER)
        yield reader


def nothing_in(heard: Ear, seconds: float) -> bool:
    """Whether no event comes for so long."""
    try:
        heard.get(timeout=seconds)
    except Empty:
        return True
    return False


@pytest.mark.parametrize("card_type", PEOPLE)
def test_one_card_is_read(simulated, card_type):
    simulated.lay(PEOPLE[card_type])

    assert read_one(simulated.url, 5) == PEOPLE[card_type]


def test_a_card_still_lying_there_can_be_read_by_the_next_program(simulated):
    simulated.lay(ZHANG)

    assert [read_one(simulated.url, 5), read_one(simulated.url, 5)] == [ZHANG, ZHANG]


def test_a_reply_may_come_byte_by_byte(tmp_path):
    with SimulatedReader(tmp_path / "reader", piece=1) as simulated:
        simulated.lay(ZHANG)

        assert read_one(simulated.url, 5) == ZHANG


def test_a_slow_line_is_found_and_waited_for(tmp_path):
    with SimulatedReader(tmp_path / "reader", baud=57600) as simulated:
        simulated.lay(ZHANG)

        assert read_one(simulated.url, 5) == ZHANG


def test_waiting_for_a_card_ends_in_time(simulated):
    with pytest.raises(ReaderError) as caught:
        read_one(simulated.url, 0.6)
    assert (caught.value.code, bool(caught.value.message)) == ("no_card", True)


def test_a_card_that_cannot_be_read_is_named_as_the_reason(simulated):
    simulated.sam.statuses[Command.READ] = 0x41
    simulated.lay(ZHANG)

    with pytest.raises(ReaderError) as caught:
        read_one(simulated.url, 0.8)
    assert caught.value.code == "card_unreadable"
    assert "请重新放卡" in caught.value.message


def test_a_port_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(ReaderError) as caught:
        read_one(str(tmp_path / "nothing"), 1)
    assert caught.value.code == "no_port"


def test_a_port_somebody_else_uses_is_left_alone(simulated):
    port = open_port(simulated.url)
    with pytest.raises(ReaderError) as caught:
        read_one(simulated.url, 1)
    port.close()

    assert caught.value.code == "port_busy"
    assert simulated.asked == []


def test_a_device_that_says_nothing_is_no_reader(tmp_path, monkeypatch):
    monkeypatch.setattr("kiosk.idcard.reader.BAUDS", (115200,))
    with (
        SimulatedReader(tmp_path / "reader", baud=9600) as simulated,
        pytest.raises(ReaderError) as caught,
    ):
        read_one(simulated.url, 5)
    assert caught.value.code == "no_reader"


def test_a_reader_behind_a_network_converter_is_read():
    with SimulatedReader("socket://127.0.0.1:0") as simulated:
        simulated.lay(ZHANG)

        assert read_one(simulated.url, 5) == ZHANG


def test_a_network_converter_that_is_switched_off_and_on_is_found_again(heard):
    with SimulatedReader("socket://127.0.0.1:0") as simulated, CardReader(simulated.url, heard.hear):
        assert heard.get(timeout=5) == ReaderReady(SAM_NUMBER)
        simulated.unplug()
        assert heard.get(timeout=5) == ReaderFault("unplugged")
        simulated.replug()
        while heard.get(timeout=8) != ReaderReady(SAM_NUMBER):
            pass
        simulated.lay(ZHANG)
        assert heard.get(timeout=3) == ZHANG_READ


def test_the_desk_hears_of_a_card_before_it_is_read(simulated):
    told = Queue[ReaderEvent]()
    with CardReader(simulated.url, told.put):
        assert told.get(timeout=5) == ReaderReady(SAM_NUMBER)
        simulated.lay(ZHANG)
        assert [told.get(timeout=3) for _ in range(2)] == [CardFound(), ZHANG_READ]


@pytest.mark.parametrize("kind", ["refuses", "is silent"])
def test_a_reader_that_will_not_tell_its_number_still_reads(tmp_path, heard, kind):
    with SimulatedReader(tmp_path / "reader") as simulated:
        if kind == "refuses":
            simulated.sam.statuses[Command.SAM_ID] = 0x21
        else:
            simulated.fault("silence", times=2, at=Command.SAM_ID)
        with CardReader(simulated.url, heard.hear):
            assert heard.get(timeout=5) == ReaderReady("")
            simulated.lay(ZHANG)
            assert heard.get(timeout=5) == CardRead(ZHANG, "")


def test_a_card_left_lying_is_read_once_and_its_lifting_told(desk, simulated, heard):
    simulated.lay(ZHANG)
    assert heard.get(timeout=3) == ZHANG_READ
    assert nothing_in(heard, 1.2)
    simulated.lift()
    assert heard.get(timeout=3) == CardRemoved()
    simulated.lay(CHEN)
    assert heard.get(timeout=3) == CHEN_READ


def test_a_card_pulled_away_in_mid_read_asks_for_it_again(desk, simulated, heard):
    simulated.fault("pulled")
    simulated.lay(ZHANG)
    complaint = heard.get(timeout=3)
    assert isinstance(complaint, CardUnreadable)
    assert "请重新放卡" in complaint.message
    simulated.lay(CHEN)
    assert heard.get(timeout=3) == CHEN_READ


@pytest.mark.parametrize("at", [Command.FIND, Command.SELECT, Command.READ], ids=lambda c: c.name)
@pytest.mark.parametrize("kind", ["silence", "garbage", "half", "checksum"])
def test_a_spoiled_answer_does_not_lose_the_card(desk, simulated, heard, kind, at, monkeypatch):
    monkeypatch.setattr("kiosk.idcard.reader.PATIENCE", {})  # a second is enough for every answer here
    simulated.fault(kind, at=at)
    simulated.lay(ZHANG)

    assert heard.get(timeout=6) == ZHANG_READ


def test_a_reader_unplugged_and_plugged_in_again_reads_on(desk, simulated, heard):
    simulated.unplug()
    assert heard.get(timeout=3) == ReaderFault("unplugged")
    simulated.replug()
    assert heard.get(timeout=5) == ReaderReady(SAM_NUMBER)
    simulated.lay(ZHANG)
    assert heard.get(timeout=3) == ZHANG_READ


def test_a_reader_unplugged_in_mid_frame_is_a_fault_and_nobody_is_named(desk, simulated, heard):
    simulated.fault("unplug", at=Command.READ)
    simulated.lay(ZHANG)
    assert heard.get(timeout=3) == ReaderFault("unplugged")
    simulated.replug()
    assert heard.get(timeout=5) == ReaderReady(SAM_NUMBER)
    assert heard.get(timeout=3) == ZHANG_READ


def test_a_reader_that_falls_silent_is_lost_and_found_again(desk, simulated, heard):
    simulated.fault("silence", times=3)
    assert heard.get(timeout=5) == ReaderFault("silent")
    assert heard.get(timeout=5) == ReaderReady(SAM_NUMBER)


def test_a_reader_plugged_in_late_is_found_and_its_absence_told_once(simulated, heard):
    simulated.unplug()
    with CardReader(simulated.url, heard.hear):
        assert heard.get(timeout=3) == ReaderFault("no_port")
        assert nothing_in(heard, 1.3)
        simulated.replug()
        assert heard.get(timeout=5) == ReaderReady(SAM_NUMBER)


def test_a_listener_that_fails_does_not_stop_the_reader(simulated, heard, caplog):
    def fail_once(event: ReaderEvent) -> None:
        heard.hear(event)
        if isinstance(event, ReaderReady):
            raise ConnectionError("the screen is gone")

    with CardReader(simulated.url, fail_once):
        assert heard.get(timeout=5) == ReaderReady(SAM_NUMBER)
        simulated.lay(ZHANG)
        assert heard.get(timeout=3) == ZHANG_READ


def test_nothing_comes_after_stop_and_the_port_is_free(simulated, heard):
    reader = CardReader(simulated.url, heard.hear)
    reader.start()
    assert heard.get(timeout=5) == ReaderReady(SAM_NUMBER)
    reader.stop()
    simulated.lay(ZHANG)

    assert read_one(simulated.url, 5) == ZHANG
    assert nothing_in(heard, 0.1)


def test_no_log_line_names_anybody(desk, simulated, heard, caplog):
    caplog.set_level(logging.DEBUG)
    simulated.lay(ZHANG)
    heard.get(timeout=3)
    logged = caplog.text

    assert "READ: 90" in logged
    assert not any(secret in logged for secret in (ZHANG.name, ZHANG.number, ZHANG.address, "19491231"))


TAG, OTHER_TAG = bytes.fromhex("62E3086CED"), bytes.fromhex("62E3086CEE")


@pytest.fixture
def token_reader(tmp_path):
    with SimulatedTokenReader(tmp_path / "tokens") as reader:
        yield reader


@pytest.fixture
def token_desk(token_reader, heard):
    """A running driver whose token reader is there."""
    with TokenReader(token_reader.url, heard.hear) as reader:
        assert heard.get(timeout=3) == ReaderReady("", "token")
        yield reader


def test_one_token_is_read(token_reader):
    token_reader.lay(TAG)

    assert read_token(token_reader.url, 3) == "086CED"


def test_waiting_for_a_token_ends_in_time(token_reader):
    with pytest.raises(ReaderError) as caught:
        read_token(token_reader.url, 0.3)
    assert (caught.value.code, bool(caught.value.message)) == ("no_token", True)


def test_a_token_left_lying_is_told_once_and_again_when_it_was_away(token_desk, token_reader, heard):
    token_reader.lay(TAG)
    assert heard.get(timeout=2) == TokenRead("086CED")
    assert nothing_in(heard, 1.5)
    token_reader.lift()
    assert nothing_in(heard, 1.2)
    token_reader.lay(TAG)
    assert heard.get(timeout=2) == TokenRead("086CED")


def test_the_next_token_is_told_at_once(token_desk, token_reader, heard):
    for tag, token in ((TAG, "086CED"), (OTHER_TAG, "086CEE")):
        token_reader.lay(tag)
        assert heard.get(timeout=2) == TokenRead(token)


@pytest.mark.parametrize("kind", ["silence", "garbage", "half", "checksum"])
def test_a_spoiled_frame_is_no_token_and_the_next_one_is(token_desk, token_reader, heard, kind):
    token_reader.fault(kind, times=3)
    token_reader.lay(TAG)

    assert heard.get(timeout=2) == TokenRead("086CED")
    assert nothing_in(heard, 0.5)


def test_a_token_reader_unplugged_in_mid_frame_is_a_fault_and_comes_back(token_desk, token_reader, heard):
    token_reader.fault("unplug")
    token_reader.lay(TAG)
    assert heard.get(timeout=3) == ReaderFault("unplugged", "token")
    token_reader.replug()
    assert heard.get(timeout=5) == ReaderReady("", "token")
    assert heard.get(timeout=2) == TokenRead("086CED")


def test_a_token_reader_that_is_not_there_is_said_so_once(tmp_path, heard):
    with TokenReader(str(tmp_path / "nothing"), heard.hear):
        assert heard.get(timeout=3) == ReaderFault("no_port", "token")
        assert nothing_in(heard, 1.3)


def test_no_log_line_and_no_repr_tells_a_token(token_desk, token_reader, heard, caplog):
    caplog.set_level(logging.DEBUG)
    token_reader.lay(TAG)

    assert "6CED" not in repr(heard.get(timeout=2))
    assert "6CED" not in caplog.text
