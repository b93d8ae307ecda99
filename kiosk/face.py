"""Is this the trainee whose portrait we hold? One face against one template, on this machine.

Never a search through many, never a picture kept. Whether a living person stands there is not
claimed: that is what the witness is for.
"""

from __future__ import annotations

import math
import threading
import time
import warnings
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Literal

import cv2
from PIL import ImageFile

from kiosk.camera import Camera, Image
from kiosk.envelope import FaceResult
from kiosk.package import Face

MODEL = "dlib_face_recognition_resnet_model_v1"
WIDTH = 640
"""Pictures are searched at this width; wider ones are reduced first."""
SMALLEST = 80
"""Pixels across a face at that width; below it the template is not worth much."""
LOOKS = 6
"""So many clear pictures that don't pass are enough; the queue is waiting."""
BLURRED = 15.0
"""Variance of the Laplacian below which a picture is no picture."""

Band = Literal["pass", "ask", "no_match"]
Box = tuple[int, int, int, int]


class FaceError(Exception):
    """No template from this picture; `code` is a message of the desk."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class FaceModel:
    """The model, loaded in the background because importing it takes seconds."""

    def __init__(self) -> None:
        self._library: ModuleType | None = None
        self._loaded = threading.Event()
        self._one_at_a_time = threading.Lock()  # dlib's models are not for two threads at once

    def start(self) -> None:
        """Begin to load; returns at once."""
        threading.Thread(target=self._load, name="face-model", daemon=True).start()

    def stop(self) -> None:
        """Nothing to let go of."""

    @property
    def ready(self) -> bool:
        """Whether it can be used now."""
        return self._library is not None

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
        except (ImportError, SystemExit):  # it calls quit() when its models are missing
            self._library = None
        finally:
            self._loaded.set()

    def template(self, image: Image) -> tuple[float, ...]:
        """The 128 numbers of the only face in the picture; raises FaceError."""
        library = self._library
        if library is None:
            raise FaceError("face_none")
        picture = cv2.cvtColor(_reduced(image), cv2.COLOR_BGR2RGB)
        with self._one_at_a_time:
            box = _only_face(library.face_locations(picture, number_of_times_to_upsample=0))
            _check_sharp(picture, box)
            (numbers,) = library.face_encodings(picture, [box], num_jitters=1, model="small")
        return tuple(float(number) for number in numbers)


def _reduced(image: Image) -> cv2.typing.MatLike:
    height, width = image.shape[:2]
    if width <= WIDTH:
        return image
    return cv2.resize(image, (WIDTH, round(height * WIDTH / width)), interpolation=cv2.INTER_AREA)


def _only_face(boxes: Sequence[Box]) -> Box:
    if not boxes:
        raise FaceError("face_none")
    if len(boxes) > 1:
        raise FaceError("face_many")
    top, right, bottom, left = boxes[0]
    if min(bottom - top, right - left) < SMALLEST:
        raise FaceError("face_small")
    return boxes[0]


def _check_sharp(picture: cv2.typing.MatLike, box: Box) -> None:
    top, right, bottom, left = (max(0, edge) for edge in box)
    grey = cv2.cvtColor(picture[top:bottom, left:right], cv2.COLOR_RGB2GRAY)
    if cv2.Laplacian(grey, cv2.CV_64F).var() < BLURRED:
        raise FaceError("face_blurred")


def band(distance: float, face: Face) -> Band:
    """Pass, a person decides, or no match: the programme's two thresholds make three bands."""
    if distance < face.pass_below:
        return "pass"
    return "ask" if distance < face.ask_below else "no_match"


def compare(template: Sequence[float], portrait: Sequence[float], face: Face) -> FaceResult:
    """The distance between two templates and what the programme makes of it."""
    distance = round(math.dist(template, portrait), 4)
    return FaceResult(band=band(distance, face), distance=distance, model=MODEL, threshold=face.pass_below)


def look(
    model: FaceModel, camera: Camera, portrait: Sequence[float], face: Face, *, within: float = 4.0
) -> FaceResult | None:
    """Watch the camera until the face passes, `LOOKS` pictures did not, or so many seconds are over.

    Returns the best comparison, or None when no lone, clear face was seen.
    """
    best: FaceResult | None = None
    seen, looks, end = 0, 0, time.monotonic() + within
    while looks < LOOKS and (left := end - time.monotonic()) > 0 and (frame := camera.next_frame(seen, left)):
        seen = frame.number
        try:
            result = compare(model.template(frame.image), portrait, face)
        except FaceError:
            continue
        looks += 1
        if best is None or result.distance < best.distance:
            best = result
        if best.band == "pass":
            break
    return best
