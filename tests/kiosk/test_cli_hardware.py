"""`kiosk read`, and how `station.toml` and the command line decide which hardware there is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kiosk.cli import main
from kiosk.idcard.cards import IdCard
from kiosk.simulator.cards import card_from_fields
from kiosk.simulator.reader import SimulatedReader
from kiosk.simulator.tokens import SimulatedTokenReader
from tests.machine import COMPILER

TAG = bytes.fromhex("62E3086CED")


@pytest.fixture
def person() -> IdCard:
    return card_from_fields(
        {
            "name": "赵小满", "number": "110101199003070011", "sex": "女", "ethnicity": "汉",
            "born_on": "1990-03-07", "address": "江西省石城县琴江镇", "issuer": "石城县公安局",
            "valid_from": "2020-01-01", "valid_until": None,
        }
    )  # fmt: skip


@pytest.fixture
def kiosk(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run one command here; its exit code and what it printed."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def settle(tmp_path: Path) -> Callable[[str], Path]:
    """Write `station.toml`; the home it is in."""

    def write(text: str) -> Path:
        (tmp_path / "station.toml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_a_card_is_read_at_the_port_that_is_set(kiosk, settle, person, tmp_path):
    with SimulatedReader(tmp_path / "reader") as reader:
        reader.lay(person)
        home = settle(f'[reader]\nurl = "{reader.url}"')
        code, out, _ = kiosk("read", "--home", home, "--json")

    answer = json.loads(out)
    assert (code, answer["name"], answer["photo"]) == (0, "赵小满", 1024)
    assert answer["photo_decoder"] == {
        "library": "",
        "decoded": False,
        "code": "no_decoder",
        "status": None,
        "message": "没有配置芯片照片解码库",
        "message_en": "no decoder for the chip's photo is set",
    }


@pytest.mark.parametrize(
    ("symbol", "decoded", "said"), [("unpack", True, None), ("none_such", False, "symbol")]
)
def test_reading_tells_whether_the_photo_can_be_decoded(
    kiosk, settle, person, tmp_path, symbol, decoded, said
):
    if not COMPILER.here():
        pytest.skip(COMPILER.message)
    source = Path(__file__).parent / "idcard" / "vendor_library.c"
    library = tmp_path / "libwlt.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    home = settle(f'[photo]\nlibrary = "{library}"\nsymbol = "{symbol}"')
    with SimulatedReader(tmp_path / "reader") as reader:
        reader.lay(person)
        _, out, _ = kiosk("read", "--home", home, "--port", reader.url, "--json")

    facts = json.loads(out)["photo_decoder"]
    assert (facts["library"], facts["decoded"], facts.get("code")) == (str(library), decoded, said)


def test_a_token_is_read_and_masked(kiosk, tmp_path):
    with SimulatedTokenReader(tmp_path / "tokens") as reader:
        reader.lay(TAG)
        masked = kiosk("read", "--token", "--port", reader.url, "--json")
        revealed = kiosk("read", "--token", "--port", reader.url, "--json", "--reveal")

    assert (masked[0], json.loads(masked[1])) == (0, {"token": "****ED"})
    assert (revealed[0], json.loads(revealed[1])) == (0, {"token": "086CED"})


def test_where_only_a_token_reader_is_set_it_is_read(kiosk, settle, tmp_path):
    with SimulatedTokenReader(tmp_path / "tokens") as reader:
        reader.lay(TAG)
        code, out, _ = kiosk("read", "--home", settle(f'[token]\nurl = "{reader.url}"'))

    assert (code, out.split()) == (0, ["token", "****ED"])


def test_a_token_that_does_not_come_is_a_reason_and_an_exit_code(kiosk, tmp_path):
    with SimulatedTokenReader(tmp_path / "tokens") as reader:
        code, out, _ = kiosk("read", "--token", "--port", reader.url, "--json", "--timeout", "0.2")

    assert (code, json.loads(out)["code"]) == (1, "no_token")


def test_reading_from_nowhere_says_what_to_set(kiosk, monkeypatch):
    monkeypatch.delenv("KIOSK_HOME", raising=False)
    code, _, errors = kiosk("read")

    assert code == 1
    assert "没有设定读卡器" in errors
    assert "station.toml" in errors


@pytest.mark.parametrize("command", ["read", "run"])
def test_a_mistake_in_the_settings_is_told_with_file_place_and_reason(kiosk, settle, command):
    home = settle("[reader]\nport = 'COM3'")
    code, _, errors = kiosk(command, "--home", home)

    assert code == 1
    assert f"设置文件 {home / 'station.toml'} 的 reader.port 有误：没有这一项设置" in errors
    assert "there is no such setting" in errors


def test_ports_are_listed_with_those_that_may_be_probed(kiosk):
    code, out, _ = kiosk("read", "--ports", "--json")

    assert code == 0
    names = {"device", "by_id", "identity", "is_usb", "description", "may_probe"}
    assert all(set(port) == names for port in json.loads(out))
    assert kiosk("read", "--ports")[0] == 0


def test_the_desk_runs_with_the_hardware_that_is_set(
    county: Any, settle, person, tmp_path, eventually: Callable[..., None]
):
    with SimulatedReader(tmp_path / "reader") as cards, SimulatedTokenReader(tmp_path / "tokens") as tokens:
        home = settle(f'[reader]\nurl = "{cards.url}"\n[token]\nurl = "{tokens.url}"')
        command = [sys.executable, "-m", "kiosk.cli", "run", "--home", str(home), "--listen", "127.0.0.1:0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            eventually(lambda: cards.asked)
            process.terminate()
            assert process.wait(10) == 0


def test_the_command_line_goes_before_the_settings(kiosk, settle, person, tmp_path):
    home = settle('[reader]\nurl = "/dev/nowhere"')
    with SimulatedReader(tmp_path / "reader") as reader:
        reader.lay(person)
        code, out, _ = kiosk("doctor", "--home", home, "--reader", reader.url, "--json")
        found = {finding["part"]: finding["level"] for finding in json.loads(out)["findings"]}
        assert found["reader"] == "ok"
        code, out, _ = kiosk("doctor", "--home", home, "--json")

    found = {finding["part"]: finding["value"] for finding in json.loads(out)["findings"]}
    assert (code, found["reader"]) == (1, "no_port")


def test_a_token_reader_is_not_looked_for(kiosk, tmp_path):
    with pytest.raises(SystemExit) as over:
        kiosk("run", "--home", tmp_path, "--token-reader", "auto")
    assert over.value.code == 2
