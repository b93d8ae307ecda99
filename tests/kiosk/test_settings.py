"""station.toml: what it may say, and how a mistake in it is told."""

import re
from pathlib import Path

import pytest

from kiosk.settings import SettingsError, StationSettings, load_settings

EVERYTHING = """
[reader]
url = "auto"
allow = ["*CH340*", "ttyS0"]

[token]
url = "/dev/serial/by-id/usb-Prolific-if00"
format = "3+5"

[camera]
source = 0

[photo]
library = "/opt/vendor/libwlt2bmp.so"
symbol = "wlt2bmp"
call = "buffer"
mode = 708
channels = "rgb"
flip = "vertical"

[voice]
enabled = false
"""


def write(home: Path, text: str | bytes) -> Path:
    file = home / "station.toml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def test_without_a_file_there_is_no_hardware_and_the_station_speaks(tmp_path):
    settings = load_settings(tmp_path)

    assert settings == StationSettings()
    assert (settings.reader.url, settings.token.url, settings.camera.source) == (None, None, None)
    assert (settings.photo.library, settings.voice.enabled) == (None, True)


def test_everything_can_be_set(tmp_path):
    write(tmp_path, EVERYTHING)

    assert load_settings(tmp_path).model_dump(mode="json") == {
        "reader": {"url": "auto", "allow": ["*CH340*", "ttyS0"]},
        "token": {"url": "/dev/serial/by-id/usb-Prolific-if00", "format": "3+5"},
        "camera": {"source": "0"},
        "photo": {
            "library": "/opt/vendor/libwlt2bmp.so",
            "symbol": "wlt2bmp",
            "call": "buffer",
            "mode": 708,
            "channels": "rgb",
            "flip": "vertical",
        },
        "voice": {"enabled": False},
    }


@pytest.mark.parametrize(
    ("text", "place", "zh", "en"),
    [
        ("[reader]\nport = 'COM3'", "reader.port", "没有这一项设置", "there is no such setting"),
        ("[printer]", "printer", "没有这一项设置", "there is no such setting"),
        ("[reader]\nurl = 3", "reader.url", "要写成带引号的文字", "must be text in quotes"),
        ("[reader]\nallow = '*'", "reader.allow", "要写成列表", "must be a list"),
        ("[reader]\nallow = [1]", "reader.allow.0", "要写成带引号的文字", "must be text in quotes"),
        ("reader = 'auto'", "reader", "要写成单独一节", "must be a table of its own"),
        ("[token]\nformat = 'dec'", "token.format", "只能是 decimal、hex", "must be one of decimal, hex"),
        ("[token]\nurl = 'auto'", "token.url", "不能自动查找", "can't be found by itself"),
        ("[camera]\nsource = true", "camera.source", "要写成带引号的文字", "must be text in quotes"),
        ("[photo]\nflip = 'up'", "photo.flip", "只能是 none、vertical、both", "none, vertical, both"),
        ("[photo]\nmode = '0'", "photo.mode", "要写成整数", "must be a whole number"),
        ("[photo]\nlibrary = 1", "photo.library", "要写成带引号的路径", "must be a path in quotes"),
        ("[voice]\nenabled = 1", "voice.enabled", "只能是 true 或 false", "must be true or false"),
        ("[voice]\n\nenabled = yes", "第 3 行 / line 3", "写法不对", "Invalid value"),
        ("[voice", "-", "写法不对", "Expected"),
        (b"\xff\xfe", "-", "不是 UTF-8", "not in UTF-8"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_reason_in_both_languages(tmp_path, text, place, zh, en):
    file = write(tmp_path, text)

    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path)
    error = caught.value
    assert (error.file, error.place) == (file, place)
    assert zh in error.zh
    assert en in error.en


def test_a_file_that_cannot_be_read_is_not_taken_for_none(tmp_path):
    (tmp_path / "station.toml").mkdir()

    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path)
    assert caught.value.zh == "文件打不开"


def test_the_example_in_the_manual_is_right(tmp_path):
    manual = Path(__file__).parents[2] / "docs" / "guide" / "station.md"
    (example,) = re.findall(r"```toml\n(.*?)```", manual.read_text(encoding="utf-8"), re.DOTALL)
    write(tmp_path, example)

    assert load_settings(tmp_path).reader.url
