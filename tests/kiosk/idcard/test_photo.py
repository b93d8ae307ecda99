"""The chip's photo, decoded by a library in C that is compiled here and misbehaves on demand."""

import logging
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kiosk.idcard.photo import (
    LIVES,
    MEMORY,
    PHOTO_ERRORS,
    Library,
    LibraryDecoder,
    NoDecoder,
    PhotoDecoder,
    PhotoError,
    arrange,
    read_pixels,
)
from kiosk.simulator.cards import PHOTO_STAND_IN
from tests.machine import COMPILER

GOOD = PHOTO_STAND_IN[:100] + b"\0" + PHOTO_STAND_IN[101:]
BAD = PHOTO_STAND_IN[:100] + b"\1" + PHOTO_STAND_IN[101:]


def drawn(wlt: bytes) -> np.ndarray:
    """The picture the library makes of this photo."""
    row = 3 * np.arange(126 * 102 * 3, dtype=np.uint32) + sum(wlt)
    return row.astype(np.uint8).reshape(126, 102, 3)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not COMPILER.here():
        pytest.skip(COMPILER.message)
    path = tmp_path_factory.mktemp("vendor") / "libwlt.so"
    source = Path(__file__).parent / "vendor_library.c"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(path), str(source)], check=True)
    return path


@pytest.fixture
def decoder(library: Path) -> Iterator[Callable[..., LibraryDecoder]]:
    """A decoder that is stopped when the test ends; keyword arguments as for `Library`."""
    made: list[LibraryDecoder] = []

    def make(*, seconds: float = 3.0, **how: Any) -> LibraryDecoder:
        made.append(LibraryDecoder(Library(library, **how), seconds=seconds))
        return made[-1]

    yield make
    for each in made:
        each.stop()


def code_of(decoder: PhotoDecoder, wlt: bytes) -> str:
    """Why this photo is not decoded; empty if it is."""
    try:
        decoder.decode(wlt)
    except PhotoError as error:
        return error.code
    return ""


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"mode": 198},
        {"mode": 708},
        {"call": "unpack"},
        {"call": "file", "mode": 1},
        {"symbol": "hangs"},
    ],
    ids=str,
)
def test_a_photo_is_decoded_in_every_call_style(decoder, how):
    assert np.array_equal(decoder(**how).decode(GOOD), drawn(GOOD))


def test_photos_are_decoded_one_after_the_other_by_the_same_process(decoder):
    one = decoder()
    one.decode(GOOD)
    process = one._process

    assert np.array_equal(one.decode(BAD), drawn(BAD))
    assert one._process is process


@pytest.mark.parametrize(
    ("flip", "turned"),
    [("none", lambda image: image), ("vertical", np.flipud), ("both", lambda image: image[::-1, ::-1])],
)
def test_rows_and_channels_can_be_turned_as_the_library_needs_it(flip, turned):
    image = drawn(GOOD)

    assert np.array_equal(arrange(image, "bgr", flip), turned(image))
    assert np.array_equal(arrange(image, "rgb", flip), turned(image)[..., ::-1])


def test_the_settings_reach_the_picture(decoder):
    picture = decoder(channels="rgb", flip="vertical").decode(GOOD)

    assert np.array_equal(picture, drawn(GOOD)[::-1, :, ::-1])
    assert picture.flags.writeable


def test_an_error_of_the_library_is_told_with_its_number_and_does_not_count_against_it(decoder):
    refusing = decoder(mode=4)
    for _ in range(LIVES + 1):
        with pytest.raises(PhotoError) as caught:
            refusing.decode(GOOD)
        assert (caught.value.code, caught.value.status) == ("refused", -4)
    assert refusing.trouble == ""


@pytest.mark.parametrize("how", [{"symbol": "blank"}, {"call": "unpack", "symbol": "too_little"}], ids=str)
def test_what_is_no_picture_is_not_shown_as_one(decoder, how):
    assert code_of(decoder(**how), GOOD) == "bad_image"


@pytest.mark.parametrize(
    ("symbol", "code"), [("crashes", "ended"), ("quits", "ended"), ("hangs", "time_out")]
)
def test_a_library_that_dies_of_a_photo_is_started_again_for_the_next(decoder, symbol, code):
    frail = decoder(symbol=symbol, seconds=1.0)

    assert [code_of(frail, wlt) for wlt in (BAD, GOOD, BAD, BAD, GOOD)] == [code, "", code, code, ""]
    assert frail.trouble == ""


@pytest.mark.parametrize(
    ("symbol", "code"), [("crashes", "ended"), ("quits", "ended"), ("hangs", "time_out")]
)
def test_a_library_that_dies_again_and_again_is_left_alone_and_the_reason_stays(decoder, symbol, code):
    frail = decoder(symbol=symbol, seconds=0.6)
    codes = [code_of(frail, BAD) for _ in range(LIVES)]

    assert codes == [code] * LIVES
    assert frail.trouble == code
    start = time.monotonic()
    assert code_of(frail, GOOD) == code
    assert time.monotonic() - start < 0.1


def test_a_library_that_is_not_there_or_lacks_the_function_is_said_so(decoder, tmp_path):
    assert code_of(decoder(symbol="nothing_of_the_kind"), GOOD) == "symbol"
    assert code_of(LibraryDecoder(Library(tmp_path / "none.so")), GOOD) == "library"
    no_library = tmp_path / "text.so"
    no_library.write_text("not a library")
    assert code_of(LibraryDecoder(Library(no_library)), GOOD) == "library"


@pytest.mark.parametrize("wlt", [b"", GOOD[:-1], GOOD + b"\0"])
def test_what_is_no_chip_photo_never_reaches_the_library(decoder, wlt):
    untouched = decoder()

    assert code_of(untouched, wlt) == "no_photo"
    assert untouched._process is None


def test_the_files_of_the_file_style_are_in_memory_and_gone_at_once(decoder):
    by_file = decoder(call="file", mode=2)
    by_file.decode(GOOD)
    assert by_file._process is not None
    folder = Path(by_file._process._folder.name)

    assert folder.is_dir()
    assert folder.parent == MEMORY or not MEMORY.is_dir()
    assert list(folder.iterdir()) == []
    by_file.stop()
    assert not folder.exists()


def test_a_refused_file_is_gone_too(decoder):
    by_file = decoder(call="file", mode=9)
    assert code_of(by_file, GOOD) == "refused"
    assert by_file._process is not None

    assert list(Path(by_file._process._folder.name).iterdir()) == []


def test_a_stopped_decoder_can_be_used_again(decoder):
    one = decoder()
    one.decode(GOOD)
    one.stop()

    assert np.array_equal(one.decode(GOOD), drawn(GOOD))


def test_nothing_is_printed_or_logged(decoder, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    decoder().decode(GOOD)

    assert (caplog.text, capfd.readouterr()) == ("", ("", ""))


def test_without_a_decoder_there_is_no_picture_and_a_reason():
    none = NoDecoder()

    assert code_of(none, GOOD) == none.trouble == "no_decoder"


def test_every_reason_has_words():
    for code, wording in PHOTO_ERRORS.items():
        assert all(wording)
        assert code in str(PhotoError(code))


@pytest.mark.parametrize("data", [b"", b"BM" + (38862).to_bytes(4, "little") + bytes(100), bytes(38556)])
def test_damaged_pixels_are_refused(data):
    with pytest.raises(PhotoError) as caught:
        read_pixels(data)
    assert caught.value.code == "bad_image"
