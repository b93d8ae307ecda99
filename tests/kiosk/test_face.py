"""Pictures, templates, hints, and the turn of a head; real pictures, the real model."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import cv2
import dlib
import face_recognition
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFile

from kiosk import hints
from kiosk.camera import Image
from kiosk.encoder import Encoder, EncoderError
from kiosk.face import (
    AHEAD,
    MARGIN,
    TURNED,
    FaceError,
    FaceModel,
    band,
    compare,
    first_turn,
    turn_of,
)
from kiosk.package import Face
from kiosk.simulator.camera import NAMES, film

# Importing face_recognition lets the whole process accept cut-off pictures (1.3.0, api.py line 15).
ImageFile.LOAD_TRUNCATED_IMAGES = False

POLICY = Face(enabled=True)
Shoot = Callable[[str], Image]


@pytest.fixture(scope="module")
def shoot(tmp_path_factory: pytest.TempPathFactory) -> Shoot:
    """The first frame of the simulated camera, 640 × 480."""
    folder = tmp_path_factory.mktemp("shots")

    def first(face: str) -> Image:
        film(folder / f"{face}.avi", face, seconds=2 / 15)
        capture = cv2.VideoCapture(str(folder / f"{face}.avi"))
        _taken, image = capture.read()
        capture.release()
        return image.astype(np.uint8)

    return first


def darker(image: Image, times: float) -> Image:
    return (image * times).astype(np.uint8)


def before_a_window(image: Image) -> Image:
    """The face as dark as a lamp-less room, all around it as bright as day."""
    seen = np.full_like(image, 250)
    top, right, bottom, left = 80, 440, 470, 200
    seen[top:bottom, left:right] = darker(image, 0.5)[top:bottom, left:right]
    return seen


def further_away(image: Image) -> Image:
    small = cv2.resize(image, None, fx=0.55, fy=0.55, interpolation=cv2.INTER_AREA)
    seen = np.full_like(image, 180)
    seen[-small.shape[0] :, : small.shape[1]] = small
    return seen


@pytest.mark.parametrize("name", NAMES)
def test_the_network_in_numpy_says_the_same_as_dlib(face_model: FaceModel, shoot: Shoot, name: str) -> None:
    picture = shoot(name)
    top, right, bottom, left = box = face_model.locate(picture)
    colours = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    marks = face_recognition.api.pose_predictor_5_point(colours, dlib.rectangle(left, top, right, bottom))
    face = dlib.get_face_chip(colours, marks, 150, MARGIN)

    theirs = face_recognition.api.face_encoder.compute_face_descriptor(face)

    assert math.dist(face_model.encode(picture, box), theirs) < 1e-5
    (by_the_manual,) = face_recognition.face_encodings(colours, [box])
    assert math.dist(face_model.encode(picture, box), by_the_manual) < 1e-5


def test_another_network_is_refused(tmp_path: Path) -> None:
    (tmp_path / "network.dat").write_bytes(b"con_4")

    with pytest.raises(EncoderError):
        Encoder.read(tmp_path / "network.dat")


def test_a_wider_picture_is_searched_small_and_measured_whole(face_model: FaceModel, shoot: Shoot) -> None:
    picture = shoot("astronaut")
    wide = cv2.resize(picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC).astype(np.uint8)

    doubled = [2 * edge for edge in face_model.locate(picture)]
    assert face_model.locate(wide) == pytest.approx(doubled, abs=8)
    assert compare(face_model.template(wide), face_model.template(picture), POLICY).band == "pass"


def test_two_people_are_told_apart(face_model: FaceModel, shoot: Shoot) -> None:
    one, other = (face_model.template(shoot(name)) for name in NAMES)

    assert compare(one, other, POLICY).band == "no_match"
    assert compare(one, one, POLICY).band == "pass"


def test_a_photo_as_small_as_the_chips_is_compared(face_model: FaceModel, shoot: Shoot) -> None:
    picture = shoot("astronaut")
    chip = cv2.resize(picture[90:380, 205:440], (102, 126), interpolation=cv2.INTER_AREA).astype(np.uint8)

    result = compare(face_model.template(picture), face_model.template_of_chip(chip), POLICY, "chip")

    assert (result.band, result.against) == ("pass", "chip")


@pytest.mark.parametrize("name", ["nobody", "both"])
def test_a_chip_photo_without_one_face_gives_no_template(
    face_model: FaceModel, shoot: Shoot, name: str
) -> None:
    with pytest.raises(FaceError):
        face_model.template_of_chip(cv2.resize(shoot(name), (102, 126)).astype(np.uint8))


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("nobody", lambda image: image, "face_none"),
        ("nobody", lambda image: darker(image, 0.1), "face_dark"),
        ("nobody", lambda image: np.full_like(image, 255), "face_bright"),
        ("both", lambda image: image, "face_many"),
        ("astronaut", further_away, "face_small"),
        ("astronaut", lambda image: cv2.GaussianBlur(image, (0, 0), 3), "face_blurred"),
    ],
)
def test_a_picture_that_gives_no_template_says_why(
    face_model: FaceModel, shoot: Shoot, name: str, change: Callable[[Image], Image], code: str
) -> None:
    with pytest.raises(FaceError) as refused:
        face_model.locate(change(shoot(name)))

    assert refused.value.code == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda image: image, None),
        (lambda image: darker(image, 0.6), None),
        (lambda image: darker(image, 0.2), "face_dark"),
        (lambda image: np.clip(image * 2.2, 0, 255).astype(np.uint8), "face_bright"),
        (before_a_window, "face_bright"),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_the_light_on_a_face_is_judged(
    face_model: FaceModel, shoot: Shoot, name: str, change: Callable[[Image], Image], code: str | None
) -> None:
    picture = shoot(name)
    box = face_model.locate(picture)

    assert hints.exposure(change(picture), box) == code


@given(st.floats(0, 1.5), st.floats(0.01, 0.98), st.floats(0.001, 0.5))
def test_the_three_bands_leave_no_distance_out(distance: float, pass_below: float, more: float) -> None:
    policy = Face(pass_below=pass_below, ask_below=min(0.99, pass_below + more))

    bands = ["pass", "ask", "no_match"]
    assert bands.index(band(distance, policy)) == (distance >= policy.pass_below) + (
        distance >= policy.ask_below
    )


def marks(
    nose: float, *, lean: float = 0.0, size: float = 100.0, at: complex = 0j
) -> dict[str, list[tuple[int, int]]]:
    """Ears at -1 and 1, the nose tip between; leant by so many radians, so many pixels from the middle."""

    def point(across: float, down: float) -> tuple[int, int]:
        place = complex(across, down) * size * complex(math.cos(lean), math.sin(lean)) + at
        return round(place.real), round(place.imag)

    chin = [point(-1, 0), point(0, 1), point(1, 0)]
    return {"chin": chin, "nose_tip": [point(nose, 0.2), point(nose, 0.25), point(nose, 0.3)]}


@given(
    st.floats(-1, 1), st.floats(-0.8, 0.8), st.floats(60, 400), st.complex_numbers(max_magnitude=500, allow_nan=False)
)  # fmt: skip
def test_how_far_a_head_turns_is_the_same_wherever_it_is_and_however_it_leans(
    nose: float, lean: float, size: float, at: complex
) -> None:
    assert turn_of(marks(nose, lean=lean, size=size, at=at)) == pytest.approx(nose, abs=0.06)
    assert turn_of(marks(-nose, lean=lean, size=size, at=at)) == pytest.approx(-nose, abs=0.06)


heads = st.lists(st.floats(-1, 1), max_size=30)


@given(heads)
def test_a_turn_is_only_seen_after_looking_ahead_and_is_clear(turns: list[float]) -> None:
    side = first_turn(turns)

    ahead = next((number for number, turn in enumerate(turns) if abs(turn) <= AHEAD), None)
    clear = [
        turn
        for turn in turns[len(turns) if ahead is None else ahead :]
        if abs(turn) > AHEAD and abs(turn - turns[ahead or 0]) >= TURNED
    ]
    assert side == (None if not clear else "left" if clear[0] > 0 else "right")


@given(heads)
def test_a_mirrored_head_turns_the_other_way(turns: list[float]) -> None:
    other = {"left": "right", "right": "left", None: None}

    assert first_turn([-turn for turn in turns]) == other[first_turn(turns)]


@given(st.floats(-AHEAD, AHEAD), st.lists(st.floats(-0.04, 0.04), max_size=20))
def test_nobody_turns_by_standing_there(ahead: float, sways: list[float]) -> None:
    assert first_turn([ahead, *(ahead + sway for sway in sways)]) is None


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_head_that_turns_in_front_of_the_camera_is_seen_turning(
    tmp_path: Path, face_model: FaceModel, side: str
) -> None:
    film(tmp_path / "film.avi", "astronaut", seconds=2, turns=[side])  # type: ignore[list-item]
    capture, turns = cv2.VideoCapture(str(tmp_path / "film.avi")), []
    while (read := capture.read())[0]:
        picture = read[1].astype(np.uint8)
        turns.append(face_model.turn(picture, face_model.locate(picture)))
    capture.release()

    assert first_turn(turns) == side
