"""A camera without a camera: a video of somebody who stands there, breathes and moves a little.

The faces are public-domain pictures (`faces/README.md`). OpenCV opens the file like any camera.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from kiosk.camera import Image
from kiosk.face import Direction

FACES = Path(__file__).parent / "faces"
NAMES = ("astronaut", "grace_hopper")
"""What `--face` may name; `both` puts them side by side, as in a class photo, `nobody` is a wall."""
SIZE = (640, 480)
FPS = 15
SECONDS = 5
HEADS = {"astronaut": (182, 159, 78, 105), "grace_hopper": (203, 169, 111, 152)}
"""Centre and half axes of each head in its picture: across, down, width, height."""
TURN = math.radians(40)
"""How far a head turns; only its picture is bent, so it looks like less."""


def film(path: Path, face: str, *, seconds: float = SECONDS, turns: Sequence[Direction] = ()) -> None:
    """Write an MJPG video (.avi); raises OSError if it can't be written.

    A head turns to each of these sides, one after the other, and looks ahead in between.
    """
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, SIZE)
    if not writer.isOpened():
        raise OSError(f"can't write {path}")
    people = _people(face)
    heads = [HEADS[name] for name in _names(face)]
    rounds = round(seconds * FPS)
    for number in range(rounds):
        angle = _angle(turns, number / rounds)
        turned = [_turned(*pair, angle) for pair in zip(people, heads, strict=True)] if angle else people
        writer.write(_picture(turned, number / rounds, seed=number))
    writer.release()


def _people(face: str) -> list[Image]:
    """The pictures to show; raises KeyError for a name nobody has."""
    return [_load(name) for name in _names(face)]


def _names(face: str) -> tuple[str, ...]:
    names: tuple[str, ...] = {"both": NAMES, "nobody": ()}.get(face, (face,))
    if not set(names) <= set(NAMES):
        raise KeyError(face)
    return names


def _load(name: str) -> Image:
    image = cv2.imread(str(FACES / f"{name}.jpg"))
    if image is None:
        raise OSError(f"{name}.jpg is missing from this installation")
    return image.astype(np.uint8)


def _angle(turns: Sequence[Direction], moment: float) -> float:
    """Where the head is turned at this moment, 0 to 1; positive to its own left, the picture's right."""
    if not turns:
        return 0.0
    number, phase = divmod(moment * len(turns), 1)
    sign = 1 if turns[int(number)] == "left" else -1
    return sign * TURN * max(0.0, math.sin(2 * math.pi * phase - math.pi / 2))


def _turned(person: Image, head: tuple[int, int, int, int], angle: float) -> Image:
    """The head's picture bent around an egg and the egg turned; the rest stays."""
    across, down, half_width, half_height = head
    y, x = np.mgrid[: person.shape[0], : person.shape[1]].astype(np.float32)
    radius = half_width * np.sqrt(np.clip(1 - ((y - down) / half_height) ** 2, 1e-6, 1))
    seen = np.arcsin(np.clip((x - across) / radius, -1, 1))
    source = across + radius * np.sin(np.clip(seen - angle, -math.pi / 2, math.pi / 2))
    inside = (np.abs(y - down) < half_height) & (np.abs(x - across) < radius)
    columns = np.where(inside, source, x).astype(np.float32)
    return cv2.remap(person, columns, y, cv2.INTER_LINEAR).astype(np.uint8, copy=False)


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
