"""补签、纸质签到表、作废: two people each time, inside the lesson, marked for ever, until the archive is sealed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.training.signing import Signer, append, attend, hold_and_close, scan, send
from training.accounts.choices import Role
from training.attendance.models import AttendanceEvent, Completion, Correction
from training.attendance.queries import corrections, register
from training.attendance.services import (
    PaperRow,
    approve_corrections,
    decline_correction,
    propose_correction,
    propose_paper,
    propose_void,
    withdraw_correction,
)
from training.core.errors import (
    ForbiddenError,
    InvalidInputError,
    InvalidTransitionError,
    NotFoundError,
    TrainingError,
)
from training.core.files import read
from training.core.models import AuditEvent, StoredFile
from training.demo.scenery import paper
from training.dossiers.choices import DossierStatus
from training.dossiers.services import close_session
from training.enrolment.choices import EnrolmentStatus
from training.followup.choices import ContactMethod, ContactResult
from training.followup.services import log_contact
from training.scheduling.models import Lesson

CLERK, HEAD = Role.INSTITUTION_CLERK, Role.INSTITUTION_HEAD
REVIEWER, BUREAU_HEAD = Role.BUREAU_REVIEWER, Role.BUREAU_HEAD
SHEET = paper("纸质签到表")


@pytest.fixture
def over(clock: Any, lesson: Lesson) -> Lesson:
    """The morning lesson, just over."""
    clock.set(lesson.ends_at + timedelta(minutes=10))
    return lesson


def said(county: Any, lesson: Lesson, person: Any, kind: str = "sign_in", **changes: Any) -> Correction:
    """The clerk proposes; what happened lies at the lesson's beginning or end."""
    about = {
        "lesson_id": lesson.pk,
        "enrolment_id": person.pk,
        "kind": kind,
        "happened_at": lesson.ends_at if kind == "sign_out" else lesson.starts_at,
        "reason": "读卡器坏了",
        "actor": county.actor(CLERK),
    }
    return propose_correction(county.session.pk, **about | changes)


def line(county: Any, person: Any, page: int = 0) -> Any:
    """What the register says of this person's half-day."""
    lines = register(county.session)[page].lines
    return next(row.presence for row in lines if row.enrolment.pk == person.pk)


def with_rule(county: Any, **changes: Any) -> None:
    rule_set = county.session.rule_set
    rule_set.body["attendance"] |= changes
    rule_set.save()
    county.session.refresh_from_db()


# Proposing


def test_a_proposal_counts_for_nothing_until_somebody_else_approves_it(
    approved: Any, over: Lesson, people: list[Any]
) -> None:
    entered, left = (said(approved, over, people[0], kind) for kind in ("sign_in", "sign_out"))
    assert line(approved, people[0]).minutes == {over.pk: 0}

    approve_corrections([entered.pk, left.pk], actor=approved.actor(REVIEWER))

    found = line(approved, people[0])
    assert (found.minutes, found.method) == ({over.pk: 135}, "make_up")
    assert (found.in_mark, found.out_mark, found.marks) == ("make_up", "make_up", ("make_up",))
    assert (found.digests, found.corrections) == ((), (entered.pk, left.pk))


def test_who_said_and_who_decided_is_on_record(approved: Any, over: Lesson, people: list[Any]) -> None:
    [correction] = approve_corrections(
        [said(approved, over, people[0], evidence=SHEET).pk], actor=approved.actor(REVIEWER)
    )

    assert (correction.proposed_by, correction.decided_by) == (approved.user(CLERK), approved.user(REVIEWER))
    assert list(AuditEvent.objects.order_by("-pk").values_list("verb", "actor_name")[:2]) == [
        ("correction.approved", str(approved.user(REVIEWER))),
        ("correction.proposed", str(approved.user(CLERK))),
    ]
    assert correction.evidence.sensitive
    assert read(correction.evidence) == SHEET[1]


@pytest.mark.parametrize(
    ("kind", "minutes"),
    [("sign_in", -61), ("sign_in", 136), ("sign_out", -1), ("check", 136), ("sign_out", 135 + 11)],
)
def test_nothing_happened_outside_the_lesson_or_in_the_future(
    approved: Any, over: Lesson, people: list[Any], kind: str, minutes: int
) -> None:
    with pytest.raises(InvalidInputError):
        said(approved, over, people[0], kind, happened_at=over.starts_at + timedelta(minutes=minutes))
    assert not Correction.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"reason": " "},
        {"reason": "长" * 201},
        {"kind": "void"},
        {"kind": "photo"},
        {"source": "hearsay"},
        {"source": "paper"},
        {"source": "paper", "evidence": ("签到表.pdf", b"not a PDF")},
    ],
)
def test_a_proposal_that_says_too_little_is_refused_and_leaves_nothing_behind(
    approved: Any, over: Lesson, people: list[Any], changes: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInputError):
        said(approved, over, people[0], **changes)
    assert not Correction.objects.exists()
    assert not AuditEvent.objects.filter(verb="correction.proposed").exists()


def test_the_same_is_not_said_twice_while_it_waits(approved: Any, over: Lesson, people: list[Any]) -> None:
    first = said(approved, over, people[0])
    with pytest.raises(InvalidInputError):
        said(approved, over, people[0])

    said(approved, over, people[1])
    withdraw_correction(first.pk, actor=approved.actor(CLERK))
    said(approved, over, people[0])


def test_a_lesson_or_a_person_of_another_session_does_not_exist(
    approved: Any, over: Lesson, people: list[Any], other_county: Any
) -> None:
    stranger, elsewhere = other_county.session.enrolments.first(), other_county.session.lessons.first()

    for changes in ({"enrolment_id": stranger.pk}, {"lesson_id": elsewhere.pk}):
        with pytest.raises(NotFoundError):
            said(approved, over, people[0], **changes)
    with pytest.raises(NotFoundError):
        said(approved, over, people[0], actor=other_county.actor(CLERK))


@pytest.mark.parametrize("role", [REVIEWER, BUREAU_HEAD, Role.AUDITOR, Role.FOLLOW_UP])
def test_only_the_institution_proposes(approved: Any, over: Lesson, people: list[Any], role: Role) -> None:
    with pytest.raises(ForbiddenError):
        said(approved, over, people[0], actor=approved.actor(role))


def test_a_session_that_is_not_approved_has_no_register_to_correct(county: Any, clock: Any) -> None:
    lesson, person = county.session.lessons.first(), county.session.enrolments.first()
    clock.set(lesson.ends_at)

    with pytest.raises(InvalidTransitionError):
        said(county, lesson, person)


# Deciding


def test_nobody_approves_or_declines_what_they_proposed(
    approved: Any, over: Lesson, people: list[Any]
) -> None:
    with_rule(approved, make_up_share=1)
    own = said(approved, over, people[0], actor=approved.actor(HEAD))

    with pytest.raises(ForbiddenError):
        approve_corrections([own.pk], actor=approved.actor(HEAD))
    with pytest.raises(ForbiddenError):
        decline_correction(own.pk, reason="不对", actor=approved.actor(HEAD))
    own.refresh_from_db()
    assert (own.status, own.decided_by) == ("proposed", None)


@pytest.mark.parametrize("role", [CLERK, Role.AUDITOR, Role.FOLLOW_UP])
def test_only_heads_and_the_bureau_decide(approved: Any, over: Lesson, people: list[Any], role: Role) -> None:
    correction = said(approved, over, people[0], actor=approved.actor(HEAD))
    for decide in (
        lambda pk, actor: approve_corrections([pk], actor=actor),
        lambda pk, actor: decline_correction(pk, reason="不对", actor=actor),
    ):
        with pytest.raises(ForbiddenError):
            decide(correction.pk, actor=approved.actor(role))


def test_a_declined_one_keeps_its_reason_and_never_counts(
    approved: Any, over: Lesson, people: list[Any]
) -> None:
    correction = said(approved, over, people[0])
    with pytest.raises(InvalidInputError):
        decline_correction(correction.pk, reason="", actor=approved.actor(REVIEWER))

    decline_correction(correction.pk, reason="现场无人见到", actor=approved.actor(REVIEWER))

    correction.refresh_from_db()
    assert (correction.status, correction.decision_reason) == ("declined", "现场无人见到")
    assert line(approved, people[0]).signed_in_at is None
    with pytest.raises(InvalidTransitionError):
        approve_corrections([correction.pk], actor=approved.actor(REVIEWER))


def test_only_who_proposed_withdraws_and_only_before_the_decision(
    approved: Any, over: Lesson, people: list[Any]
) -> None:
    correction = said(approved, over, people[0])
    with pytest.raises(ForbiddenError):
        withdraw_correction(correction.pk, actor=approved.actor(HEAD))
    approve_corrections([correction.pk], actor=approved.actor(REVIEWER))
    with pytest.raises(InvalidTransitionError):
        withdraw_correction(correction.pk, actor=approved.actor(CLERK))


def test_several_are_approved_together_or_not_at_all(
    approved: Any, over: Lesson, people: list[Any], other_county: Any
) -> None:
    good, gone = said(approved, over, people[0]), said(approved, over, people[1])
    withdraw_correction(gone.pk, actor=approved.actor(CLERK))

    for ids, refusal in (([good.pk, gone.pk], InvalidTransitionError), ([good.pk, 10**6], NotFoundError)):
        with pytest.raises(refusal):
            approve_corrections(ids, actor=approved.actor(REVIEWER))
    with pytest.raises(NotFoundError):
        approve_corrections([good.pk], actor=other_county.actor(REVIEWER))

    good.refresh_from_db()
    assert good.status == "proposed"


def test_an_institution_puts_right_a_small_share_of_a_class_and_the_bureau_the_rest(
    approved: Any, over: Lesson, people: list[Any]
) -> None:
    with_rule(approved, make_up_share=0.17)  # of twelve: two people
    head, bureau = approved.actor(HEAD), approved.actor(REVIEWER)
    for person in people[:2]:
        for kind in ("sign_in", "sign_out"):
            approve_corrections([said(approved, over, person, kind).pk], actor=head)
    by_the_bureau = said(approved, over, people[2])
    third = said(approved, over, people[3])

    with pytest.raises(ForbiddenError, match="名册 12 人，连同这次共 3 人。请商务局核准"):
        approve_corrections([third.pk], actor=head)
    approve_corrections([by_the_bureau.pk], actor=bureau)
    with pytest.raises(ForbiddenError):
        approve_corrections([third.pk], actor=head)
    approve_corrections([third.pk], actor=bureau)
    again = said(approved, over, people[0], happened_at=over.starts_at - timedelta(minutes=1))
    approve_corrections([again.pk], actor=head)  # the same two people still

    third.refresh_from_db()
    assert third.status == "approved"


def test_an_explained_absence_from_a_check_is_forgiven(
    approved: Any, signer: Signer, over: Lesson, people: list[Any]
) -> None:
    with_rule(approved, check_required=True)
    attend(signer, over, people[:2])
    scan(signer, "check", over, people[1], over.starts_at + timedelta(minutes=60))
    send(signer, at=over.ends_at)
    assert line(approved, people[0]).minutes == {over.pk: 0}
    assert "absent_in_check" in line(approved, people[0]).flags

    explained = said(approved, over, people[0], "check", happened_at=over.starts_at + timedelta(minutes=61))
    approve_corrections([explained.pk], actor=approved.actor(REVIEWER))

    assert line(approved, people[0]).minutes == {over.pk: 135}
    assert line(approved, people[0]).marks == ("make_up",)


# On paper


def on_paper(county: Any, *rows: PaperRow, **changes: Any) -> list[Correction]:
    about = {
        "on": county.session.lessons.first().on,
        "half_day": "am",
        "rows": rows,
        "sheet": SHEET,
        "reason": "停电",
        "actor": county.actor(CLERK),
    }
    return propose_paper(county.session.pk, **about | changes)


def test_a_paper_register_becomes_a_correction_for_each_time_with_one_sheet(
    approved: Any, over: Lesson, people: list[Any]
) -> None:
    rows = [
        PaperRow(people[0].pk, time(8, 55), time(11, 15)),
        PaperRow(people[1].pk, time(9, 20), None),
        PaperRow(people[2].pk, None, None),
    ]

    found = on_paper(approved, *rows)
    approve_corrections([row.pk for row in found], actor=approved.actor(REVIEWER))

    assert [(row.enrolment, row.kind) for row in found] == [
        (people[0], "sign_in"),
        (people[0], "sign_out"),
        (people[1], "sign_in"),
    ]
    assert {row.evidence for row in found} == {StoredFile.objects.get(name="纸质签到表.pdf")}
    assert line(approved, people[0]).minutes == {over.pk: 135}
    assert (line(approved, people[0]).method, line(approved, people[0]).marks) == ("paper", ("paper",))
    assert line(approved, people[1]).flags == ("came_late", "no_sign_out")


def test_every_wrong_time_on_the_sheet_is_named_and_nothing_is_kept(
    approved: Any, over: Lesson, people: list[Any]
) -> None:
    files = StoredFile.objects.count()
    with pytest.raises(InvalidInputError) as refusal:
        on_paper(
            approved,
            PaperRow(people[0].pk, time(7, 0), None),
            PaperRow(people[1].pk, time(9, 0), time(8, 59)),
            PaperRow(people[2].pk, time(9, 0), time(23, 0)),
        )

    assert [problem.split("：")[0] for problem in refusal.value.details["problems"]] == [
        f"{row.number} 号{row.trainee}" for row in people[:3]
    ]
    assert not Correction.objects.exists()
    assert StoredFile.objects.count() == files


@pytest.mark.parametrize(
    "rows",
    [
        lambda people: [],
        lambda people: [PaperRow(people[0].pk, None, None)],
        lambda people: [PaperRow(people[0].pk, time(9, 0), None)] * 2,
        lambda people: [PaperRow(10**6, time(9, 0), None)],
    ],
    ids=["nothing", "no-time", "twice", "stranger"],
)
def test_a_sheet_that_says_nothing_or_names_somebody_twice_is_refused(
    approved: Any, over: Lesson, people: list[Any], rows: Callable[[list[Any]], list[PaperRow]]
) -> None:
    with pytest.raises(InvalidInputError):
        on_paper(approved, *rows(people))


def test_a_half_day_without_a_lesson_has_no_sheet(approved: Any, over: Lesson, people: list[Any]) -> None:
    with pytest.raises(InvalidInputError):
        on_paper(approved, PaperRow(people[0].pk, time(9, 0), None), on=over.on + timedelta(days=1))


def test_a_time_that_waits_already_is_not_keyed_in_again(
    approved: Any, over: Lesson, people: list[Any]
) -> None:
    row = PaperRow(people[0].pk, time(9, 0), time(11, 15))
    on_paper(approved, row)

    with pytest.raises(InvalidInputError, match="正在等待核准"):
        on_paper(approved, row)
    assert Correction.objects.count() == 2


# Taking back


def test_an_approved_void_takes_an_event_out_of_the_register_and_leaves_it_in_the_ledger(
    approved: Any, signer: Signer, over: Lesson, people: list[Any]
) -> None:
    attend(signer, over, people[:1])
    send(signer)
    wrong = AttendanceEvent.objects.get(kind="sign_in")
    void = propose_void(wrong.pk, reason="代签", actor=approved.actor(CLERK))
    assert line(approved, people[0]).minutes == {over.pk: 135}

    approve_corrections([void.pk], actor=approved.actor(REVIEWER))

    assert line(approved, people[0]).minutes == {over.pk: 0}
    assert line(approved, people[0]).flags == ("voided",)
    assert AttendanceEvent.objects.filter(pk=wrong.pk, held_reason="").exists()
    with pytest.raises(InvalidTransitionError):
        propose_void(wrong.pk, reason="再来一次", actor=approved.actor(CLERK))


def test_what_a_station_took_back_is_not_taken_back_again(
    approved: Any, signer: Signer, over: Lesson, people: list[Any]
) -> None:
    attend(signer, over, people[:1])
    send(signer)
    wrong = AttendanceEvent.objects.get(kind="sign_in")
    waiting = propose_void(wrong.pk, reason="代签", actor=approved.actor(CLERK))
    append(signer, "void", over.ends_at, session=approved.session.code, voids=wrong.event_id)
    send(signer)

    with pytest.raises(InvalidTransitionError):
        approve_corrections([waiting.pk], actor=approved.actor(REVIEWER))


@pytest.mark.parametrize("kind", ["void", "attempt", "sign_in"])
def test_only_what_counts_can_be_taken_back(
    approved: Any, signer: Signer, over: Lesson, people: list[Any], kind: str
) -> None:
    """A void, a visit nobody confirmed, and an event that is held for its day."""
    scan(signer, kind, over, people[0], over.starts_at + timedelta(days=1))
    send(signer)

    with pytest.raises(InvalidInputError):
        propose_void(AttendanceEvent.objects.get().pk, reason="不对", actor=approved.actor(CLERK))


# After the close


@pytest.fixture
def closed(approved: Any, clock: Any) -> Any:
    """The class is over and closed; numbers 11 and 12 never came."""
    hold_and_close(approved, clock, absent={11, 12})
    return approved


def make_up_all_day(county: Any, person: Any) -> list[Correction]:
    made = [
        said(county, lesson, person, kind)
        for lesson in county.session.lessons.all()
        for kind in ("sign_in", "sign_out")
    ]
    return approve_corrections([row.pk for row in made], actor=county.actor(REVIEWER))


def result(person: Any) -> tuple[str, bool, int]:
    row = Completion.objects.select_related("enrolment").get(enrolment=person)
    return row.enrolment.status, row.completed, row.attended_minutes


def test_a_make_up_after_the_close_lets_completion_and_follow_ups_follow(
    closed: Any, people: list[Any]
) -> None:
    absent = people[10]
    assert result(absent) == (EnrolmentStatus.INCOMPLETE, False, 0)
    assert not absent.follow_ups.exists()

    make_up_all_day(closed, absent)

    assert result(absent) == (EnrolmentStatus.COMPLETED, True, 270)
    assert list(absent.follow_ups.values_list("day", "due_on")) == list(
        people[0].follow_ups.values_list("day", "due_on")
    )
    (change,) = AuditEvent.objects.filter(verb="completion.changed")
    assert change.details == {
        "before": "0 / 6 学时 = 0.0 % < 80 %，未达标",
        "after": "6 / 6 学时 = 100.0 % ≥ 80 %，结业",
    }
    assert result(people[11]) == (EnrolmentStatus.INCOMPLETE, False, 0)


def test_a_void_after_the_close_takes_the_completion_away_and_the_contacts_nobody_made(
    closed: Any, people: list[Any]
) -> None:
    made, _later, _last = people[0].follow_ups.order_by("day")
    log_contact(
        made.pk, method=ContactMethod.PHONE, result=ContactResult.DENIED, actor=closed.actor(Role.FOLLOW_UP)
    )
    entered = AttendanceEvent.objects.filter(enrolment=people[0], kind="sign_in").first()
    void = propose_void(entered.pk, reason="本人否认参训", actor=closed.actor(CLERK))

    approve_corrections([void.pk], actor=closed.actor(REVIEWER))

    assert result(people[0]) == (EnrolmentStatus.INCOMPLETE, False, 135)
    assert list(people[0].follow_ups.all()) == [made]


def test_completion_may_go_there_and_back(closed: Any, people: list[Any]) -> None:
    entered = AttendanceEvent.objects.filter(enrolment=people[0], kind="sign_in").first()
    void = propose_void(entered.pk, reason="误刷", actor=closed.actor(CLERK))
    approve_corrections([void.pk], actor=closed.actor(REVIEWER))
    again = said(closed, entered.lesson, people[0])
    approve_corrections([again.pk], actor=closed.actor(REVIEWER))

    assert result(people[0]) == (EnrolmentStatus.COMPLETED, True, 270)
    assert people[0].follow_ups.count() == 3
    assert AuditEvent.objects.filter(verb="completion.changed").count() == 2


def test_a_class_that_was_held_on_paper_only_can_be_closed(
    approved: Any, clock: Any, people: list[Any]
) -> None:
    clock.set(approved.session.lessons.last().ends_at + timedelta(minutes=10))
    make_up_all_day(approved, people[0])

    close_session(approved.session.pk, actor=approved.actor(CLERK))

    assert result(people[0]) == (EnrolmentStatus.COMPLETED, True, 270)


@pytest.mark.parametrize("status", [DossierStatus.SEALING, DossierStatus.SEALED])
def test_nothing_is_corrected_while_or_after_the_archive_is_sealed(
    closed: Any, people: list[Any], status: DossierStatus
) -> None:
    lesson = closed.session.lessons.first()
    waiting = said(closed, lesson, people[10])
    event = AttendanceEvent.objects.filter(kind="sign_in").first()
    dossier = closed.session.dossier
    dossier.enter(DossierStatus.SUBMITTED)
    dossier.enter(DossierStatus.SEALING)
    if status == DossierStatus.SEALED:
        closed.session.enter("archived")

    for refused in (
        lambda: said(closed, lesson, people[11]),
        lambda: propose_void(event.pk, reason="误刷", actor=closed.actor(CLERK)),
        lambda: on_paper(closed, PaperRow(people[11].pk, time(9, 0), None)),
        lambda: approve_corrections([waiting.pk], actor=closed.actor(REVIEWER)),
    ):
        with pytest.raises(InvalidTransitionError):
            refused()
    decline_correction(waiting.pk, reason="已经封存", actor=closed.actor(REVIEWER))


# In any order


steps = st.lists(
    st.one_of(
        st.tuples(st.just("propose"), st.integers(0, 1), st.sampled_from(["sign_in", "sign_out"])),
        st.tuples(st.just("void"), st.integers(0, 3)),
        st.tuples(
            st.sampled_from(["approve", "decline", "withdraw"]),
            st.integers(0, 7),
            st.sampled_from([CLERK, HEAD, REVIEWER]),
        ),
    ),
    max_size=14,
)


class Model:
    """Two people with a sign-in and a sign-out each, and what became of what was said about them."""

    def __init__(self) -> None:
        self.voided: set[int] = set()
        self.proposals: list[dict[str, Any]] = []

    def propose(self, what: tuple[Any, ...]) -> bool:
        waits = any(row["what"] == what and row["state"] == "proposed" for row in self.proposals)
        gone = what[0] == "void" and what[1] in self.voided
        if waits or gone:
            return False
        self.proposals.append({"what": what, "state": "proposed"})
        return True

    def decide(self, act: str, number: int, role: Role) -> bool:
        """The clerk proposed them all; the institution's head may decide, but approve nobody of twelve."""
        allowed = {"approve": (REVIEWER,), "decline": (HEAD, REVIEWER), "withdraw": (CLERK,)}[act]
        if number >= len(self.proposals) or role not in allowed:
            return False
        row = self.proposals[number]
        if row["state"] != "proposed":
            return False
        row["state"] = {"approve": "approved", "decline": "declined", "withdraw": "withdrawn"}[act]
        if act == "approve" and row["what"][0] == "void":
            self.voided.add(row["what"][1])
        return True

    def minutes(self, person: int) -> int:
        """Everybody in as the lesson begins and out as it ends: the whole of it, or nothing."""
        steps = {
            kind
            for place, kind in enumerate(("sign_in", "sign_out"))
            if 2 * person + place not in self.voided
        }
        approved = {row["what"] for row in self.proposals if row["state"] == "approved"}
        steps |= {kind for kind in ("sign_in", "sign_out") if ("propose", person, kind) in approved}
        return 135 if steps == {"sign_in", "sign_out"} else 0


@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_in_whatever_order_people_propose_and_decide_the_minutes_are_those_of_what_was_approved(
    approved: Any, signer: Signer, over: Lesson, people: list[Any], todo: list[tuple[Any, ...]]
) -> None:
    with transaction.atomic():
        signer.chain.clear()
        for person in people[:2]:
            scan(signer, "sign_in", over, person, over.starts_at)
            scan(signer, "sign_out", over, person, over.ends_at)
        send(signer)
        model, made = Model(), []
        for step in todo:
            assert done(approved, over, people, made, step) == follow(model, step)
            found = [line(approved, person).minutes[over.pk] for person in people[:2]]
            assert found == [model.minutes(0), model.minutes(1)]
        transaction.set_rollback(True)


def follow(model: Model, step: tuple[Any, ...]) -> bool:
    return model.propose(step) if step[0] in ("propose", "void") else model.decide(*step)


def done(
    county: Any, lesson: Lesson, people: list[Any], made: list[Correction], step: tuple[Any, ...]
) -> bool:
    """Do it; whether it was allowed."""
    try:
        with transaction.atomic():
            if step[0] == "propose":
                made.append(said(county, lesson, people[step[1]], step[2]))
            elif step[0] == "void":
                event = AttendanceEvent.objects.order_by("seq")[step[1]]
                made.append(propose_void(event.pk, reason="误刷", actor=county.actor(CLERK)))
            else:
                act, number, role = step
                decide(act, made[number].pk if number < len(made) else 0, county.actor(role))
    except TrainingError:
        return False
    return True


def decide(act: str, correction: int, actor: Any) -> None:
    if act == "approve":
        approve_corrections([correction], actor=actor)
    elif act == "decline":
        decline_correction(correction, reason="不对", actor=actor)
    else:
        withdraw_correction(correction, actor=actor)


# Seen


def test_everybody_sees_the_proposals_of_their_own_and_no_others(
    approved: Any, over: Lesson, people: list[Any], other_county: Any
) -> None:
    correction = said(approved, over, people[0])

    assert (
        list(corrections(approved.actor(HEAD))) == list(corrections(approved.actor(REVIEWER))) == [correction]
    )
    assert list(corrections(other_county.actor(REVIEWER))) == []
