"""The commands as processes: a simulated reader, a simulated camera, a server, a whole class day."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import segno

from kiosk.cli import main
from kiosk.clock import Clock
from kiosk.envelope import Enrolled
from kiosk.idcard.cards import IdCard
from kiosk.journal import Journal
from kiosk.simulator.cards import card_from_fields
from kiosk.simulator.reader import SimulatedReader

Run = Callable[..., subprocess.CompletedProcess[str]]


def plastic(name: str, number: str) -> IdCard:
    return card_from_fields(
        {
            "name": name, "number": number, "sex": "女", "ethnicity": "汉", "born_on": "1990-03-07",
            "address": "江西省石城县琴江镇", "issuer": "石城县公安局", "valid_from": "2020-01-01",
            "valid_until": "2040-01-01",
        }
    )  # fmt: skip


@pytest.fixture
def kiosk() -> Run:
    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "kiosk.cli", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    return run


@contextmanager
def running(*arguments: object) -> Iterator[httpx.Client]:
    """`kiosk run …` and a client for its screen; ended with SIGTERM, which must be clean."""
    command = [sys.executable, "-m", "kiosk.cli", "run", "--listen", "127.0.0.1:0", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            address = process.stdout.readline().rsplit(" ", 1)[-1].strip()
            with httpx.Client(base_url=address) as client:
                yield client
        finally:
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


def test_a_class_day_with_a_reader_on_a_line(
    county: Any, card: Any, stranger: tuple[str, str], kiosk: Run, tmp_path: Path,
    set_time: Callable[[str], None], eventually: Callable[..., None],
) -> None:  # fmt: skip
    home, line = tmp_path / "home", tmp_path / "reader"
    assert kiosk("enrol", "--server", county.address, "--code", "4711-0815", "--home", home).returncode == 0

    def laid(person: IdCard, code: str) -> None:
        reader.lay(person)
        eventually(lambda: screen.get("/api/state").json()["message"]["code"] == code)
        reader.lift()
        eventually(lambda: screen.get("/api/state").json()["screen"] == "rest", 15)

    trainee = plastic("赵春禾", card("赵春禾").number)
    with SimulatedReader(line) as reader, running("--home", home, "--reader", line, "--no-face") as screen:
        eventually(lambda: screen.get("/api/state").json()["reader"]["code"] == "reader_ready")
        eventually(lambda: screen.get("/api/state").json()["screen"] == "rest")
        laid(trainee, "signed_in")
        laid(plastic(*stranger), "walk_in")
        set_time("11:45")
        laid(trainee, "signed_out")
        eventually(lambda: screen.get("/api/state").json()["safe_to_power_off"])

    assert [event.kind for event in county.in_order()] == ["sign_in", "sign_in", "sign_out"]
    assert [event.card.sam_id[:5] for event in county.in_order()] == ["05.03"] * 3
    assert county.opened(county.in_order()[1])["number"] == stranger[1]


def test_read_prints_one_card_and_masks_its_number(card: Any, kiosk: Run, tmp_path: Path) -> None:
    number = card("赵春禾").number
    with SimulatedReader(tmp_path / "reader") as reader:
        reader.lay(plastic("赵春禾", number))
        masked = kiosk("read", "--port", reader.url, "--json")
        revealed = kiosk("read", "--port", reader.url, "--json", "--reveal")

    assert masked.returncode == revealed.returncode == 0
    assert number not in masked.stdout
    assert json.loads(masked.stdout)["name"] == "赵春禾"
    assert json.loads(revealed.stdout)["number"] == number


def test_read_without_a_card_fails_in_words(kiosk: Run, tmp_path: Path) -> None:
    with SimulatedReader(tmp_path / "reader") as reader:
        answer = kiosk("read", "--port", reader.url, "--json", "--timeout", "0.5")

    assert answer.returncode == 1
    assert json.loads(answer.stdout)["code"] == "no_card"


def test_doctor_names_what_is_wrong_and_says_so_by_its_exit_code(
    county: Any, kiosk: Run, tmp_path: Path, videos: Callable[[str], str]
) -> None:
    home = tmp_path / "home"
    sick = kiosk("doctor", "--home", home, "--camera", "/nowhere.avi", "--no-face", "--json")
    kiosk("enrol", "--server", county.address, "--code", "4711-0815", "--home", home)
    with running("--home", home) as screen:
        assert screen.get("/api/state").status_code == 200
    well = kiosk("doctor", "--home", home, "--camera", videos("astronaut"), "--no-face", "--json")
    shown = kiosk("doctor", "--home", home)

    def wrong(answer: subprocess.CompletedProcess[str]) -> list[str]:
        findings = json.loads(answer.stdout)["findings"]
        return [finding["part"] for finding in findings if finding["level"] == "error"]

    assert (sick.returncode, wrong(sick)) == (1, ["key", "camera"])
    assert (well.returncode, wrong(well)) == (0, [])
    assert shown.returncode == 0
    assert all(word in shown.stdout for word in ("部件", "What to do", "✓", "登记", "Enrolment", "一切正常"))


def test_doctor_goes_on_when_the_settings_are_wrong(kiosk: Run, tmp_path: Path) -> None:
    (tmp_path / "station.toml").write_text("[reader]\nbaud = 5\n")

    answer = kiosk("doctor", "--home", tmp_path, "--json")

    parts = [finding["part"] for finding in json.loads(answer.stdout)["findings"]]
    assert (answer.returncode, parts[:2]) == (1, ["settings", "key"])
    assert "disk" in parts


def test_a_station_is_enrolled_by_the_picture_of_a_qr_code_and_renewed_by_another(
    county: Any, kiosk: Run, tmp_path: Path
) -> None:
    def picture(code: str) -> Path:
        path = tmp_path / f"{code}.png"
        segno.make(f"yidang-enrol:{county.address}|{code}", micro=False).save(str(path), scale=6)
        return path

    first = kiosk("enrol", "--home", tmp_path / "home", "--qr", picture("4711-0815"))
    again = kiosk("enrol", "--home", tmp_path / "home", "--qr", picture("RENE-WAL2"))
    county.codes.add("OTHE-RONE")
    other = kiosk("enrol", "--home", tmp_path / "home", "--qr", picture("OTHE-RONE"))

    assert [answer.returncode for answer in (first, again, other)] == [0, 0, 1]
    assert "登记成功：琴江镇签到终端 1" in first.stdout
    assert "续用成功：琴江镇签到终端 1" in again.stdout
    assert "本机已登记为“琴江镇签到终端 1”" in other.stderr
    assert "续用本机" in other.stderr


def test_resend_counts_events_and_photos(county: Any, kiosk: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    kiosk("enrol", "--server", county.address, "--code", "4711-0815", "--home", home)
    with Journal(home) as journal:
        for _event in range(3):
            about = {"kind": "sign_in", "session": "S", "lesson": 1, "person": Enrolled(enrolment=1)}
            journal.append(journal.compose(Clock(), **about))

    first, second = (kiosk("resend", "--home", home, "--json") for _time in range(2))

    assert json.loads(first.stdout) == {"statuses": {"accepted": 3}, "photos": {}}
    assert json.loads(second.stdout) == {"statuses": {"duplicate": 3}, "photos": {}}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["enrol", "--server", "http://127.0.0.1:9", "--code", "x", "--home", "HOME"], "连不上服务器"),
        (["enrol", "--qr", "/nowhere.png", "--home", "HOME"], "文件打不开"),
        (
            ["enrol", "--qr", "--camera", "/nowhere.avi", "--timeout", "0.2", "--home", "HOME"],
            "没有看到二维码",
        ),
        (["run", "--home", "HOME", "--listen", "0.0.0.0:8765"], "只能在本机打开"),
        (["run", "--home", "/proc/nowhere"], "本机数据打不开"),
        (["read", "--port", "/dev/nowhere"], "没有读到卡"),
        (["simulate", "camera", "--out", "HOME/x.avi", "--face", "nobody-known"], "没有这张脸"),
        (["simulate", "camera", "--out", "/nowhere/x.avi", "--face", "both"], "写不了文件"),
    ],
)
def test_every_failure_is_a_sentence_and_an_exit_code(
    kiosk: Run, tmp_path: Path, arguments: list[str], words: str
) -> None:
    answer = kiosk(*(argument.replace("HOME", str(tmp_path)) for argument in arguments))

    assert answer.returncode == 1
    assert words in answer.stderr
    assert "Traceback" not in answer.stderr


def test_an_unknown_code_is_refused_in_the_servers_words(county: Any, kiosk: Run, tmp_path: Path) -> None:
    answer = kiosk("enrol", "--server", county.address, "--code", "nope", "--home", tmp_path / "home")

    assert (answer.returncode, "登记码不对" in answer.stderr) == (1, True)


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["enrol"],
        ["run"],
        ["read"],
        ["doctor"],
        ["simulate"],
        ["simulate", "camera"],
        ["simulate", "reader"],
        ["simulate", "network"],
    ],
)
def test_help_is_in_both_languages(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as over:
        main([*command, "--help"])

    assert over.value.code == 0
    assert any(ord(letter) > 0x4E00 for letter in capsys.readouterr().out)


def test_the_kiosk_loads_neither_django_nor_the_server() -> None:
    program = "import sys, kiosk.cli; print([name for name in ('django', 'training') if name in sys.modules])"
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=os.environ
    )
    assert answer.stdout.strip() == "[]"
