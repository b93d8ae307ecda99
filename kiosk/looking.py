"""Looking at whoever stands at the desk: where the face is, whose it is, whether the head turns as asked.

A face is looked for from the moment a card lies on the reader, while it is still being read: so much of
the time is over when the person is known. Until then it is only located. Its template, the biometric
datum of PIPL art. 28, is made only once the card has said who this is and the roster that this person
consented; and without a visit nobody is looked for at all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from kiosk import hints
from kiosk.camera import Camera, Frame, Image
from kiosk.envelope import FaceResult
from kiosk.face import Against, Direction, FaceError, FaceModel, Template, compare, first_turn
from kiosk.hints import Box
from kiosk.package import Face

LOOKS = 6
"""So many clear pictures that don't pass are enough; the queue is waiting."""
WATCH_SECONDS = 5.0
"""At most so long after a card was found, should nobody say what became of it."""
FRESH_SECONDS = 0.5
"""A face found earlier than this is looked for again."""

Tell = Callable[[str | None], bool]
"""Takes what is wrong with the newest picture (None: nothing); False ends the looking."""


@dataclass(frozen=True)
class Sighting:
    """A lone face in a picture, and what is wrong with the light. No template."""

    frame: Frame
    box: Box
    hint: str | None

    @property
    def image(self) -> Image:
        return self.frame.image


class Lookout:
    """The station's eyes. Methods may be called from any thread; `look` and its like block."""

    def __init__(self, model: FaceModel, camera: Camera) -> None:
        self._model, self._camera = model, camera
        self._news = threading.Condition()
        self._watching = False
        self._watch_until = 0.0
        self._seen: Sighting | None = None

    @property
    def can_see(self) -> bool:
        """Whether there is a model and a live picture."""
        return self._model.ready and self._camera.state == "live"

    # While the card is read

    def begin(self) -> None:
        """A card was found: look for the lone face in fresh pictures; returns at once."""
        with self._news:
            self._watch_until, self._seen = time.monotonic() + WATCH_SECONDS, None
            self._news.notify_all()
            if not self._watching and self.can_see:
                self._watching = True
                threading.Thread(target=self._watch, name="lookout", daemon=True).start()

    def end(self) -> None:
        """The visit is over, or nobody has to be looked at: what was seen is forgotten."""
        with self._news:
            self._watch_until, self._seen = 0.0, None
            self._news.notify_all()

    @property
    def watching(self) -> bool:
        """Whether pictures are being searched because a card was found."""
        return self._watching

    @property
    def seen(self) -> Sighting | None:
        """The face found last, while it is fresh."""
        seen = self._seen
        return seen if seen and time.monotonic() - seen.frame.at <= FRESH_SECONDS else None

    def _watch(self) -> None:
        """Find the face, and again before that gets old: to search every picture would only heat the room."""
        number = 0
        while self._goes_on():
            if frame := self._camera.next_frame(number, within=0.1):
                number = frame.number
                with suppress(FaceError):
                    self._remember(self._sight(frame))

    def _goes_on(self) -> bool:
        """Wait until the next search is due; False when the watch is over."""
        with self._news:
            self._news.wait_for(lambda: self._is_over() or self._seen is None, FRESH_SECONDS / 2)
            if self._is_over():
                self._watching, self._seen = False, None
            return self._watching

    def _is_over(self) -> bool:
        return time.monotonic() >= self._watch_until

    def _remember(self, sighting: Sighting) -> None:
        with self._news:
            if not self._is_over():
                self._seen = sighting

    def _sight(self, frame: Frame) -> Sighting:
        """Raises FaceError."""
        box = self._model.locate(frame.image)
        return Sighting(frame, box, hints.exposure(frame.image, box))

    # Once the person is known and has consented

    def look(
        self,
        known: Template,
        policy: Face,
        tell: Tell,
        *,
        within: float,
        against: Against = "portrait",
        first: Sighting | None = None,
    ) -> FaceResult | None:
        """Look until the face passes, `LOOKS` pictures did not, or so many seconds are over.

        Begins with who was seen `first`, while the card was read. Returns the best comparison, or None
        when no lone, clear face was seen.
        """
        best: FaceResult | None = None
        for count, sighting in enumerate(self._sightings(tell, within, first=first), start=1):
            template = self._model.encode(sighting.image, sighting.box)
            result = compare(template, known, policy, against)
            if best is None or result.distance < best.distance:
                best = result
            if best.band == "pass" or count == LOOKS:
                break
        return best

    def turned(self, asked: Direction, tell: Tell, *, within: float) -> bool:
        """Whether the head turns to the side that was asked; the first clear turn decides, none is a no.

        Left is the person's own. A sign of somebody who listens, not a proof of life.
        """
        faces = self._sightings(tell, within)
        return asked == first_turn(self._model.turn(face.image, face.box) for face in faces)

    def portrait(self, *, within: float) -> Template:
        """The template of the first picture without a fault; raises FaceError with the last fault."""
        fault = "camera_stopped"

        def note(code: str | None) -> bool:
            nonlocal fault
            fault = code or fault
            return True

        for sighting in self._sightings(note, within):
            if sighting.hint is None:
                return self._model.encode(sighting.image, sighting.box)
        raise FaceError(fault)

    def _sightings(self, tell: Tell, within: float, *, first: Sighting | None = None) -> Iterator[Sighting]:
        """Lone, near, sharp faces; `tell` hears of every picture what is wrong with it."""
        number, end = 0, time.monotonic() + within
        if first:
            number = first.frame.number
            yield first
        while (left := end - time.monotonic()) > 0 and (frame := self._camera.next_frame(number, left)):
            number = frame.number
            try:
                sighting = self._sight(frame)
            except FaceError as error:
                if not tell(error.code):
                    return
            else:
                if not tell(sighting.hint):
                    return
                yield sighting
