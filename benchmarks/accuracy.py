"""How often the face check is wrong, on labelled pictures: our way beside plain `face_recognition`.

Takes the directory of a data set: either labelled pairs (CSV files with `file_x`, `file_y`, `decision`,
the last `Yes` or `No`) or a directory for each person. No picture is copied, and no name is written.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import combinations, product
from operator import sub
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np

from benchmarks.door import BenchmarkError
from benchmarks.face import load_library
from benchmarks.measure import Comparison, Result, Series, rounded, series
from kiosk.camera import Image
from kiosk.face import MARGIN, FaceError, FaceModel, Template
from kiosk.hints import Box
from kiosk.idcard.photo import HEIGHT, WIDTH

THRESHOLDS = (0.35, 0.40, 0.45, 0.50, 0.55, 0.60)
WLT_BYTES = 1024
HEAD = 1.9
"""The picture on a card is so many times as wide as the face dlib finds in it."""
Z = 1.96
"""Of the normal distribution, for 95 %."""
WAYS = {
    "station": "the desk's way: searched at 640 pixels, lone, near and sharp, network by numpy",
    "plain": "face_locations and face_encodings of the full picture, defaults; the largest face",
    "chip size": "one picture cut and reduced to the 102 × 126 of a card's photo, the other as at the desk",
    "chip size, 1024 bytes": "the same, and pressed into 1024 bytes of JPEG 2000",
}

Pair = frozenset[str]
Templates = dict[str, Template]


@dataclass(frozen=True)
class DataSet:
    """Pictures by name, and which two show the same person, which two people."""

    name: str
    pictures: dict[str, Path]
    people: int
    same: list[Pair]
    different: list[Pair]


@dataclass
class Seen:
    """What one way made of a data set's pictures; a picture without a template says why."""

    templates: Templates = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)

    def keep(self, name: str, make: Callable[..., Template], *of: Any) -> None:
        try:
            self.templates[name] = make(*of)
        except FaceError as error:
            self.failures[error.code] += 1


@dataclass
class Look:
    """A data set, what each way saw in it, and how far dlib's own arithmetic was from ours."""

    data: DataSet
    seen: dict[str, Seen] = field(default_factory=lambda: {way: Seen() for way in WAYS})
    drift: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Rates:
    """At one threshold: wrong, out of how many pairs."""

    threshold: float
    rejected: int
    same: int
    accepted: int
    different: int

    def as_json(self) -> dict[str, Any]:
        return {
            "threshold": self.threshold,
            "false_reject": fraction(self.rejected, self.same),
            "false_accept": fraction(self.accepted, self.different),
        }

    def __str__(self) -> str:
        return (
            f"{self.threshold:.2f}: {in_words(self.rejected, self.same)} of the same person rejected, "
            f"{in_words(self.accepted, self.different)} of different people accepted."
        )


@dataclass
class Accuracy(Result):
    """Has a table of rates for each data set besides."""

    data_sets: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return super().as_json() | {"data_sets": self.data_sets}


def run(faces: list[Path]) -> Result:
    """All data sets, each way, every pair."""
    model, library = FaceModel(), load_library()
    model.start()
    if not model.wait(60):
        raise BenchmarkError("no face model")
    looks = [look_at(data, model, library) for data in map(read, faces)]
    figures = pair_by_pair(looks)
    together = {way: pooled(looks, way) for way in WAYS}
    return Accuracy(
        "accuracy",
        "Distances between templates of labelled pictures, same person and different people; how often a threshold "
        "decides wrongly. What follows from it and what does not: docs/faces.md.",
        WAYS["plain"],
        figures,
        comparisons(figures, [distance for look in looks for distance in look.drift]),
        {"data sets": len(looks), "pictures": sum(len(look.data.pictures) for look in looks)},
        [f"station, {rate}" for rate in together["station"]],
        data_sets={look.data.name: describe(look) for look in looks}
        | {"all": {"ways": {way: {"rates": as_json(found)} for way, found in together.items()}}},
    )


def pair_by_pair(looks: list[Look]) -> dict[str, Series]:
    """Distances of the pairs that the station and the plain way could both measure, in the same order."""
    both = [pair for look in looks for pair in side_by_side(look)]
    return {
        f"{who}, {way}": series([pair[way] for pair in both if pair["same"] == same], "distance")
        for who, same in {"same person": True, "different people": False}.items()
        for way in ("station", "plain")
    }


def comparisons(figures: dict[str, Series], drift: list[float]) -> list[Comparison]:
    """No accuracy given up means: nearer for the same person and further for others, or as good as equal."""
    same, different = (
        series(map(sub, figures[f"{who}, station"].values, figures[f"{who}, plain"].values), "distance")
        for who in ("same person", "different people")
    )
    wrong = {"same person": "not below", "different people": "below"}
    return [
        Comparison("one face, network by numpy against network by dlib", series(drift, "distance"), 0.0001),
        Comparison("same person: station − plain, pair by pair", same, 0.002),
        Comparison("different people: station − plain, pair by pair", different, -0.002, "more"),
        *(
            Comparison(
                f"{who} {how} {threshold}, {way}", share(figures[f"{who}, {way}"], threshold, how == "below")
            )
            for who, how in wrong.items()
            for threshold in (0.40, 0.50)
            for way in ("station", "plain")
        ),
    ]


def share(distances: Series, threshold: float, below: bool) -> Series:
    wrong = sum((distance < threshold) == below for distance in distances.values)
    return series([100 * wrong / len(distances.values)], "%")


def read(folder: Path) -> DataSet:
    """Raises BenchmarkError where nothing is labelled."""
    labels = list(labelled(folder))
    groups = together(labels) if labels else by_directory(folder)
    if len(groups) < 2:
        raise BenchmarkError(f"{folder}: neither labelled pairs nor a directory for each person")
    apart = {frozenset((x, y)) for x, y, same in labels if not same}
    pictures = {name: path for group in groups for name, path in group.items()}
    return DataSet(
        name="/".join(folder.resolve().parts[-3:]),
        pictures={name: folder / path for name, path in pictures.items()},
        people=len(groups),
        same=[frozenset(pair) for group in groups for pair in combinations(group, 2)],
        different=[
            frozenset(pair)
            for one, other in combinations(groups, 2)
            if not labels or any(frozenset(pair) in apart for pair in product(one, other))
            for pair in product(one, other)
        ],
    )


def labelled(folder: Path) -> Iterator[tuple[str, str, bool]]:
    """Two file names and whether they show the same person, out of every CSV file that says so."""
    for path in sorted(folder.glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                low = {name.lower(): value.strip() for name, value in row.items() if name and value}
                if {"file_x", "file_y", "decision"} <= low.keys():
                    names = Path(low["file_x"]).name, Path(low["file_y"]).name
                    yield *names, low["decision"].lower() == "yes"


def together(labels: list[tuple[str, str, bool]]) -> list[dict[str, Path]]:
    """People: whoever is the same as the same is the same; raises BenchmarkError on a contradiction."""
    group_of: dict[str, set[str]] = {}
    for x, y, same in labels:
        one, other = group_of.setdefault(x, {x}), group_of.setdefault(y, {y})
        if same and one is not other:
            one |= other
            group_of |= dict.fromkeys(other, one)
    if wrong := next(((x, y) for x, y, same in labels if not same and group_of[x] is group_of[y]), None):
        raise BenchmarkError(f"the labels contradict each other at {wrong}")
    unique = {id(group): group for group in group_of.values()}
    return [{name: Path(name) for name in sorted(group)} for group in unique.values()]


def by_directory(folder: Path) -> list[dict[str, Path]]:
    """People: a directory each, with at least two pictures."""
    groups = [
        {f"{person.name}/{path.name}": path for path in sorted(person.iterdir()) if is_picture(path)}
        for person in sorted(folder.iterdir())
        if person.is_dir()
    ]
    return [
        {name: path.relative_to(folder) for name, path in group.items()} for group in groups if len(group) > 1
    ]


def is_picture(path: Path) -> bool:
    return path.suffix.lower() in (".jpg", ".jpeg", ".png")


def look_at(data: DataSet, model: FaceModel, library: ModuleType) -> Look:
    """Every picture once in every way."""
    look = Look(data)
    seen = look.seen
    for name, path in data.pictures.items():
        picture = load(path)
        seen["plain"].keep(name, by_the_manual, library, picture)
        try:
            box = model.locate(picture)
        except FaceError as error:
            for way in WAYS.keys() - {"plain"}:
                seen[way].failures[error.code] += 1
            continue
        template, photo = model.encode(picture, box), chip_sized(picture, box)
        seen["station"].templates[name] = template
        seen["chip size"].keep(name, model.template_of_chip, photo)
        seen["chip size, 1024 bytes"].keep(name, model.template_of_chip, pressed(photo))
        look.drift.append(math.dist(template, by_dlib(library, picture, box)))
    return look


def load(path: Path) -> Image:
    image = cv2.imread(str(path))
    if image is None:
        raise BenchmarkError(f"{path} is no picture")
    return image.astype(np.uint8)


def by_the_manual(library: ModuleType, picture: Image) -> Template:
    """The largest face of the full picture, with all defaults; raises FaceError."""
    colours = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    boxes: list[Box] = library.face_locations(colours)
    if not boxes:
        raise FaceError("face_none")
    largest = max(boxes, key=lambda box: (box[2] - box[0]) * (box[1] - box[3]))
    return tuple(map(float, library.face_encodings(colours, [largest])[0]))


def by_dlib(library: ModuleType, picture: Image, box: Box) -> Template:
    """Of the face that the station found, by dlib's own arithmetic."""
    top, right, bottom, left = box
    colours, dlib = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), library.api.dlib
    marks = library.api.pose_predictor_5_point(colours, dlib.rectangle(left, top, right, bottom))
    face = dlib.get_face_chip(colours, marks, 150, MARGIN)
    return tuple(map(float, library.api.face_encoder.compute_face_descriptor(face)))


def chip_sized(picture: Image, box: Box) -> Image:
    """Cut and reduced as a card's photo is."""
    top, right, bottom, left = box
    width = HEAD * (right - left)
    height = width * HEIGHT / WIDTH
    x, y = (left + right - width) / 2, (top + bottom) / 2 - 0.53 * height
    scale = WIDTH / width
    cut = np.array([[scale, 0, -x * scale], [0, scale, -y * scale]])
    averaged = cv2.GaussianBlur(picture, (0, 0), max(0.1, 0.4 / scale))
    return cv2.warpAffine(averaged, cut, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE).astype(np.uint8)


def pressed(photo: Image) -> Image:
    """Through as many bytes as the chip has for it, by another wavelet format."""
    ratio = round(1000 * WLT_BYTES / photo.nbytes)
    _, data = cv2.imencode(".jp2", photo, [cv2.IMWRITE_JPEG2000_COMPRESSION_X1000, ratio])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def side_by_side(look: Look) -> Iterator[dict[str, Any]]:
    for pairs, same in ((look.data.same, True), (look.data.different, False)):
        for pair in pairs:
            measured = {way: distances([pair], look.seen, way) for way in ("station", "plain")}
            if all(measured.values()):
                yield {"same": same} | {way: found[0] for way, found in measured.items()}


def distances(pairs: Iterable[Pair], seen: dict[str, Seen], way: str) -> list[float]:
    """Of every pair with two templates. Against a card's photo the desk has its own picture: both ways round."""
    mine, other = seen[way].templates, seen["station" if way.startswith("chip") else way].templates
    values = []
    for x, y in map(sorted, pairs):
        for one, two in [(x, y), (y, x)] if mine is not other else [(x, y)]:
            if one in mine and two in other:
                values.append(math.dist(mine[one], other[two]))
    return values


def rates(same: list[float], different: list[float]) -> list[Rates]:
    return [
        Rates(
            threshold,
            sum(distance >= threshold for distance in same),
            len(same),
            sum(distance < threshold for distance in different),
            len(different),
        )
        for threshold in THRESHOLDS
    ]


def pooled(looks: list[Look], way: str) -> list[Rates]:
    same = [distance for look in looks for distance in distances(look.data.same, look.seen, way)]
    different = [distance for look in looks for distance in distances(look.data.different, look.seen, way)]
    return rates(same, different)


def as_json(found: list[Rates]) -> list[dict[str, Any]]:
    return [rate.as_json() for rate in found]


def fraction(wrong: int, of: int) -> dict[str, Any]:
    """With Wilson's interval for 95 %, which holds for few cases and for none."""
    return {
        "wrong": wrong,
        "of": of,
        "rate": rounded(wrong / of) if of else None,
        "interval": wilson(wrong, of),
    }


def in_words(wrong: int, of: int) -> str:
    low, high = wilson(wrong, of)
    return f"{wrong} of {of} pairs ({100 * low:.3g} to {100 * high:.3g} %)"


def wilson(wrong: int, of: int) -> tuple[float, float]:
    """Where the true rate lies, 95 times of 100, if the cases did not depend on each other."""
    if not of:
        return 0.0, 1.0
    share, spread = wrong / of, Z * Z / of
    centre = (share + spread / 2) / (1 + spread)
    half = Z / (1 + spread) * math.sqrt(share * (1 - share) / of + spread / (4 * of))
    return rounded(round(centre - half, 9) + 0.0), rounded(round(centre + half, 9))


def fingerprint(data: DataSet) -> str:
    """The same for the same pictures, so that a repetition knows what it repeats."""
    digests = sorted(sha256(path.read_bytes()).hexdigest() for path in data.pictures.values())
    return sha256("".join(digests).encode()).hexdigest()


def describe(look: Look) -> dict[str, Any]:
    """One data set: sizes, pictures without a template, the table of rates, each way."""
    return {
        "pictures": len(look.data.pictures),
        "sha256": fingerprint(look.data),
        "people": look.data.people,
        "pairs": {"same person": len(look.data.same), "different people": len(look.data.different)},
        "ways": {
            way: {
                "about": about,
                "templates": len(look.seen[way].templates),
                "no_template": dict(look.seen[way].failures),
                "rates": as_json(pooled([look], way)),
            }
            for way, about in WAYS.items()
        },
    }
