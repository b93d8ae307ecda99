"""One face check as the station does it, against `face_recognition` used as its manual shows it."""

from __future__ import annotations

import tempfile
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np

from benchmarks.door import BenchmarkError
from benchmarks.measure import Comparison, Result, Series, series
from kiosk import hints
from kiosk.camera import Image
from kiosk.face import FaceError, FaceModel, compare
from kiosk.hints import Box
from kiosk.package import Face
from kiosk.simulator.camera import NAMES, film

SIZES = {"frames": 20}
TINY = {"frames": 1}
PROGRAMME = Face(enabled=True)
CAMERAS = {"640 × 480": (640, 480), "1280 × 720": (1280, 720)}

Check = Callable[[Image], bool]


def run(frames: int) -> Result:
    """Every frame is checked in all three ways, in turns, against both people's portraits."""
    model = FaceModel()
    model.start()
    if not model.wait(60):
        raise BenchmarkError("no face model")
    figures: dict[str, Series] = {}
    comparisons, same, whole = [], 0, 0
    for camera, size in CAMERAS.items():
        pictures = {name: shoot(name, size, frames) for name in NAMES}
        ready, cold, plain, agreed = duel(model, pictures)
        figures |= {
            f"station, search done, {camera}": ready,
            f"station, cold, {camera}": cold,
            f"plain, {camera}": plain,
        }
        for way, ours in {"search done": ready, "cold": cold}.items():
            comparisons.append(Comparison(f"times faster, {way}, {camera}", plain.over(ours), 3.0, "more"))
        same, whole = same + sum(agreed), whole + len(agreed)
    comparisons.append(Comparison("same verdict", series([100 * same / whole], "%"), 100.0, "more"))
    return Result(
        "face",
        "Card read, person known → verdict on one portrait: 128 numbers of the face found while the card was "
        "read, distance. Cold: nobody was there yet, so one frame → find the only face, check size, sharpness "
        "and light, 128 numbers, distance.",
        "`face_recognition.face_locations` + `face_encodings` + `compare_faces` on the full frame, defaults, "
        f"tolerance {PROGRAMME.pass_below}",
        figures,
        comparisons,
        {"frames": frames, "people": len(NAMES), "verdicts compared": whole},
        [
            f"{same} of {whole} verdicts are the same in all three ways: each frame of each person against the "
            "portrait of each.",
            "The 128 numbers come from the same network and weights as the baseline's, multiplied by numpy's BLAS "
            "instead of dlib's loops (the wheel is built without BLAS): see kiosk/encoder.py.",
            "Not in these figures: waiting for a frame, which the camera gives 15 to 30 times a second.",
            "The two people are the simulated camera's; error rates are measured by the benchmark `accuracy`.",
        ],
    )


def shoot(name: str, size: tuple[int, int], count: int) -> list[Image]:
    """Frames of the simulated camera; a wide one sees the same person larger, with wall at the sides."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.avi"
        film(path, name, seconds=(count + 1) / 15)
        capture = cv2.VideoCapture(str(path))
        frames = [fit(capture.read()[1].astype(np.uint8), size) for _number in range(count + 1)]
        capture.release()
    return frames


def fit(frame: Image, size: tuple[int, int]) -> Image:
    width, height = size
    scale = height / frame.shape[0]
    picture = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    spare = width - picture.shape[1]
    left, right = spare // 2, spare - spare // 2
    return cv2.copyMakeBorder(picture, 0, 0, left, right, cv2.BORDER_REPLICATE).astype(np.uint8)


def duel(model: FaceModel, pictures: dict[str, list[Image]]) -> tuple[Series, Series, Series, list[bool]]:
    """Milliseconds of the three ways, and for each check whether they said the same.

    The first frame of each person is the portrait, made by each in its own way.
    """
    library = load_library()
    times: list[list[float]] = [[], [], []]
    agreed = []
    for portrait_name in NAMES:
        portrait = pictures[portrait_name][0]
        cold, manual = by_the_station(model, portrait), by_the_manual(library, portrait)
        for frame in (frame for name in NAMES for frame in pictures[name][1:]):
            ways = [once_found(model, portrait, model.locate(frame)), cold, manual]
            timings = [timed(way, frame) for way in ways]
            for kept, (milliseconds, _verdict) in zip(times, timings, strict=True):
                kept.append(milliseconds)
            agreed.append(len({verdict for _milliseconds, verdict in timings}) == 1)
    ready, whole, plain = (series(kept, "ms") for kept in times)
    return ready, whole, plain, agreed


def load_library() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # face_recognition_models uses pkg_resources
        return import_module("face_recognition")


def timed(check: Check, frame: Image) -> tuple[float, bool]:
    started = time.perf_counter()
    verdict = check(frame)
    return 1000 * (time.perf_counter() - started), verdict


def once_found(model: FaceModel, portrait: Image, box: Box) -> Check:
    """The face was located before; its template is made now."""
    known = model.template(portrait)

    def check(frame: Image) -> bool:
        return compare(model.encode(frame, box), known, PROGRAMME).band == "pass"

    return check


def by_the_station(model: FaceModel, portrait: Image) -> Check:
    known = model.template(portrait)

    def check(frame: Image) -> bool:
        try:
            box = model.locate(frame)
        except FaceError:
            return False
        hints.exposure(frame, box)
        return compare(model.encode(frame, box), known, PROGRAMME).band == "pass"

    return check


def by_the_manual(library: ModuleType, portrait: Image) -> Check:
    def encode(frame: Image) -> list[object]:
        picture = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
        return list(library.face_encodings(picture, library.face_locations(picture)))

    known = encode(portrait)[0]

    def check(frame: Image) -> bool:
        verdicts = library.compare_faces(encode(frame), known, tolerance=PROGRAMME.pass_below)
        return any(map(bool, verdicts))

    return check
