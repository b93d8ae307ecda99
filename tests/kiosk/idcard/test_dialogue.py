"""The dialogue, held with a simulated module in memory: no port, no clock."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.idcard.dialogue import (
    FAULT_PAUSE,
    FIND_PAUSE,
    PRESENCE_PAUSE,
    CardDialogue,
    CardFound,
    CardRead,
    CardRemoved,
    CardUnreadable,
    ReaderEvent,
    ReaderFault,
    ReaderReady,
)
from kiosk.idcard.frames import Command, FrameDecoder, Reply, encode
from kiosk.simulator.cards import PHOTO_STAND_IN, CardChip, card_from_fields, read_reply_data
from kiosk.simulator.reader import SamModule, encode_reply

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))
PEOPLE = {
    card_type: replace(card_from_fields(vector["fields"]), photo=PHOTO_STAND_IN)
    for card_type, vector in VECTORS.items()
}
ZHANG, CHEN = PEOPLE["citizen"], PEOPLE["J"]
SAM_NUMBER = "05.03-20110816-0001234567-0987654321"

Line = Callable[[bytes], bytes]


def clean_line(reply: bytes) -> bytes:
    """What is sent arrives."""
    return reply


class Desk:
    """A dialogue, a module, and the line between them; `events` is what the dialogue told.

    That a card is about to be read is only counted, in `found`.
    """

    def __init__(self) -> None:
        self.dialogue, self.sam, self.events = CardDialogue(), SamModule(), list[ReaderEvent]()
        self.found = 0

    def step(self, line: Line = clean_line) -> list[ReaderEvent]:
        """One question and its answer, as the driver does it."""
        decoder = FrameDecoder()
        data = line(self.sam.receive(encode(self.dialogue.command)))
        replies = [event for event in decoder.feed(data) + decoder.give_up() if isinstance(event, Reply)]
        told = self.dialogue.answer(replies[0] if replies else None)
        events = [event for event in told if event != CardFound()]
        self.found += len(told) - len(events)
        self.events += events
        return events

    def run(self, steps: int = 12) -> list[ReaderEvent]:
        """The events of so many undisturbed steps."""
        return [event for _ in range(steps) for event in self.step()]

    def run_to(self, command: Command) -> None:
        """Go on until this is what would be asked next."""
        for _ in range(12):
            if self.dialogue.command is command:
                return
            self.step()
        raise AssertionError(f"never asked {command}")


@pytest.fixture
def desk() -> Desk:
    """A desk whose reader is ready."""
    desk = Desk()
    desk.run_to(Command.FIND)
    desk.events.clear()
    return desk


def lose(_reply: bytes) -> bytes:
    """A line on which nothing arrives."""
    return b""


def test_a_reader_is_ready_once_it_has_said_who_it_is():
    assert Desk().run(6) == [ReaderReady(SAM_NUMBER)]


def test_a_reader_that_will_not_say_who_it_is_still_reads():
    desk = Desk()
    desk.sam.statuses[Command.SAM_ID] = 0x21

    assert desk.run(3) == [ReaderReady("")]
    desk.sam.lay(CardChip.of(ZHANG))
    assert desk.run() == [CardRead(ZHANG, "")]


@pytest.mark.parametrize("card_type", PEOPLE)
def test_a_card_left_lying_is_read_once(desk, card_type):
    desk.sam.lay(CardChip.of(PEOPLE[card_type]))

    assert desk.run(50) == [CardRead(PEOPLE[card_type], SAM_NUMBER)]
    assert (desk.dialogue.command, desk.dialogue.pause) == (Command.READ_ADDRESSES, PRESENCE_PAUSE)


def test_a_card_is_told_of_before_it_is_read(desk):
    desk.sam.lay(CardChip.of(ZHANG))
    desk.run_to(Command.READ)

    assert (desk.found, desk.events) == (1, [])
    desk.run(50)
    assert (desk.found, desk.events) == (1, [CardRead(ZHANG, SAM_NUMBER)])


def test_an_empty_reader_finds_nobody(desk):
    desk.run(20)

    assert desk.found == 0


def test_a_card_that_cannot_be_selected_is_not_told_of(desk):
    desk.sam.statuses[Command.SELECT] = 0x81
    desk.sam.lay(CardChip.of(ZHANG))
    desk.run(20)

    assert desk.found == 0


def test_lifting_is_told_and_the_next_card_read(desk):
    desk.sam.lay(CardChip.of(ZHANG))
    desk.run()
    desk.sam.lift()
    desk.run()
    desk.sam.lay(CardChip.of(CHEN))
    desk.run()

    assert desk.events == [CardRead(ZHANG, SAM_NUMBER), CardRemoved(), CardRead(CHEN, SAM_NUMBER)]


def test_a_card_swapped_between_two_questions_is_a_new_card(desk):
    desk.sam.lay(CardChip.of(ZHANG))
    desk.run()
    desk.sam.lay(CardChip.of(CHEN))

    assert desk.run() == [CardRemoved(), CardRead(CHEN, SAM_NUMBER)]


def test_the_newest_address_comes_with_the_card(desk):
    moved = replace(ZHANG, additional_addresses=("北京市海淀区中关村大街1号",))
    desk.sam.lay(CardChip.of(moved))

    assert desk.run() == [CardRead(moved, SAM_NUMBER)]


def test_who_needs_no_addresses_is_told_of_the_card_as_soon_as_it_is_read(desk):
    desk.dialogue = CardDialogue(with_addresses=False)
    moved = replace(ZHANG, additional_addresses=("北京市海淀区中关村大街1号",))
    desk.sam.lay(CardChip.of(moved))
    desk.run_to(Command.READ)

    assert desk.step() == [CardRead(ZHANG, SAM_NUMBER)]
    assert desk.dialogue.pause == PRESENCE_PAUSE
    assert desk.run() == []
    desk.sam.lift()
    assert desk.run() == [CardRemoved()]


def test_a_card_lifted_right_after_the_read_counts(desk):
    desk.sam.lay(CardChip.of(ZHANG))
    desk.run_to(Command.READ_ADDRESSES)
    desk.sam.lift()

    assert desk.run() == [CardRead(ZHANG, SAM_NUMBER), CardRemoved()]


def test_a_first_find_that_fails_is_repeated_at_once_and_then_at_leisure(desk):
    pauses = []
    for _ in range(4):
        desk.step()
        pauses.append(desk.dialogue.pause)

    assert pauses == [0, FIND_PAUSE, FIND_PAUSE, FIND_PAUSE]


def test_a_card_pulled_away_in_mid_read_asks_for_it_again_and_is_then_read(desk):
    desk.sam.lay(CardChip.of(ZHANG))
    desk.run_to(Command.READ)
    desk.sam.lift()
    [complaint] = desk.run()
    desk.sam.lay(CardChip.of(ZHANG))

    assert isinstance(complaint, CardUnreadable)
    assert (complaint.status, complaint.code) == (0x41, "status")
    assert "请重新放卡" in complaint.message
    assert "lay it down again" in complaint.message_en
    assert desk.run() == [CardRead(ZHANG, SAM_NUMBER)]


def test_a_read_that_fails_twice_is_tried_a_third_time(desk):
    desk.sam.lay(CardChip.of(ZHANG))
    desk.run_to(Command.READ)
    for _ in range(2):
        desk.step(lambda _reply: encode_reply(0x41))

    assert desk.run() == [CardRead(ZHANG, SAM_NUMBER)]


def test_a_card_brushed_past_the_reader_asks_for_it_again(desk):
    desk.sam.lay(CardChip.of(ZHANG))
    desk.run_to(Command.SELECT)
    desk.sam.lift()
    [complaint] = desk.run()

    assert isinstance(complaint, CardUnreadable)
    assert complaint.status == 0x81


@pytest.mark.parametrize("status", [0x21, 0x23, 0x31, 0x32, 0x33, 0x37, 0x3F, 0x40, 0x55, 0x91])
def test_a_refused_card_is_complained_of_once(desk, status):
    desk.sam.statuses[Command.READ] = status
    desk.sam.lay(CardChip.of(ZHANG))
    [complaint] = desk.run(40)

    assert isinstance(complaint, CardUnreadable)
    assert complaint.status == status
    assert complaint.message


def test_a_card_every_find_of_which_fails_is_complained_of_once(desk):
    desk.sam.statuses[Command.FIND] = 0x40

    assert [type(event) for event in desk.run(40)] == [CardUnreadable]


@pytest.mark.parametrize("status", [0x24, 0x47])
def test_a_confused_module_is_reset_once_before_anybody_is_troubled(desk, status):
    desk.sam.lay(CardChip.of(ZHANG))
    desk.run_to(Command.SELECT)
    desk.step(lambda _reply: encode_reply(status))

    assert desk.dialogue.command is Command.RESET
    assert desk.run() == [CardRead(ZHANG, SAM_NUMBER)]


def test_a_module_that_stays_confused_is_reported(desk):
    desk.sam.statuses[Command.SELECT] = 0x24
    desk.sam.lay(CardChip.of(ZHANG))

    assert [type(event) for event in desk.run(40)] == [CardUnreadable]


def test_damaged_data_are_read_again_and_then_refused_with_their_own_words(desk):
    chip = CardChip.of(ZHANG)
    desk.sam.lay(replace(chip, text=chip.text[:122] + b"9\0" + chip.text[124:]))
    [complaint] = desk.run(20)

    assert isinstance(complaint, CardUnreadable)
    assert complaint.code == "bad_number"
    assert "请重新放卡" in complaint.message


@pytest.mark.parametrize(("status", "code"), [(0x60, "self_test_failed"), (0x66, "not_authorised")])
def test_a_broken_module_is_a_fault_and_asked_again_much_later(desk, status, code):
    desk.sam.statuses[Command.FIND] = status
    [fault] = desk.step()

    assert fault == ReaderFault(code)
    assert isinstance(fault, ReaderFault)
    assert fault.message
    assert (desk.dialogue.command, desk.dialogue.pause) == (Command.STATUS, FAULT_PAUSE)
    del desk.sam.statuses[Command.FIND]
    assert desk.run(3) == [ReaderReady(SAM_NUMBER)]


def test_three_silences_in_a_row_lose_the_reader(desk):
    assert [desk.step(lose) for _ in range(3)] == [[], [], [ReaderFault("silent")]]
    assert desk.dialogue.lost


def test_silences_with_answers_between_them_lose_nobody(desk):
    for _ in range(5):
        desk.step(lose)
        desk.step(lose)
        desk.step()

    assert desk.events == []
    assert not desk.dialogue.lost


@pytest.mark.parametrize("status", [0x10, 0x11])
def test_a_request_that_arrived_damaged_is_sent_again(desk, status):
    desk.sam.lay(CardChip.of(ZHANG))
    desk.run_to(Command.READ)
    desk.step(lambda _reply: encode_reply(status))

    assert desk.run() == [CardRead(ZHANG, SAM_NUMBER)]


@pytest.mark.parametrize(
    "command", [Command.FIND, Command.SELECT, Command.READ, Command.READ_ADDRESSES], ids=lambda c: c.name
)
@pytest.mark.parametrize("times", [1, 2])
def test_an_answer_lost_anywhere_does_not_lose_the_card(desk, command, times):
    """Although the module says "found" only once."""
    desk.sam.lay(CardChip.of(ZHANG))
    desk.run_to(command)
    for _ in range(times):
        desk.step(lose)
    desk.run()

    assert desk.events == [CardRead(ZHANG, SAM_NUMBER)]


def test_a_lost_answer_with_no_card_there_troubles_nobody(desk):
    desk.step(lose)

    assert desk.run() == []


def test_a_card_read_before_and_never_moved_can_be_asked_for_again(desk):
    desk.sam.lay(CardChip.of(ZHANG))
    desk.run()
    desk.dialogue = CardDialogue(read_lying=True)

    assert desk.run(30) == [ReaderReady(SAM_NUMBER), CardRead(ZHANG, SAM_NUMBER)]


def test_asking_for_a_lying_card_finds_an_empty_reader_empty():
    desk = Desk()
    desk.dialogue = CardDialogue(read_lying=True)

    assert desk.run(30) == [ReaderReady(SAM_NUMBER)]
    desk.sam.lay(CardChip.of(ZHANG))
    assert desk.run() == [CardRead(ZHANG, SAM_NUMBER)]


def test_a_late_answer_to_an_earlier_question_is_not_taken_for_this_one(desk):
    desk.sam.lay(CardChip.of(ZHANG))
    desk.run_to(Command.READ)
    desk.step(lambda _reply: encode_reply(0x9F, bytes(4)))
    desk.step(lambda _reply: encode_reply(0x90, bytes(8)))
    desk.run_to(Command.READ_ADDRESSES)
    desk.step(lambda _reply: encode_reply(0x90, read_reply_data(CardChip.of(CHEN))))

    assert desk.events == [CardRead(ZHANG, SAM_NUMBER)]


@given(st.data())
def test_one_wrong_byte_anywhere_never_names_somebody_else(data):
    desk, wrong_step = Desk(), data.draw(st.integers(0, 8))
    desk.sam.lay(CardChip.of(ZHANG))

    def flip(reply: bytes) -> bytes:
        at = data.draw(st.integers(0, len(reply) - 1))
        return reply[:at] + bytes([reply[at] ^ data.draw(st.integers(1, 255))]) + reply[at + 1 :]

    for step in range(20):
        desk.step(flip if step == wrong_step else clean_line)
    people = [event.card for event in desk.events if isinstance(event, CardRead)]
    assert people == [ZHANG]


@given(st.lists(st.binary(max_size=60), max_size=25))
def test_a_line_gone_mad_names_nobody_and_the_next_good_card_is_read(ravings):
    desk = Desk()
    for raving in ravings:
        desk.step(lambda _reply, raving=raving: raving)
        if desk.dialogue.lost:
            desk.dialogue = CardDialogue()
    assert [event for event in desk.events if isinstance(event, CardRead)] == []
    desk.sam.lift()
    desk.run()
    desk.sam.lay(CardChip.of(CHEN))

    assert [event.card for event in desk.run(20) if isinstance(event, CardRead)] == [CHEN]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["lay Zhang", "lay Chen", "lift", "step", "step", "step", "lose", "cut"]),
            st.integers(0, 1300),
        ),
        max_size=60,
    )
)
def test_whatever_people_and_lines_do_only_those_who_laid_a_card_are_named(deeds):
    """Reads and removals alternate, and everybody named had laid a card."""
    desk, laid = Desk(), []
    for deed, size in deeds:
        if deed.startswith("lay"):
            person = ZHANG if deed == "lay Zhang" else CHEN
            laid.append(person)
            desk.sam.lay(CardChip.of(person))
        elif deed == "lift":
            desk.sam.lift()
        else:
            lines = {"step": clean_line, "lose": lose, "cut": lambda reply, size=size: reply[:size]}
            desk.step(lines[deed])
        if desk.dialogue.lost:
            desk.dialogue = CardDialogue()
            desk.events.append(CardRemoved())
    kinds = [type(event) for event in desk.events if isinstance(event, CardRead | CardRemoved)]

    assert all(not (one is two is CardRead) for one, two in pairwise(kinds))
    assert all(event.card in laid for event in desk.events if isinstance(event, CardRead))
