"""One picture is recognised whatever was done to it, and no other is taken for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageOps

from tests.training.uploads.scenes import cropped, jpeg, scene
from training.uploads.likeness import Look, bands, distance, look_at, near, same_hash, same_picture

FACES = Path(__file__).parents[3] / "kiosk" / "simulator" / "faces"
PICTURES = [*range(20), "astronaut.jpg", "grace_hopper.jpg"]
HASHES = st.integers(0, 2**64 - 1).map(lambda number: f"{number:016x}")


@cache
def picture(name: int | str) -> Image.Image:
    return scene(name) if isinstance(name, int) else Image.open(FACES / name).convert("RGB")


@cache
def look(name: int | str) -> Look:
    return look_at(jpeg(picture(name)))


def alike(one: Look, other: Look) -> bool:
    return same_hash(one.phash, other.phash) or same_picture(one, other)


DONE_TO_IT: dict[str, Callable[[Image.Image], bytes]] = {
    "saved again": lambda image: jpeg(image, 45),
    "halved": lambda image: jpeg(image.resize((image.width // 2, image.height // 2))),
    "brighter": lambda image: jpeg(ImageEnhance.Brightness(image).enhance(1.3)),
    "darker": lambda image: jpeg(ImageEnhance.Brightness(image).enhance(0.7)),
    "more contrast": lambda image: jpeg(ImageEnhance.Contrast(image).enhance(1.3)),
    "a tenth off the right": lambda image: jpeg(cropped(image, 0, 0, 0.1, 0)),
    "a fifth off below": lambda image: jpeg(cropped(image, 0, 0, 0, 0.2)),
    "a tenth off each side": lambda image: jpeg(cropped(image, 0.1, 0.1, 0.1, 0.1)),
    "a corner off, smaller and saved again": lambda image: jpeg(
        ImageOps.contain(cropped(image, 0.15, 0.15, 0, 0), (800, 800)), 60
    ),
}


@pytest.mark.parametrize("what", DONE_TO_IT)
def test_the_same_picture_is_recognised(what: str) -> None:
    changed = {name: look_at(DONE_TO_IT[what](picture(name))) for name in PICTURES}

    found = [name for name in PICTURES if alike(look(name), changed[name])]
    sharing = [name for name in PICTURES if look(name).landmarks & changed[name].landmarks]

    assert len(found) >= 21, f"lost: {set(PICTURES) - set(found)}"
    looked_up = [n for n in found if n in sharing or same_hash(look(n).phash, changed[n].phash)]
    assert len(looked_up) >= 20, "the database would not have named them"


def test_no_two_different_pictures_are_taken_for_one() -> None:
    wrong = [pair for pair in combinations(PICTURES, 2) if alike(look(pair[0]), look(pair[1]))]

    assert wrong == []


@pytest.mark.parametrize("turn", [3, 6, 8])
def test_a_picture_that_lies_on_its_side_is_looked_at_upright(turn: int) -> None:
    back = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    exif = Image.Exif()
    exif[0x0112] = turn
    turned = jpeg(picture(1).transpose(back[turn]), exif=exif)

    assert alike(look(1), look_at(turned))


def test_a_picture_with_nothing_on_it_is_like_no_other() -> None:
    one, other = (look_at(jpeg(Image.new("RGB", (640, 480), colour))) for colour in ("white", "#fefefe"))

    assert (one.phash, one.landmarks) == ("", frozenset())
    assert not alike(one, other)
    assert not alike(one, one)


@given(HASHES, st.sets(st.integers(0, 63), max_size=7))
def test_hashes_a_few_bits_apart_share_a_band_that_is_looked_up(phash: str, flipped: set[int]) -> None:
    other = f"{int(phash, 16) ^ sum(1 << bit for bit in flipped):016x}"

    assert distance(phash, other) == len(flipped)
    assert any(theirs in near(ours) for ours, theirs in zip(bands(phash), bands(other), strict=True))
