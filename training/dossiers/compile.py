"""From the database to `DossierFacts`: everything a dossier says, in one place, masked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from training.attendance.choices import CorrectionSource, CorrectionStatus, Flag, Method
from training.attendance.models import AttendanceEvent, Completion
from training.attendance.queries import HalfDay, register
from training.attendance.rules import Presence, hours
from training.core import files
from training.core.models import StoredFile
from training.dossiers import facts
from training.dossiers.approved_papers import licences_of, proofs_of
from training.dossiers.attesting import attestations
from training.dossiers.choices import EvidenceKind
from training.dossiers.contents import ArchiveContents
from training.dossiers.models import Dossier
from training.dossiers.papers import item_papers, with_papers
from training.dossiers.queries import archive_contents, check_under, with_archive
from training.dossiers.records import record_tables
from training.dossiers.rules import minutes_of
from training.enrolment.choices import IN_FORCE, EnrolmentStatus
from training.programmes.preset import Preset
from training.programmes.words import choice_name
from training.scheduling.choices import ChangeKind, ChangeStatus
from training.scheduling.models import TrainingSession
from training.stations.models import Station

_PUBLIC_PAGES: Final = "training.web.portal.urls"
"""The worker reads the addresses of these only: those of all pages, with their views, take 20 MB."""


@override(settings.LANGUAGE_CODE)
def compile_facts(dossier: Dossier, *, as_of: datetime, version: int = 1) -> facts.DossierFacts:
    """All of it, read now, in the county's language; the caller saw to it that the actor may see the dossier."""
    session: Any = with_papers(
        with_archive(TrainingSession.objects.filter(pk=dossier.training_session_id))
    ).get()
    rules = session.rule_set.rules
    attested = attestations([session])[session.pk]
    events = list(AttendanceEvent.objects.filter(training_session=session).select_related("evidence"))
    stations = list(Station.objects.filter(pk__in={event.station_id for event in events}).order_by("pk"))
    contents = archive_contents([session])[session.pk]
    return facts.DossierFacts(
        as_of=as_of,
        verify_url=settings.PUBLIC_URL + reverse("public-dossier", _PUBLIC_PAGES, [dossier.public_token]),
        programme=_programme(session),
        session=_session(session),
        items=tuple(_items(session, contents)),
        agreement=_agreement(session),
        licences=tuple(_licences(session)),
        instructors=tuple(_instructors(session)),
        plan=_plan(session, contents),
        lessons=tuple(_lessons(session)),
        changes=tuple(_changes(session)),
        materials=tuple(
            facts.MaterialFacts(piece.topic, piece.title, str(piece.version), piece.file.sha256)
            for piece in session.courseware.select_related("file")
        ),
        roster=tuple(_roster(session)),
        registers=tuple(_register_page(page, attested) for page in register(session)),
        photos=tuple(_photos(session)),
        completion=tuple(_completion(session)),
        attachments=tuple(_attachments(session)),
        stations=tuple(facts.StationFacts(str(s.pk), s.name, s.public_key) for s in stations),
        envelopes=tuple(
            _envelope(event) for event in sorted(events, key=lambda e: (str(e.station_id), e.seq))
        ),
        links=tuple(_links(session, stations)),
        corrections=tuple(_corrections(session)),
        lost=tuple(_lost(session, stations)),
        roster_changes=tuple(_roster_changes(session)),
        records=tuple(record_tables(session)),
        attendance=_attendance(rules),
        retention=_retention(rules),
        version=version,
        submitted_by=str(dossier.submitted_by or ""),
        submitted_at=dossier.submitted_at,
    )


def _programme(session: Any) -> facts.ProgrammeFacts:
    programme, rules = session.institution.programme, session.rule_set.rules
    return facts.ProgrammeFacts(
        code=programme.code,
        name=programme.name,
        county=programme.county,
        mark_text=rules.mark_text,
        phones=tuple(map(str, rules.phones)),
        source_document=rules.document.title,
        rule_version=session.rule_set.version,
        timezone=rules.timezone,
    )


def _session(session: Any) -> facts.SessionFacts:
    rules, lessons = session.rule_set.rules, session.lessons.all()
    return facts.SessionFacts(
        code=session.code,
        title=session.title,
        category=rules.category(session.category).name,
        class_type=rules.class_type(session.class_type).name,
        form=rules.form(session.form).name,
        institution=session.institution.name,
        uscc=session.institution.uscc,
        fund_line=session.agreement.fund_line.name,
        venue="、".join(dict.fromkeys(lesson.venue.name for lesson in lessons)),
        first_day=min(lesson.on for lesson in lessons),
        last_day=max(lesson.on for lesson in lessons),
        approval_number=session.approval_number,
        approved_on=timezone.localdate(session.approved_at) if session.approved_at else None,
        approved_by=str(session.approved_by or ""),
    )


def _items(session: Any, contents: ArchiveContents) -> Iterator[facts.ItemFacts]:
    for item in check_under(contents, session.rule_set.rules, session):
        said = tuple(finding.message for finding in item.findings)
        yield facts.ItemFacts(item.code, item.title, item.clause, item.complete, said, item.version)


def _licences(session: Any) -> Iterator[facts.LicenceFacts]:
    for paper in licences_of(session):
        yield facts.LicenceFacts(
            paper.get_kind_display(), paper.number, paper.issuer, paper.valid_from, paper.valid_until
        )


def _plan(session: Any, contents: ArchiveContents) -> facts.PlanFacts:
    rules = session.rule_set.rules
    return facts.PlanFacts(
        audience=session.audience,
        goals=session.goals,
        content=session.content,
        form=rules.form(session.form).name,
        hours=hours(_planned_minutes(contents), rules.attendance),
        assessment=session.assessment,
        practical_hours=_practical_hours(session.lessons.all(), rules),
        outline=_outline(session),
        budget=cost_lines(session),
    )


def _lessons(session: Any) -> Iterator[facts.LessonFacts]:
    for lesson in session.lessons.all():
        yield facts.LessonFacts(
            lesson.sequence,
            lesson.on,
            str(lesson.half_day),
            lesson.starts_at,
            lesson.ends_at,
            lesson.topic,
            lesson.instructor.name,
            lesson.venue.name,
            hours(lesson.minutes, session.rule_set.rules.attendance),
            lesson.practical,
            lesson.pk,
        )


def _retention(rules: Preset) -> str:
    """保管期限, and whether the county has settled it."""
    said, archive = choice_name(rules.archive.retention or ""), rules.archive
    if not said:
        return _("待确认")
    return _("%(years)s（待确认）") % {"years": said} if "retention" in archive.open_fields else said


def _attendance(rules: Preset) -> facts.AttendanceRuleFacts:
    names = {field.name for field in fields(facts.AttendanceRuleFacts)}
    return facts.AttendanceRuleFacts(**rules.attendance.model_dump(include=names))


def _planned_minutes(contents: ArchiveContents) -> int:
    """As approved; as held where nothing was kept of it."""
    approved = contents.approved_lessons
    return minutes_of(contents.lessons if approved is None else approved.values())


def _practical_hours(lessons: Iterable[Any], rules: Preset) -> str:
    practised = sum(lesson.minutes for lesson in lessons if lesson.practical)
    return hours(practised, rules.attendance) if practised else ""


def cost_lines(session: Any) -> tuple[facts.CostLine, ...]:
    """The budget as it is printed."""
    return tuple(
        facts.CostLine(
            line.name,
            line.unit_price_fen,
            f"{line.quantity} {line.unit}",
            line.amount_fen,
            line.source or "机构自筹",
        )
        for line in session.budget_lines.all()
    )


def _outline(session: Any) -> str:
    if session.outline is None:
        return ""
    return _("%(course)s 第 %(version)s 版，%(on)s 批准") % {
        "course": session.outline.course.title,
        "version": session.outline.version,
        "on": timezone.localdate(session.outline.approved_at).isoformat(),
    }


def _agreement(session: Any) -> facts.AgreementFacts:
    paper = session.agreement
    programme = session.institution.programme
    return facts.AgreementFacts(
        kind=paper.get_kind_display(),
        number=paper.number,
        parties=_("%(county)s商务局与%(institution)s")
        % {"county": programme.county, "institution": session.institution.name},
        signed_on=paper.signed_on,
        valid_from=paper.valid_from,
        valid_until=paper.valid_until,
    )


def _instructors(session: Any) -> Iterator[facts.InstructorFacts]:
    taught: dict[Any, list[int]] = {}
    for lesson in session.lessons.all():
        taught.setdefault(lesson.instructor, []).append(lesson.sequence)
    for person, sequences in taught.items():
        yield facts.InstructorFacts(
            name=person.name,
            title=person.title,
            employer=person.employer,
            profile=person.profile,
            lessons=tuple(sequences),
            proofs=tuple(
                facts.ProofFacts(
                    proof.get_kind_display(),
                    proof.number,
                    proof.issuer,
                    proof.valid_until,
                    proof.valid_from,
                )
                for proof in proofs_of(session, person)
            ),
        )


def _roster(session: Any) -> Iterator[facts.RosterRow]:
    names = _printed_groups(session.rule_set.rules)
    for enrolment in session.on_roster:
        trainee = enrolment.trainee
        yield facts.RosterRow(
            number=enrolment.number,
            enrolment=enrolment.pk,
            name=trainee.name,
            sex=trainee.get_sex_display(),
            id_number=trainee.masked_id_number,
            phone=trainee.masked_phone,
            village=f"{trainee.township}{trainee.village}",
            group=names.get(enrolment.group, ""),
        )


def _printed_groups(rules: Preset) -> dict[str, str]:
    """Sensitive ones only where the archive must have everybody's group (`archive.roster_fields`): a dossier is
    read by many who do not need them, and no county's A7 asks for more than a telephone number.
    """
    demanded = "group" in rules.archive.roster_fields
    return {group.code: group.name for group in rules.groups if demanded or not group.sensitive}


def _roster_changes(session: Any) -> Iterator[facts.RosterChangeRow]:
    for change in (
        session.roster_changes.filter(IN_FORCE)
        .order_by("effective_at", "pk")
        .select_related("trainee", "enrolment", "made_by", "request__decided_by")
    ):
        yield facts.RosterChangeRow(
            on=timezone.localdate(change.effective_at),
            kind=str(change.get_kind_display()),
            number=change.enrolment.number,
            name=change.trainee.name,
            reason=change.reason,
            made_by=str(change.made_by),
            approved_by=str(change.request.decided_by) if change.request else "",
        )


def _changes(session: Any) -> Iterator[str]:
    """What was approved against what was held, in words: nothing else moves an approved lesson."""
    related = ("lesson", "was_instructor", "instructor", "was_venue", "venue", "requested_by", "decided_by")
    rows = session.change_requests.filter(status=ChangeStatus.APPROVED, kind=ChangeKind.LESSON)
    text = _(
        "“%(topic)s”：原批准 %(was)s；变更为 %(now)s。原因：%(reason)s。%(asked)s申请，%(decided)s于 %(on)s 批准。"
    )
    for change in rows.select_related(*related).order_by("decided_at", "pk"):
        yield text % {
            "topic": change.lesson.topic,
            "was": _as_planned(
                change.was_starts_at, change.was_ends_at, change.was_instructor, change.was_venue
            ),
            "now": _as_planned(change.starts_at, change.ends_at, change.instructor, change.venue),
            "reason": change.reason.rstrip("。"),
            "asked": change.requested_by,
            "decided": change.decided_by,
            "on": f"{timezone.localtime(change.decided_at):%Y-%m-%d %H:%M}",
        }


def _as_planned(starts_at: datetime, ends_at: datetime, instructor: Any, venue: Any) -> str:
    starts, ends = timezone.localtime(starts_at), timezone.localtime(ends_at)
    return _("%(on)s %(start)s–%(end)s，授课人%(instructor)s，%(venue)s") % {
        "on": f"{starts:%Y-%m-%d}",
        "start": f"{starts:%H:%M}",
        "end": f"{ends:%H:%M}",
        "instructor": instructor,
        "venue": venue,
    }


def _register_page(page: HalfDay, attested: Iterable[Any]) -> facts.HalfDayRegister:
    return facts.HalfDayRegister(
        on=page.on,
        half_day=str(page.half_day),
        lessons=tuple(lesson.sequence for lesson in page.lessons),
        rows=tuple(
            facts.RegisterRow(
                number=line.enrolment.number,
                name=line.enrolment.trainee.name,
                id_number=line.enrolment.trainee.masked_id_number,
                signed_in_at=line.presence.signed_in_at,
                signed_out_at=line.presence.signed_out_at,
                minutes=sum(line.presence.minutes.values()),
                method=str(Method(line.presence.method).label) if line.presence.method else "",
                method_code=line.presence.method,
                note=_remarks(line.presence),
                events=line.presence.digests,
                corrections=line.presence.corrections,
            )
            for line in page.lines
        ),
        attestations=tuple(
            facts.AttestationFacts(str(row.get_role_display()), str(row.user), row.at, row.digest)
            for row in attested
            if (row.on, row.half_day) == (page.on, page.half_day)
        ),
    )


def _remarks(presence: Presence) -> str:
    """Marks first: they stay with what no station signed."""
    if presence.signed_in_at is None:
        return _("缺勤")
    marks = [str(CorrectionSource(mark).label) for mark in presence.marks]
    return _("、").join(marks + [str(Flag(flag).label) for flag in presence.flags])


def _corrections(session: Any) -> Iterator[facts.CorrectionFacts]:
    rows = session.corrections.filter(status=CorrectionStatus.APPROVED).select_related(
        "lesson", "enrolment__trainee", "voids", "evidence", "proposed_by", "decided_by"
    )
    for row in rows.order_by("pk"):
        yield facts.CorrectionFacts(
            id=row.pk,
            kind=row.kind,
            source=row.source,
            label=row.get_kind_display(),
            number=row.enrolment.number if row.enrolment else None,
            name=row.enrolment.trainee.name if row.enrolment else "",
            lesson=row.lesson.sequence,
            happened_at=row.happened_at,
            voids=row.voids.digest if row.voids else "",
            reason=row.reason,
            evidence=row.evidence.sha256 if row.evidence else "",
            proposed_by=str(row.proposed_by),
            proposed_at=row.proposed_at,
            approved_by=str(row.decided_by),
            approved_at=row.decided_at,
            accounts=(row.proposed_by_id, row.decided_by_id),
        )


def _lost(session: Any, stations: Iterable[Station]) -> Iterator[facts.LostRangeFacts]:
    """What was declared lost before this session's last event; later numbers are another session's matter."""
    for station in stations:
        last = station.events.filter(training_session=session).aggregate(last=Max("seq"))["last"]
        rows = station.lost_ranges.filter(status=CorrectionStatus.APPROVED, first_seq__lt=last)
        for row in rows.select_related("proposed_by", "decided_by"):
            yield facts.LostRangeFacts(
                str(station.pk),
                row.first_seq,
                row.last_seq,
                row.reason,
                str(row.proposed_by),
                str(row.decided_by),
                row.decided_at,
            )


def _photos(session: Any) -> Iterator[facts.PhotoFacts]:
    rows = session.evidence.filter(withdrawn_at__isnull=True, kind=EvidenceKind.PHOTO).select_related(
        "file", "event__station", "lesson__venue"
    )
    for photo in rows:
        lesson = photo.lesson
        yield facts.PhotoFacts(
            caption=photo.caption,
            taken_at=photo.taken_at,
            lesson=lesson.sequence if lesson else 0,
            device=photo.event.station.name if photo.event else "",
            attachment=_attachment("A9", photo.file),
            place=lesson.venue.name if lesson else "",
            topic=lesson.topic if lesson else "",
            persons=photo.persons,
            background=photo.background,
            photographer=photo.photographer,
            uncounted=_("不在课次时间内，不计入这半天的张数") if photo.outside_lesson else "",
        )


def _completion(session: Any) -> Iterator[facts.CompletionRow]:
    rule = session.rule_set.rules.attendance
    rows = Completion.objects.filter(enrolment__training_session=session).select_related("enrolment__trainee")
    for row in rows.order_by("enrolment__number"):
        yield facts.CompletionRow(
            number=row.enrolment.number,
            name=row.enrolment.trainee.name,
            attended=hours(row.attended_minutes, rule),
            required=hours(row.required_minutes, rule),
            completed=row.completed,
            explanation=row.explanation,
            attended_minutes=row.attended_minutes,
            required_minutes=row.required_minutes,
            excluded=row.enrolment.status == EnrolmentStatus.EXCLUDED,
        )


def _attachments(session: Any) -> Iterator[facts.Attachment]:
    """The originals behind every item, photos apart, and the sheets that corrections were made from."""
    for item, papers in item_papers(session).items():
        yield from (_attachment(item, paper.file) for paper in papers if not paper.is_class_photo)
    sheets = session.corrections.filter(status=CorrectionStatus.APPROVED, evidence__isnull=False)
    for sheet in dict.fromkeys(row.evidence for row in sheets.select_related("evidence").order_by("pk")):
        yield _attachment("A8", sheet)


def _attachment(item: str, stored: StoredFile) -> facts.Attachment:
    return facts.Attachment(
        item=item,
        name=stored.name,
        sha256=stored.sha256,
        size=stored.size,
        content_type=stored.content_type,
        uploaded_by=stored.uploaded_by,
        uploaded_at=stored.uploaded_at,
        read=partial(files.read, stored),
    )


def _envelope(event: AttendanceEvent) -> facts.EnvelopeFacts:
    return facts.EnvelopeFacts(
        station=str(event.station_id),
        seq=event.seq,
        digest=event.digest,
        payload=event.payload,
        signature=event.signature,
        standing=f"held:{event.held_reason}" if event.held_reason else "counted",
        reason=event.get_held_reason_display(),
    )


def _links(session: Any, stations: Iterable[Station]) -> Iterator[facts.ChainLink]:
    """The stations' events of other sessions, by digest only: they hold the chain and tell nobody's day."""
    for station in stations:
        last = station.events.filter(training_session=session).aggregate(last=Max("seq"))["last"]
        others = station.events.filter(seq__lte=last).exclude(training_session=session).order_by("seq")
        for seq, digest in others.values_list("seq", "digest"):
            yield facts.ChainLink(str(station.pk), seq, digest)
