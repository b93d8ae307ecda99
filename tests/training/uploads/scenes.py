"""Synthetic classrooms: every number another room with other people, drawn and grainy like a telephone's picture."""

from __future__ import annotations

import random
from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw

SIZE = (1280, 960)


@cache
def scene(number: int) -> Image.Image:
    chance = random.Random(number)
    image = Image.new("RGB", SIZE, tuple(chance.randrange(120, 230) for _ in "rgb"))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 560, *SIZE), fill=tuple(chance.randrange(80, 160) for _ in "rgb"))
    left, top = chance.randrange(100, 300), chance.randrange(40, 120)
    draw.rectangle((left, top, left + 800, top + 90), fill=(179, 36, 43))
    draw.text((left + 100, top + 30), f"BANNER {number}", fill="white", font_size=40)
    for _window in range(chance.randrange(2, 6)):
        x, y = chance.randrange(1100), chance.randrange(150, 400)
        draw.rectangle(
            (x, y, x + chance.randrange(60, 200), y + 130), fill=tuple(chance.randrange(256) for _ in "rgb")
        )
    for _person in range(chance.randrange(10, 26)):
        x, y = chance.randrange(1200), chance.randrange(400, 850)
        draw.rectangle(
            (x - 20, y + 80, x + 90, y + 200), fill=tuple(chance.randrange(30, 220) for _ in "rgb")
        )
        draw.ellipse((x, y, x + 70, y + 80), fill=(200 - chance.randrange(60), 160, 130))
        draw.ellipse((x + 15, y + 30, x + 25, y + 40), fill="black")
        draw.ellipse((x + 45, y + 30, x + 55, y + 40), fill="black")
    grain = Image.frombytes("L", SIZE, chance.randbytes(SIZE[0] * SIZE[1])).convert("RGB")
    return Image.blend(image, grain, 0.06)


def jpeg(image: Image.Image, quality: int = 85, **options: object) -> bytes:
    target = BytesIO()
    image.save(target, "JPEG", quality=quality, **options)
    return target.getvalue()


def cropped(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    """Without so many parts of the width and height."""
    width, height = image.size
    box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    return image.crop(tuple(round(edge) for edge in box))
