"""What each item of an archive says at this moment, in labelled facts: what one round is compared with the next by.

No trainee's number, name or telephone is in them: they stand as their number on the roster and a digest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from django.conf import settings
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import override

from training.attendance.queries import register
from training.dossiers.approved_papers import licences_of, proofs_of
from training.dossiers.attesting import attestations
from training.dossiers.item_changes import opaque
from training.dossiers.papers import ItemPaper, item_papers, with_papers
from training.dossiers.queries import with_archive
from training.scheduling.choices import HalfDay
from training.scheduling.models import TrainingSession

Said = Iterator[tuple[str, str]]


@override(settings.LANGUAGE_CODE)  # they are kept
def item_facts(session: TrainingSession) -> dict[str, dict[str, str]]:
    """Item code -> label -> what it says, of every item the session's rules demand."""
    whole: Any = with_papers(with_archive(TrainingSession.objects.filter(pk=session.pk))).get()
    papers = item_papers(whole)
    items = whole.rule_set.rules.items_for(whole.class_type)
    return {
        item.code: {
            **dict(SAYS[item.code](whole) if item.code in SAYS else ()),
            **dict(map(_paper, papers.get(item.code, ()))),
        }
        for item in items
    }


def _paper(paper: ItemPaper) -> tuple[str, str]:
    """By its bytes: a file that was put in another's place is another file."""
    label = _("%(title)s（文件 %(sha256)s）") % {"title": paper.title, "sha256": paper.file.sha256[:8]}
    return label, opaque(paper.file.sha256)


def _agreement(session: Any) -> Said:
    paper = session.agreement
    yield _("协议"), f"{paper.number} {paper.valid_from}—{paper.valid_until}"


def _licences(session: Any) -> Said:
    for paper in licences_of(session):
        yield str(paper), f"{paper.valid_from}—{paper.valid_until or _('长期')}"


def _instructors(session: Any) -> Said:
    for person in dict.fromkeys(lesson.instructor for lesson in session.lessons.all()):
        yield _("授课人%(name)s的基本情况") % {"name": person.name}, opaque(person.profile)
        for proof in proofs_of(session, person):
            until = str(proof.valid_until or _("长期"))
            yield f"{person.name} {proof}", f"{proof.valid_from}—{until}" if proof.valid_from else until


def _plan(session: Any) -> Said:
    yield _("培训对象"), session.audience
    yield _("培训目标"), session.goals
    yield _("培训内容"), session.content
    yield _("考核方式"), session.assessment
    for line in session.budget_lines.all():
        yield _("经费预算：%(name)s") % {"name": line.name}, f"{line.amount_fen} {line.source}".strip()


def _timetable(session: Any) -> Said:
    yield _("批准文号"), session.approval_number
    for lesson in session.lessons.all():
        starts, ends = localtime(lesson.starts_at), localtime(lesson.ends_at)
        yield (
            _("第%(sequence)s课次") % {"sequence": lesson.sequence},
            f"{lesson.on} {starts:%H:%M}–{ends:%H:%M} {lesson.topic} {lesson.instructor.name} {lesson.venue.name}",
        )


def _roster(session: Any) -> Said:
    for place in session.on_roster:
        person = place.trainee
        yield (
            _("名册第%(number)s号") % {"number": place.number},
            opaque(person.name, person.id_hash, person.phone, place.group, place.status),
        )


def _register(session: Any) -> Said:
    for page in register(session):
        for line in page.lines:
            seen, number = line.presence, line.enrolment.number
            label = _("%(on)s %(half_day)s 第%(number)s号") % {
                "on": page.on,
                "half_day": HalfDay(page.half_day).label,
                "number": number,
            }
            yield label, _signed(seen)
    for row in attestations([session])[session.pk]:
        said = {"on": row.on, "half_day": HalfDay(row.half_day).label, "who": row.user}
        yield _("%(on)s %(half_day)s 由%(who)s签认") % said, row.digest[:8]


def _signed(seen: Any) -> str:
    """The times as the register has them; the marks of corrections, and that the events are the same ones."""
    times = (f"{localtime(at):%H:%M}" if at else "—" for at in (seen.signed_in_at, seen.signed_out_at))
    said = f"{'–'.join(times)} {' '.join((*seen.marks, *seen.flags))}".strip()
    return f"{said} · {opaque(*seen.digests, *seen.corrections)[1:9]}"


SAYS: Final[Mapping[str, Callable[[Any], Said]]] = {
    "A1": _agreement,
    "A2": _licences,
    "A3": _instructors,
    "A4": _plan,
    "A5": _timetable,
    "A7": _roster,
    "A8": _register,
}
