"""Ports: probed only where it is allowed, and known again by the name that stays."""

from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from queue import Queue

import pytest
from serial.tools.list_ports_common import ListPortInfo

from kiosk.idcard.dialogue import ReaderEvent, ReaderFault, ReaderReady
from kiosk.idcard.ports import AUTO, Ports, ReaderError, open_port
from kiosk.idcard.reader import CardReader, TokenReader, read_one
from kiosk.simulator.cards import PHOTO_STAND_IN, card_from_fields
from kiosk.simulator.reader import SimulatedReader

PERSON = card_from_fields(
    {
        "name": "赵小满",
        "sex": "2",
        "ethnicity": "01",
        "born_on": "1990-03-07",
        "address": "江西省石城县琴江镇1号",
        "number": "110101199003070011",
        "issuer": "石城县公安局",
        "valid_from": "2020-01-01",
        "valid_until": None,
        "photo": PHOTO_STAND_IN,
    }
)
BY_ID = "usb-1a86_USB_Serial-if00-port0"
SAM_NUMBER = "05.03-20110816-0001234567-0987654321"


class Machine:
    """A machine with pseudo-terminals for serial ports; those in `usb` say they are USB bridges."""

    def __init__(self, root: Path) -> None:
        self.dev, self.by_id = root / "dev", root / "by-id"
        self.dev.mkdir()
        self.by_id.mkdir()
        self.devices: dict[str, SimulatedReader] = {}
        self.usb: set[str] = set()
        self.serial_numbers: dict[str, str] = {}
        self._open = ExitStack()

    def plug(
        self, name: str, *, usb: bool = True, by_id: str = "", baud: int | None = None
    ) -> SimulatedReader:
        device = self._open.enter_context(SimulatedReader(self.dev / name, baud=baud))
        self.devices[name] = device
        if usb:
            self.usb.add(name)
        if by_id:
            (self.by_id / by_id).unlink(missing_ok=True)
            (self.by_id / by_id).symlink_to(self.dev / name)
        return device

    def unplug(self, name: str) -> None:
        self.devices.pop(name).unplug()
        self.usb.discard(name)

    def listing(self) -> Iterable[ListPortInfo]:
        for name in self.devices:
            info = ListPortInfo(str(self.dev / name), skip_link_detection=True)
            info.description = f"port {name}"
            if name in self.usb:
                info.vid, info.pid = 0x1A86, 0x7523
                info.serial_number = self.serial_numbers.get(name)
            yield info

    def ports(self, allow: list[str] | None = None, reserved: Iterable[str] = ()) -> Ports:
        return Ports(allow, reserved=reserved, by_id=self.by_id, listing=self.listing)

    def url(self, name: str) -> str:
        return str(self.dev / name)

    def close(self) -> None:
        self._open.close()


@pytest.fixture
def machine(tmp_path):
    machine = Machine(tmp_path)
    yield machine
    machine.close()


def probed(machine: Machine) -> list[str]:
    """The ports that heard anything at all."""
    return [name for name, device in machine.devices.items() if device.asked]


def test_the_reader_is_found_among_usb_ports_and_others_are_left_alone(machine):
    machine.plug("ttyS0", usb=False)
    machine.plug("ttyUSB0").lay(PERSON)

    assert read_one(AUTO, 5, machine.ports()) == PERSON
    assert probed(machine) == ["ttyUSB0"]


def test_what_is_allowed_is_asked_and_nothing_else(machine):
    machine.plug("ttyS0", usb=False).lay(PERSON)
    machine.plug("ttyUSB0")

    assert read_one(AUTO, 5, machine.ports(["ttyS*"])) == PERSON
    assert probed(machine) == ["ttyS0"]


def test_a_port_is_allowed_by_the_name_that_stays(machine):
    machine.plug("ttyUSB0", by_id="usb-Printer-if00")
    machine.plug("ttyUSB1", by_id=BY_ID).lay(PERSON)

    assert read_one(AUTO, 5, machine.ports(["usb-1a86*"])) == PERSON
    assert probed(machine) == ["ttyUSB1"]


@pytest.mark.parametrize("allow", [[], ["ttyACM*"]])
def test_with_no_port_allowed_there_is_none(machine, allow):
    machine.plug("ttyUSB0").lay(PERSON)

    with pytest.raises(ReaderError) as caught:
        read_one(AUTO, 2, machine.ports(allow))
    assert caught.value.code == "no_port"
    assert probed(machine) == []


def test_another_devices_port_is_never_asked_by_whatever_name_it_goes(machine):
    machine.plug("ttyUSB0", by_id="usb-Tokens-if00")
    machine.plug("ttyUSB1").lay(PERSON)
    ports = machine.ports(["*"], reserved=[str(machine.by_id / "usb-Tokens-if00")])

    assert read_one(AUTO, 5, ports) == PERSON
    assert probed(machine) == ["ttyUSB1"]


def test_ports_without_an_answer_are_passed_over(machine, monkeypatch):
    monkeypatch.setattr("kiosk.idcard.reader.BAUDS", (115200,))
    machine.plug("ttyUSB0", baud=9600)
    machine.plug("ttyUSB1").lay(PERSON)

    assert read_one(AUTO, 5, machine.ports()) == PERSON


def test_a_port_another_program_holds_is_passed_over_and_named_if_there_is_no_reader(machine, monkeypatch):
    monkeypatch.setattr("kiosk.idcard.reader.BAUDS", (115200,))
    machine.plug("ttyUSB0", baud=9600)
    held = machine.plug("ttyUSB1")
    port = open_port(held.url)
    with pytest.raises(ReaderError) as caught:
        read_one(AUTO, 5, machine.ports())
    port.close()

    assert (caught.value.code, held.asked) == ("port_busy", [])


def test_a_named_port_is_opened_whatever_is_allowed_and_no_other_is(machine):
    machine.plug("ttyS0", usb=False).lay(PERSON)
    machine.plug("ttyUSB0")

    assert read_one(machine.url("ttyS0"), 5, machine.ports([])) == PERSON
    assert probed(machine) == ["ttyS0"]


@pytest.mark.parametrize("url", [AUTO, "ttyUSB0"])
def test_a_reader_that_comes_back_under_another_number_is_found_by_its_lasting_name(machine, url):
    told = Queue[ReaderEvent]()
    machine.plug("ttyUSB0", by_id=BY_ID)
    with CardReader(url if url == AUTO else machine.url(url), told.put, machine.ports()):
        assert told.get(timeout=5) == ReaderReady(SAM_NUMBER)
        machine.unplug("ttyUSB0")
        assert told.get(timeout=5) == ReaderFault("unplugged")
        machine.plug("ttyUSB3", by_id=BY_ID)
        while (event := told.get(timeout=8)) == ReaderFault("no_port"):
            pass
        assert event == ReaderReady(SAM_NUMBER)


def test_where_there_are_no_lasting_names_the_devices_own_number_tells(machine):
    machine.plug("COM3")
    machine.serial_numbers["COM3"] = "A50285BI"
    ports = machine.ports()
    identity = ports.identity(machine.url("COM3"))
    machine.unplug("COM3")
    machine.plug("COM9")
    machine.serial_numbers["COM9"] = "A50285BI"

    assert identity == "1A86:7523:A50285BI"
    assert ports.candidates(machine.url("COM3"), identity) == [machine.url("COM9"), machine.url("COM3")]


def test_a_token_reader_is_found_by_its_lasting_name_too(machine):
    told = Queue[ReaderEvent]()
    machine.plug("ttyUSB0", by_id=BY_ID)
    with TokenReader(machine.url("ttyUSB0"), told.put, machine.ports()):
        assert told.get(timeout=5) == ReaderReady("", "token")
        machine.unplug("ttyUSB0")
        assert told.get(timeout=5) == ReaderFault("unplugged", "token")
        machine.plug("ttyUSB1", by_id=BY_ID)
        while (event := told.get(timeout=8)) == ReaderFault("no_port", "token"):
            pass
        assert event == ReaderReady("", "token")
    assert probed(machine) == []


def test_the_list_says_what_each_port_is(machine):
    machine.plug("ttyUSB0", by_id=BY_ID)
    machine.plug("ttyS0", usb=False)
    ports = machine.ports()
    serial, bridge = ports.listed()

    assert (serial.url, serial.is_usb, ports.may_probe(serial)) == (machine.url("ttyS0"), False, False)
    assert (bridge.url, bridge.is_usb, ports.may_probe(bridge)) == (str(machine.by_id / BY_ID), True, True)
    assert bridge.description == "port ttyUSB0"


def test_this_machines_own_ports_can_be_listed():
    assert all(port.device for port in Ports().listed())
