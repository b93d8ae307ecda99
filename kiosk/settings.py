"""What is set for this one station: the hardware it has, in `station.toml` in its data directory.

Everything has a default, and without the file there is no hardware. The command line goes before it.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from kiosk.idcard.ports import AUTO
from kiosk.idcard.tokens import TokenFormat

FILE = "station.toml"


class SettingsError(Exception):
    """The file can't be used: `place` in it (a setting or a line) and the reason in both languages."""

    def __init__(self, file: Path, place: str, reason: tuple[str, str]) -> None:
        super().__init__(f"{file}, {place}: {reason[1]}")
        self.file, self.place = file, place
        self.zh, self.en = reason


def _not_auto(url: str) -> str:
    if url == AUTO:
        raise PydanticCustomError("token_auto", "a token reader can't be asked what it is")
    return url


def _index_as_text(source: Any) -> Any:
    """A camera may be written `0` or `"0"`."""
    return str(source) if type(source) is int else source


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ReaderSettings(_Table):
    """The reader of identity cards: a pyserial URL or `auto`, and the ports that may be asked for it."""

    url: str | None = None
    allow: list[str] | None = None
    """Patterns as for `kiosk.idcard.ports.Ports`; None: USB serial ports only."""


class TokenSettings(_Table):
    """Token cards: a serial reader's URL, and how a keyboard wedge spells a card's number."""

    url: Annotated[str, AfterValidator(_not_auto)] | None = None
    format: TokenFormat = "decimal"


class CameraSettings(_Table):
    """Index, URL or file."""

    source: Annotated[str, BeforeValidator(_index_as_text)] | None = None


class PhotoSettings(_Table):
    """The vendor's library that decodes the chip's photo (`kiosk.idcard.photo` says what each means)."""

    library: Path | None = Field(default=None, strict=False)
    symbol: str | None = None
    call: Literal["buffer", "unpack", "file"] = "buffer"
    mode: int = 0
    channels: Literal["bgr", "rgb"] = "bgr"
    flip: Literal["none", "vertical", "both"] = "none"


class VoiceSettings(_Table):
    """Whether the station speaks."""

    enabled: bool = True


class StationSettings(_Table):
    """All of it."""

    reader: ReaderSettings = ReaderSettings()
    token: TokenSettings = TokenSettings()
    camera: CameraSettings = CameraSettings()
    photo: PhotoSettings = PhotoSettings()
    voice: VoiceSettings = VoiceSettings()


def load_settings(home: Path) -> StationSettings:
    """The settings in this data directory, all default without the file; raises SettingsError."""
    file = home / FILE
    try:
        return StationSettings.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return StationSettings()
    except OSError as error:
        raise SettingsError(file, "-", ("文件打不开", f"can't be opened ({error.strerror})")) from error
    except UnicodeDecodeError as error:
        raise SettingsError(file, "-", ("文件不是 UTF-8 编码", "is not in UTF-8")) from error
    except tomllib.TOMLDecodeError as error:
        raise _no_toml(file, str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        raise SettingsError(file, ".".join(map(str, first["loc"])), _reason(first)) from error


def _no_toml(file: Path, said: str) -> SettingsError:
    """TOMLDecodeError tells the line only within its sentence."""
    what, _, place = said.rstrip(")").partition(" (at ")
    line = re.search(r"line (\d+)", place)
    return SettingsError(file, f"第 {line[1]} 行 / line {line[1]}" if line else "-", ("写法不对", what))


def _reason(error: ErrorDetails) -> tuple[str, str]:
    values = re.findall(r"'([^']*)'", error.get("ctx", {}).get("expected", ""))
    reasons = {
        "extra_forbidden": ("没有这一项设置", "there is no such setting"),
        "literal_error": (f"只能是 {'、'.join(values)}", f"must be one of {', '.join(values)}"),
        "string_type": ("要写成带引号的文字", "must be text in quotes"),
        "path_type": ("要写成带引号的路径", "must be a path in quotes"),
        "int_type": ("要写成整数", "must be a whole number"),
        "bool_type": ("只能是 true 或 false", "must be true or false"),
        "list_type": ("要写成列表，例如 [\"*CH340*\"]", "must be a list such as [\"*CH340*\"]"),
        "model_type": ("要写成单独一节", "must be a table of its own"),
        "token_auto": ("令牌卡读卡器不能自动查找，请写明端口", "a token reader can't be found by itself: name its port"),
    }  # fmt: skip
    return reasons.get(error["type"], ("设置有误", error["msg"]))
