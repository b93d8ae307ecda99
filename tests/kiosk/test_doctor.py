"""The doctor names each thing that is wrong, and what to do; it changes nothing."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from serial.tools.list_ports_common import ListPortInfo

from kiosk.clock import Clock
from kiosk.doctor import Finding, Parts, examine, machine, table
from kiosk.doctor.findings import PARTS, SIGNS, width
from kiosk.doctor.hardware import holders
from kiosk.envelope import Enrolled
from kiosk.idcard.frames import Command
from kiosk.idcard.photo import Library, LibraryDecoder
from kiosk.idcard.ports import Ports
from kiosk.idcard.statuses import SW3
from kiosk.journal import Journal, Receipt
from kiosk.server import Server
from kiosk.simulator.reader import SamModule, SimulatedReader
from kiosk.simulator.tokens import SimulatedTokenReader
from kiosk.store import DATABASE, KEY

NO_PORTS = Ports(listing=list)


def ports_of(*devices: str) -> Ports:
    """A machine with these USB serial ports and no other."""
    listed = []
    for device in devices:
        info = ListPortInfo(device, skip_link_detection=True)
        info.vid, info.pid, info.description = 0x1A86, 0x7523, "USB Serial"
        listed.append(info)
    return Ports(listing=lambda: listed)


@pytest.fixture
def look(journal: Journal) -> Callable[..., dict[str, Finding]]:
    """Examine the enrolled station; the findings by part, keyword arguments as for `Parts`."""

    def examined(**parts: Any) -> dict[str, Finding]:
        parts.setdefault("ports", NO_PORTS)
        return {finding.part: finding for finding in examine(journal.home, Parts(**parts))}

    return examined


@pytest.fixture
def sign_in(journal: Journal) -> Callable[[], None]:
    def record() -> None:
        about = {"kind": "sign_in", "session": "SC-2026-03", "lesson": 11, "person": Enrolled(enrolment=101)}
        journal.append(journal.compose(Clock(), **about))

    return record


@pytest.fixture
def film(tmp_path: Path) -> Callable[..., str]:
    """A video of this still picture, with a sensor's noise."""

    def write(image: Any) -> str:
        path = tmp_path / "still.avi"
        noise = np.random.default_rng(1)
        video = cv2.VideoWriter(
            str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (image.shape[1], image.shape[0])
        )
        for _frame in range(20):
            video.write(np.clip(image + noise.normal(0, 1, image.shape), 0, 255).astype(np.uint8))
        video.release()
        return str(path)

    return write


@contextmanager
def program_with(device: str) -> Iterator[int]:
    """Another program that has the device open; its process number."""
    program = "import sys, time; file = open(sys.argv[1], 'rb', 0); print('open', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", program, device], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


def levels(findings: dict[str, Finding]) -> dict[str, str]:
    return {part: finding.level for part, finding in findings.items()}


# A station that is well, and one that is none


def test_a_station_that_is_well(look: Any, journal: Journal, sign_in: Any) -> None:
    sign_in()
    journal.keep_receipts([Receipt(journal.envelopes()[0].digest, "accepted")])
    journal.tidy(Clock())

    assert levels(look()) | {"zone": "ok"} == {
        "files": "ok", "key": "ok", "package": "ok", "queue": "ok", "held": "ok", "tidy": "ok", "server": "ok",
        "clock": "ok", "jumps": "ok", "disk": "ok", "write": "ok", "zone": "ok", "photo": "ok",
    }  # fmt: skip
    assert look()["package"].value == (journal.package.version if journal.package else "")


def test_no_journal_is_an_error_and_none_is_made(tmp_path: Path) -> None:
    findings = {finding.part: finding for finding in examine(tmp_path / "home", Parts(ports=NO_PORTS))}

    assert levels(findings) | {"zone": "ok"} == {"key": "error", "disk": "ok", "zone": "ok", "photo": "ok"}
    assert "kiosk enrol" in findings["key"].next_zh
    assert not (tmp_path / "home").exists()


def test_looking_changes_nothing(look: Any, journal: Journal, sign_in: Any) -> None:
    sign_in()
    before = journal.counts(), journal.envelopes(), sorted(journal.home.iterdir())

    look()

    assert (journal.counts(), journal.envelopes(), sorted(journal.home.iterdir())) == before


# Memory


def test_a_key_that_others_can_read_is_an_error(look: Any, journal: Journal) -> None:
    (journal.home / KEY).chmod(0o644)

    finding = look()["files"]

    assert finding.level == "error"
    assert finding.next_zh == f"chmod go-rwx {journal.home / KEY}"


def test_a_journal_that_is_no_database_is_an_error(look: Any, journal: Journal) -> None:
    journal.close()
    for path in journal.home.glob("journal.sqlite3*"):
        path.unlink()
    (journal.home / DATABASE).write_bytes(b"not a database" * 100)

    findings = look()

    assert findings["journal"].level == "error"
    assert "不要删除" in findings["journal"].next_zh


def test_what_waits_is_told_with_the_age_of_the_oldest(
    look: Any, journal: Journal, sign_in: Any, tmp_path: Path
) -> None:
    sign_in()
    assert (look()["queue"].level, look()["queue"].value) == ("warning", 1)
    assert "刚才" in look()["queue"].zh

    (tmp_path / "clock").write_text(str(float((tmp_path / "clock").read_text()) + 4 * 86400))
    finding = look()["queue"]

    assert finding.level == "error"
    assert ("4 天前" in finding.zh, "4 day(s) ago" in finding.en) == (True, True)


def test_refused_and_held_events_are_told_apart(look: Any, journal: Journal, sign_in: Any) -> None:
    for _event in range(3):
        sign_in()
    first, second, third = (envelope.digest for envelope in journal.envelopes())
    journal.keep_receipts([Receipt(first, "held", "late"), Receipt(second, "accepted")])
    assert (look()["held"].level, look()["held"].value) == ("warning", 1)
    assert "商务局" in look()["held"].next_zh

    journal.keep_receipts([Receipt(third, "refused", "malformed")])
    assert look()["held"].value == 2
    assert "kiosk resend" in look()["held"].next_zh


def test_a_roster_that_is_old_or_unreadable_is_told(look: Any, journal: Journal, tmp_path: Path) -> None:
    (tmp_path / "clock").write_text(str(float((tmp_path / "clock").read_text()) + 5 * 86400))
    assert look()["package"].level == "warning"
    assert "5 天前" in look()["package"].zh

    with journal._writing():
        journal._keep("package", b"{}")
    assert look()["package"].level == "error"


def test_a_clock_that_jumped_or_differs_is_told(
    look: Any, journal: Journal, county: Any, tmp_path: Path
) -> None:
    clock = Clock()
    wall = float((tmp_path / "clock").read_text())
    (tmp_path / "clock").write_text(f"{wall - 600} {wall}")
    journal.watch(clock)
    county.stop()
    journal.keep_contact(600_000, clock.now())

    findings = look()

    assert (findings["jumps"].level, findings["jumps"].value) == ("warning", 1)
    assert "-600 秒" in findings["jumps"].zh
    assert (findings["clock"].level, findings["clock"].value) == ("error", 600_000)
    assert "上次联系时" in findings["clock"].zh


@pytest.mark.parametrize(
    ("refuse", "words"),
    [
        ((401, "station_unknown"), "本机未登记"),
        ((403, "station_revoked"), "本机已停用"),
        ((426, "upgrade_needed"), "签到程序需要升级"),
    ],
)
def test_a_server_that_turns_the_station_away_is_quoted(
    look: Any, county: Any, refuse: tuple[int, str], words: str
) -> None:
    county.refuse = refuse

    finding = look()["server"]

    assert (finding.level, finding.value) == ("error", refuse[1])
    assert finding.zh == words


def test_no_server_for_an_hour_is_a_warning_and_for_days_an_error(
    look: Any, journal: Journal, county: Any, tmp_path: Path
) -> None:
    server = Server(
        county.address, clock=Clock(), on_contact=lambda ms: journal.keep_contact(ms, Clock().now())
    )
    server.time()
    server.close()
    county.stop()
    assert look()["server"].level == "warning"

    (tmp_path / "clock").write_text(str(float((tmp_path / "clock").read_text()) + 4 * 86400))
    assert look()["server"].level == "error"


# Machine


def test_a_disk_that_takes_nothing_is_an_error() -> None:
    findings = {finding.part: finding for finding in machine.look(Path("/proc"))}

    assert findings["write"].level == "error"
    assert "只读" in findings["write"].next_zh


def test_the_time_to_the_disk_is_measured(look: Any) -> None:
    finding = look()["write"]

    assert isinstance(finding.value, float)
    assert 0 < finding.value < 5000


# Hardware


def test_a_reader_is_told_with_its_module_and_speed(look: Any, tmp_path: Path) -> None:
    with SimulatedReader(tmp_path / "reader", baud=38400) as reader:
        finding = look(reader=reader.url)["reader"]

    assert (finding.level, finding.value) == ("ok", "05.03-20110816-0001234567-0987654321")
    assert "38400 baud" in finding.zh


@pytest.mark.parametrize(
    ("status", "code"), [(SW3.SELF_TEST_FAILED, "self_test_failed"), (SW3.NOT_AUTHORISED, "not_authorised")]
)
def test_a_broken_reader_is_told_in_its_own_words(look: Any, tmp_path: Path, status: int, code: str) -> None:
    module = SamModule()
    module.statuses[Command.STATUS] = status
    with SimulatedReader(tmp_path / "reader", sam=module) as reader:
        finding = look(reader=reader.url)["reader"]

    assert (finding.level, finding.value) == ("error", code)


def test_a_reader_that_is_not_there_is_an_error_and_so_is_a_machine_without_ports(look: Any) -> None:
    findings = look(reader="/dev/ttyUSB77")

    assert (findings["reader"].level, findings["reader"].value) == ("error", "no_port")
    assert findings["port"].level == "warning"
    assert "brltty" in findings["reader"].next_zh


def test_a_port_that_another_program_has_open_is_named_with_the_program(look: Any, tmp_path: Path) -> None:
    with SimulatedReader(tmp_path / "reader") as reader:
        device = os.path.realpath(reader.url)
        with program_with(device) as pid:
            finding = look(ports=ports_of(device))["port"]
            assert [f"({pid})" in name for name in holders(device)] == [True]
        after = look(ports=ports_of(device))["port"]

    assert (finding.level, f"({pid})" in finding.zh) == ("warning", True)
    assert after.level == "ok"


def test_a_port_that_may_not_be_opened_says_which_group_may(look: Any) -> None:
    finding = look(ports=ports_of("/nowhere/ttyUSB0"))["port"]

    assert finding.level == "warning"
    assert "usermod -aG dialout" in finding.next_zh


def test_a_token_readers_port_is_tried(look: Any, tmp_path: Path) -> None:
    with SimulatedTokenReader(tmp_path / "tokens") as reader:
        assert look(token=reader.url)["token"].level == "ok"
    assert look(token=str(tmp_path / "tokens"))["token"].value == "no_port"


def test_a_camera_is_told_with_size_light_and_sharpness(look: Any, videos: Callable[[str], str]) -> None:
    findings = look(camera=videos("astronaut"), face=False)

    assert [findings[part].level for part in ("camera", "light", "sharpness")] == ["ok"] * 3
    assert findings["camera"].value == "640×480"


@pytest.mark.parametrize(
    ("image", "part", "words"),
    [
        (np.full((480, 640, 3), 12, np.uint8), "light", "太暗"),
        (np.full((480, 640, 3), 250, np.uint8), "light", "太亮"),
        (np.full((480, 640, 3), 128, np.uint8), "sharpness", "擦镜头"),
    ],
)
def test_a_bad_picture_is_told_with_what_to_do(
    look: Any, film: Callable[..., str], image: Any, part: str, words: str
) -> None:
    finding = look(camera=film(image), face=False)[part]

    assert (finding.level, words in finding.next_zh) == ("warning", True)


def test_a_camera_without_a_picture_is_an_error(look: Any) -> None:
    findings = look(camera="/nowhere.avi", face=False)

    assert findings["camera"].level == "error"
    assert "light" not in findings


def test_the_face_model_is_loaded(look: Any, videos: Callable[[str], str]) -> None:
    assert look(camera=videos("nobody"))["face"].level == "ok"


def test_a_photo_library_that_is_not_there_is_an_error(look: Any, tmp_path: Path) -> None:
    decoder = LibraryDecoder(Library(tmp_path / "libwlt.so"))

    finding = look(photos=decoder)["photo"]

    assert (finding.level, finding.value) == ("error", "library")


# The table


def test_columns_are_straight_where_letters_are_two_wide() -> None:
    findings = [
        Finding("key", "ok", "已登记", "Enrolled", "x"),
        Finding(
            "clock", "error", "与服务器相差 300 秒", "300 s from the server", 300, "对时", "Set the clock"
        ),
    ]

    assert table(findings).splitlines() == [
        "部件          情况                   怎么办",
        "Part          What                   What to do",
        "登记       ✓  已登记",
        "Enrolment     Enrolled",
        "时钟       ✗  与服务器相差 300 秒    对时",
        "Clock         300 s from the server  Set the clock",
    ]


@pytest.mark.parametrize(
    ("text", "columns"), [("abc", 3), ("读卡器", 6), ("é", 1), ("e\u0301", 1), ("ｱ", 1), ("，", 2), ("𬭎", 2)]
)
def test_the_width_of_a_text(text: str, columns: int) -> None:
    assert width(text) == columns


def test_every_part_has_both_names_and_every_finding_both_languages(
    look: Any, county: Any, videos: Callable[[str], str]
) -> None:
    county.stop()
    findings = look(reader="/dev/nowhere", token="/dev/nowhere", camera=videos("nobody"), face=False)

    assert set(findings) <= set(PARTS)
    for finding in findings.values():
        assert finding.level in SIGNS
        assert bool(finding.next_zh) == bool(finding.next_en)
        assert finding.zh
        assert finding.en
        assert json.dumps(finding.as_json(), ensure_ascii=False)
        assert not re.search(r"[\u3000-\u9fff]", re.sub("“.*”", "", finding.en))
