"""Is this the trainee whose portrait we hold? One face against one template, on this machine.

Never a search through many, never a picture kept. Whether a living person stands there is not
claimed: that is what the witness is for.
"""

from __future__ import annotations

import math
import threading
import warnings
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Literal

import cv2
import numpy as np
from PIL import ImageFile

from kiosk import hints
from kiosk.camera import Image
from kiosk.encoder import SIDE, Encoder, EncoderError
from kiosk.envelope import FaceResult
from kiosk.hints import SEARCHED, Box
from kiosk.package import Face

MODEL = "dlib_face_recognition_resnet_model_v1"
MARGIN = 0.25
"""Around the aligned face, as in dlib's training and in face_recognition."""
CHIP_TIMES = 4
"""A chip's photo is 102 pixels wide and its face too small to be found until it is enlarged."""

AHEAD = 0.2
"""Of `turn_of`, either way: nobody's face is quite even, and no camera stands quite in the middle."""
TURNED = 0.25
"""Between looking ahead and a turn: what nobody does by accident, about 15 degrees."""

Band = Literal["pass", "ask", "no_match"]
Against = Literal["portrait", "chip"]
Direction = Literal["left", "right"]
"""The person's own."""
Template = tuple[float, ...]


class FaceError(Exception):
    """No template from this picture; `code` is a message of the desk."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class FaceModel:
    """The model, loaded in the background because importing it takes seconds.

    Faces are found on a reduced picture; what is measured of a face is measured on the whole one.
    """

    def __init__(self) -> None:
        self._library: ModuleType | None = None
        self._encoder: Encoder | None = None
        self._loaded = threading.Event()
        self._one_at_a_time = threading.Lock()  # dlib's detector is not for two threads at once

    def start(self) -> None:
        """Begin to load; returns at once."""
        threading.Thread(target=self._load, name="face-model", daemon=True).start()

    def stop(self) -> None:
        """Nothing to let go of."""

    @property
    def ready(self) -> bool:
        """Whether it can be used now."""
        return self._encoder is not None

    @property
    def failed(self) -> bool:
        """Whether it never will: its files are missing or not the ones we know."""
        return self._loaded.is_set() and not self.ready

    def wait(self, seconds: float) -> bool:
        """Wait for the loading to end; True when it can be used."""
        self._loaded.wait(seconds)
        return self.ready

    def _load(self) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # face_recognition_models uses pkg_resources
                self._library = import_module("face_recognition")
            # It lets the whole process accept cut-off pictures (face_recognition 1.3.0, api.py line 15).
            ImageFile.LOAD_TRUNCATED_IMAGES = False
            self._encoder = Encoder.read(_network())
        except (ImportError, SystemExit, OSError, EncoderError):
            self._encoder = None  # a SystemExit is how face_recognition says that its models are missing
        finally:
            self._loaded.set()

    def locate(self, image: Image) -> Box:
        """Where the only face is, in the picture's own pixels; raises FaceError unless it is near and sharp.

        Says nothing of who it is: no template is made.
        """
        picture = reduced(image)
        box = self._lone(picture)
        if fault := hints.size(box) or hints.sharpness(picture, box):
            raise FaceError(fault)
        scale = image.shape[1] / picture.shape[1]
        top, right, bottom, left = (round(scale * edge) for edge in box)
        return top, right, bottom, left

    def encode(self, image: Image, box: Box) -> Template:
        """The 128 numbers of the face there."""
        if self._library is None or self._encoder is None:
            raise FaceError("face_loading")
        models, (top, right, bottom, left) = self._library.api, box
        picture = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        eyes_and_nose = models.pose_predictor_5_point(
            picture, models.dlib.rectangle(left, top, right, bottom)
        )
        return self._encoder.encode(models.dlib.get_face_chip(picture, eyes_and_nose, SIDE, MARGIN))

    def template(self, image: Image) -> Template:
        """The 128 numbers of the only face in the picture; raises FaceError."""
        return self.encode(image, self.locate(image))

    def template_of_chip(self, photo: Image) -> Template:
        """The same of a card's photo, 126 × 102: whoever printed it saw that it was sharp. Raises FaceError."""
        picture = _enlarged(photo, CHIP_TIMES)
        return self.encode(picture, self._lone(picture))

    def turn(self, image: Image, box: Box) -> float:
        """How far the head is turned: see `turn_of`."""
        if self._library is None:
            raise FaceError("face_loading")
        picture = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
        (marks,) = self._library.face_landmarks(picture, [box])
        return turn_of(marks)

    def _lone(self, picture: Image) -> Box:
        """The only face in a picture as it is; raises FaceError."""
        if self._library is None:
            raise FaceError("face_loading")
        colours = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        with self._one_at_a_time:
            boxes: list[Box] = self._library.face_locations(colours, number_of_times_to_upsample=0)
        fault = hints.lone(boxes)
        if fault == "face_none":
            fault = hints.exposure(picture) or fault  # in the dark, that is the reason
        if fault:
            raise FaceError(fault)
        return boxes[0]


def _network() -> Path:
    """The model's file; raises ImportError."""
    found = find_spec("face_recognition_models")
    if found is None or found.origin is None:
        raise ImportError("face_recognition_models")
    return Path(found.origin).parent / "models" / f"{MODEL}.dat"


def reduced(image: Image) -> Image:
    """The picture as wide as it is searched, or as it is where it is narrower."""
    height, width = image.shape[:2]
    if width <= SEARCHED:
        return image
    size = SEARCHED, round(height * SEARCHED / width)
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _enlarged(image: Image, times: int) -> Image:
    picture = cv2.resize(image, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
    return picture.astype(np.uint8, copy=False)


Points = Sequence[tuple[int, int]]


def turn_of(marks: Mapping[str, Points]) -> float:
    """Where the nose stands between the ears, from face_recognition's 68 points of a face.

    0 is straight ahead, 1 and -1 are the ears themselves; positive towards the person's own left, which
    is the right of a picture that is not mirrored. How the head leans does not matter.
    """
    one, other, nose = (
        np.array(point) for point in (marks["chin"][0], marks["chin"][-1], marks["nose_tip"][2])
    )
    across = other - one
    return float(2 * np.dot(nose - one, across) / np.dot(across, across) - 1)


def first_turn(turns: Iterable[float]) -> Direction | None:
    """Where the head, having looked ahead, first turned clearly; None: nowhere. Takes no more than it needs."""
    ahead: float | None = None
    for turn in turns:
        if abs(turn) <= AHEAD:
            ahead = turn if ahead is None else ahead
        elif ahead is not None and abs(turn - ahead) >= TURNED:
            return "left" if turn > 0 else "right"
    return None


def band(distance: float, face: Face) -> Band:
    """Pass, a person decides, or no match: the programme's two thresholds make three bands."""
    if distance < face.pass_below:
        return "pass"
    return "ask" if distance < face.ask_below else "no_match"


def compare(
    template: Sequence[float], known: Sequence[float], face: Face, against: Against = "portrait"
) -> FaceResult:
    """The distance between two templates and what the programme makes of it."""
    distance = round(math.dist(template, known), 4)
    return FaceResult(
        band=band(distance, face), distance=distance, model=MODEL, threshold=face.pass_below, against=against
    )
