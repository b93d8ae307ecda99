"""A camera without a camera: a video of somebody who stands there, breathes and moves a little.

The faces are public-domain pictures (`faces/README.md`). OpenCV opens the file like any camera.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.camera import Image

FACES = Path(__file__).parent / "faces"
NAMES = ("astronaut", "grace_hopper")
"""What `--face` may name; `both` puts them side by side, as in a class photo, `nobody` is a wall."""
SIZE = (640, 480)
FPS = 15
SECONDS = 5


def film(path: Path, face: str, *, seconds: float = SECONDS) -> None:
    """Write an MJPG video (.avi); raises OSError if it can't be written."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, SIZE)
    if not writer.isOpened():
        raise OSError(f"can't write {path}")
    people = _people(face)
    rounds = round(seconds * FPS)
    for number in range(rounds):
        writer.write(_picture(people, number / rounds, seed=number))
    writer.release()


def _people(face: str) -> list[Image]:
    """The pictures to show; raises KeyError for a name nobody has."""
    names = {"both": NAMES, "nobody": ()}.get(face, (face,))
    if not set(names) <= set(NAMES):
        raise KeyError(face)
    return [_load(name) for name in names]


def _load(name: str) -> Image:
    image = cv2.imread(str(FACES / f"{name}.jpg"))
    if image is None:
        raise OSError(f"{name}.jpg is missing from this installation")
    return image.astype(np.uint8)


def _picture(people: list[Image], moment: float, *, seed: int) -> Image:
    """One frame; `moment` goes from 0 to 1 and joins up, so the video can loop without a jolt."""
    scene = _wall()
    places = (np.arange(len(people)) + 0.5) * SIZE[0] / max(1, len(people))
    for index, (person, centre) in enumerate(zip(people, places, strict=True)):
        turn = 2 * math.pi * moment + index
        width = 300 if len(people) > 1 else 360
        _stand(scene, person, round(centre + 6 * math.sin(turn)), round(4 * math.sin(2 * turn)), width)
    light = 1 + 0.05 * math.sin(2 * math.pi * moment)
    noise = np.random.default_rng(seed).normal(0, 2.0, scene.shape)
    return np.clip(scene * light + noise, 0, 255).astype(np.uint8)


def _wall() -> npt.NDArray[Any]:
    """A pale wall, a little darker to one side."""
    across = np.linspace(205, 175, SIZE[0])
    return np.repeat(np.repeat(across[None, :, None], SIZE[1], axis=0), 3, axis=2)


def _stand(scene: npt.NDArray[Any], person: Image, centre: int, shift: int, width: int) -> None:
    """Put somebody in front of the wall, cut off by the lower edge, with soft borders."""
    height = round(person.shape[0] * width / person.shape[1])
    picture = cv2.resize(person, (width, height)).astype(float)
    top, left = SIZE[1] - height + shift + 8, centre - width // 2
    mask = cv2.GaussianBlur(_inside(width, height), (31, 31), 0)[..., None]
    rows, columns = slice(max(0, top), SIZE[1]), slice(max(0, left), min(SIZE[0], left + width))
    cut = (slice(rows.start - top, rows.stop - top), slice(columns.start - left, columns.stop - left))
    scene[rows, columns] = scene[rows, columns] * (1 - mask[cut]) + picture[cut] * mask[cut]


def _inside(width: int, height: int) -> npt.NDArray[Any]:
    mask = np.zeros((height, width))
    mask[16:, 16:-16] = 1.0
    return mask
