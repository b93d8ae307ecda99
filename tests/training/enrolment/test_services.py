"""Rosters on their way into the database: what is right is kept, what is wrong is named, nothing leaks."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from tests.conftest import CLASS_DAY
from tests.training.enrolment.rosters import workbook
from training.accounts.choices import Role
from training.core.errors import ForbiddenError, InvalidInputError, InvalidTransitionError, NotFoundError
from training.core.models import AuditEvent, StoredFile
from training.demo.people import SyntheticPerson, synthetic_people
from training.demo.scenery import (
    add_institution,
    add_instructors,
    add_training_agreement,
    plan_farmers_session,
    roster_workbook,
)
from training.enrolment.choices import EnrolmentStatus, ImportStatus
from training.enrolment.models import Enrolment, RosterHeading, RosterImport
from training.enrolment.services import (
    cancel_import,
    correct_phone,
    export_roster,
    import_roster,
    map_columns,
    resume_import,
    withdraw_enrolment,
)
from training.people.models import Trainee
from training.people.rules import mask_id_number
from training.scheduling.running import cancel_session
from training.scheduling.services import return_session, submit_session

CLERK = Role.INSTITUTION_CLERK
PEOPLE = synthetic_people(16, seed=7)  # the county's roster is the first twelve


def hand_in(county: Any, people: list[SyntheticPerson] | bytes, role: Role = CLERK) -> RosterImport:
    data = people if isinstance(people, bytes) else roster_workbook(people)
    return import_roster(county.session.pk, name="名册.xlsx", data=data, actor=county.actor(role))


def names(county: Any) -> list[str]:
    return [e.trainee.name for e in county.session.enrolments.exclude(status=EnrolmentStatus.WITHDRAWN)]


def stored() -> list[Any]:
    models = (Trainee, Enrolment, RosterImport, StoredFile, AuditEvent)
    return [list(model.objects.order_by("pk").values()) for model in models]


def test_a_roster_becomes_people_and_places_in_its_own_order(county: Any) -> None:
    assert [(e.number, e.trainee.name, e.group) for e in county.session.enrolments.all()] == [
        (number, person.name, person.group) for number, person in enumerate(PEOPLE[:12], 1)
    ]
    assert "䶮海生" in names(county)
    assert "张𬭎" in names(county)
    first = county.session.enrolments.first().trainee
    assert (first.id_number, first.phone, first.township, first.village) == (
        PEOPLE[0].id_number,
        PEOPLE[0].phone,
        PEOPLE[0].township,
        PEOPLE[0].village,
    )


def test_handing_the_same_file_in_again_changes_nobodys_place(county: Any) -> None:
    before = list(county.session.enrolments.values())

    again = hand_in(county, PEOPLE[:12])

    assert list(county.session.enrolments.values()) == before
    assert (again.accepted, again.unchanged, again.problems, again.warnings) == (0, 12, [], [])


def test_a_corrected_file_adds_only_who_was_missing(county: Any) -> None:
    wrong = replace(
        PEOPLE[13], id_number=PEOPLE[13].id_number[:-1] + ("0" if PEOPLE[13].id_number[-1] != "0" else "1")
    )

    partly = hand_in(county, [PEOPLE[12], wrong, PEOPLE[14]])
    assert (partly.accepted, [(p["column"], p["code"]) for p in partly.problems]) == (
        2,
        [("身份证号", "check_digit")],
    )

    corrected = hand_in(county, PEOPLE[12:15])
    assert corrected.accepted == 1
    assert names(county) == [person.name for person in [*PEOPLE[:13], PEOPLE[14], PEOPLE[13]]]
    assert [e.number for e in county.session.enrolments.all()] == list(range(1, 16))


def test_each_wrong_row_is_named_and_the_right_ones_stay(county: Any) -> None:
    excel_number = replace(PEOPLE[13], id_number="1.1011E+17")
    short = replace(PEOPLE[14], id_number="36073519800101")
    twice = PEOPLE[12]

    result = hand_in(county, [PEOPLE[12], excel_number, short, twice, PEOPLE[15]])

    assert result.accepted == 2
    assert [problem["code"] for problem in result.problems] == ["excel_number", "length", "duplicate"]
    assert [problem["row"] for problem in result.problems] == sorted(
        problem["row"] for problem in result.problems
    )
    assert names(county)[12:] == [PEOPLE[12].name, PEOPLE[15].name]


def renamed_docx() -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<document/>")
    return target.getvalue()


def empty_sheet() -> bytes:
    target = BytesIO()
    Workbook().save(target)
    return target.getvalue()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (renamed_docx(), "word_file"),
        (empty_sheet(), "empty_sheet"),
        (b"", "empty_file"),
        (b"%PDF-1.4", "not_workbook"),
    ],
    ids=["docx", "empty sheet", "no bytes", "pdf"],
)
def test_a_file_that_is_no_roster_is_refused_whole_and_nothing_of_it_is_kept(
    county: Any, data: bytes, code: str
) -> None:
    before = stored()

    with pytest.raises(InvalidInputError) as refused:
        hand_in(county, data)

    assert refused.value.details == {"code": code, "name": "名册.xlsx"}
    assert any("\u4e00" <= sign <= "\u9fff" for sign in str(refused.value))
    assert stored() == before


@pytest.mark.parametrize("role", [Role.BUREAU_REVIEWER, Role.BUREAU_HEAD, Role.FOLLOW_UP, Role.AUDITOR])
def test_only_the_institution_imports_and_removes(county: Any, role: Role) -> None:
    before = stored()

    with pytest.raises(ForbiddenError):
        hand_in(county, PEOPLE[12:], role)
    with pytest.raises(ForbiddenError):
        withdraw_enrolment(county.session.enrolments.first().pk, reason="不来了", actor=county.actor(role))
    assert stored() == before


def test_another_institution_finds_neither_the_session_nor_the_place(county: Any, other_county: Any) -> None:
    before, stranger = stored(), other_county.actor(CLERK)

    with pytest.raises(NotFoundError):
        import_roster(county.session.pk, name="x.xlsx", data=roster_workbook(PEOPLE[12:]), actor=stranger)
    with pytest.raises(NotFoundError):
        withdraw_enrolment(county.session.enrolments.first().pk, reason="不来了", actor=stranger)
    assert stored() == before


def test_a_person_of_two_counties_is_two_rows_that_do_not_know_each_other(
    county: Any, other_county: Any
) -> None:
    ours, theirs = (c.session.enrolments.first().trainee for c in (county, other_county))

    assert (ours.id_number, ours.id_hash) == (theirs.id_number, theirs.id_hash)
    assert (ours.programme, theirs.programme) == (county.programme, other_county.programme)
    assert ours.pk != theirs.pk


def test_whoever_is_withdrawn_may_come_back_and_gets_a_new_number(county: Any) -> None:
    first = county.session.enrolments.first()

    withdraw_enrolment(first.pk, reason="不来了", actor=county.actor(CLERK))
    trail = AuditEvent.objects.count()
    withdraw_enrolment(first.pk, reason="不来了", actor=county.actor(CLERK))
    assert AuditEvent.objects.count() == trail
    assert first.trainee.name not in names(county)

    assert hand_in(county, PEOPLE[:12]).accepted == 1
    back = county.session.enrolments.get(trainee=first.trainee, status=EnrolmentStatus.ENROLLED)
    assert back.number == 13


def test_the_roster_file_is_kept_encrypted(county: Any) -> None:
    kept = county.session.roster_imports.get().file

    assert kept.sensitive
    with kept.file.open("rb") as raw:
        assert not raw.read().startswith(b"PK")


def test_a_phone_can_be_put_right_after_the_roster_is_frozen(approved: Any) -> None:
    place = approved.session.enrolments.first()

    with pytest.raises(InvalidInputError, match="11 位"):
        correct_phone(place.pk, phone="12345", actor=approved.actor(Role.INSTITUTION_CLERK))
    correct_phone(place.pk, phone="138 0000 1111", actor=approved.actor(Role.INSTITUTION_CLERK))

    place.trainee.refresh_from_db()
    assert place.trainee.phone == "13800001111"


# --- somebody who is known already --------------------------------------------------------------------


def another_session(county: Any, on: date = CLASS_DAY) -> Any:
    """Of the same institution and the same category, with instructors of its own."""
    clerk = county.actor(CLERK)
    instructors = add_instructors(county.institution, actor=clerk)
    session, _venue = plan_farmers_session(
        county.institution, county.session.agreement, instructors, on=on, actor=clerk
    )
    return replace(county, session=session)


@pytest.fixture
def neighbour(county: Any) -> Any:
    """Another institution of the same county with a session on the same day."""
    institution, staff = add_institution(
        county.programme,
        name="石城县惠民职业培训学校",
        uscc="91360825MA36DEMN7K",
        prefix="neighbour-",
        bureau=county.actor(Role.BUREAU_HEAD),
    )
    clerk = staff.actor(CLERK)
    instructors = add_instructors(institution, actor=clerk)
    agreement = add_training_agreement(institution, actor=clerk)
    session, _venue = plan_farmers_session(institution, agreement, instructors, on=CLASS_DAY, actor=clerk)
    return replace(
        county, institution=institution, institution_staff=staff, instructors=instructors, session=session
    )


def found(imported: RosterImport) -> list[tuple[int, str, str]]:
    return [(finding["row"], finding["column"], finding["code"]) for finding in imported.warnings]


def test_a_roster_can_not_rename_a_person_and_shows_who_it_is(county: Any, neighbour: Any) -> None:
    first = county.session.enrolments.first().trainee
    before = Trainee.objects.filter(pk=first.pk).values().get()
    renamed = [replace(PEOPLE[0], name="赖改名", phone="16999999999")]

    ours, theirs = hand_in(another_session(county), renamed), hand_in(neighbour, renamed)

    for imported in (ours, theirs):
        assert [(p["column"], p["code"]) for p in imported.problems] == [("姓名", "name_differs")]
        assert imported.accepted == 0
    assert f"“{first.name}”" in ours.problems[0]["message"]
    assert first.name not in theirs.problems[0]["message"]  # not theirs to know whose number it is
    assert f"“{first.name[0]}*" in theirs.problems[0]["message"]
    assert Trainee.objects.filter(pk=first.pk).values().get() == before


def test_newer_contact_is_taken_over_and_what_is_left_blank_stays(county: Any) -> None:
    moved = replace(PEOPLE[0], phone="16988888888", village="新家村", township="")
    hand_in(another_session(county), [moved])
    trainee = Trainee.objects.get(pk=county.session.enrolments.first().trainee_id)
    assert (trainee.phone, trainee.village, trainee.township) == (
        "16988888888",
        "新家村",
        PEOPLE[0].township,
    )


def test_a_person_in_a_session_at_the_same_time_is_taken_on_with_a_warning(county: Any) -> None:
    twice = hand_in(another_session(county), [PEOPLE[0]])
    assert (twice.accepted, found(twice)) == (1, [(3, "姓名", "elsewhere")])
    assert f"上课时间重叠：{county.session.code}" in twice.warnings[0]["message"]


def test_a_person_in_a_session_of_the_same_category_is_taken_on_with_a_warning(county: Any) -> None:
    later = hand_in(another_session(county, CLASS_DAY + timedelta(days=7)), [PEOPLE[0]])
    assert (later.accepted, found(later)) == (1, [(3, "姓名", "elsewhere")])
    assert f"已参加同类别培训：{county.session.code}" in later.warnings[0]["message"]


def test_another_institution_s_session_is_not_named(county: Any, neighbour: Any) -> None:
    theirs = hand_in(neighbour, [PEOPLE[0]])
    assert found(theirs) == [(3, "姓名", "elsewhere")]
    assert "另一家机构的一期培训" in theirs.warnings[0]["message"]
    assert county.session.code not in theirs.warnings[0]["message"]


def test_a_session_that_was_cancelled_or_left_is_no_reason_for_a_warning(county: Any) -> None:
    withdraw_enrolment(county.session.enrolments.get(number=1).pk, reason="不来了", actor=county.actor(CLERK))
    assert found(hand_in(another_session(county), [PEOPLE[0]])) == []
    cancel_session(county.session.pk, reason="报名不足", actor=county.actor(Role.INSTITUTION_HEAD))
    assert found(hand_in(another_session(county, CLASS_DAY + timedelta(days=7)), [PEOPLE[1]])) == []


def test_the_same_name_in_the_same_village_with_another_number_is_a_warning(county: Any) -> None:
    namesake = replace(PEOPLE[15], name=PEOPLE[0].name, village=PEOPLE[0].village)
    assert found(hand_in(another_session(county), [namesake])) == [(3, "姓名", "same_name")]


def test_a_group_is_frozen_where_a_person_stands_and_a_file_that_says_otherwise_is_a_warning(
    county: Any,
) -> None:
    other = "leader" if PEOPLE[0].group != "leader" else "farmer"
    again = hand_in(county, [replace(PEOPLE[0], group=other)])
    assert (again.unchanged, found(again)) == (1, [(3, "学员类别", "group_differs")])
    assert county.session.enrolments.get(number=1).group == PEOPLE[0].group


def test_who_stands_without_a_group_gets_the_one_a_later_file_names(county: Any) -> None:
    hand_in(county, [replace(PEOPLE[12], group="")])
    again = hand_in(county, [PEOPLE[12]])
    assert (again.unchanged, again.warnings) == (1, [])
    assert county.session.enrolments.get(number=13).group == PEOPLE[12].group


# --- columns that nobody recognises -------------------------------------------------------------------


def strange_file(people: list[SyntheticPerson]) -> bytes:
    rows = [["甲班", person.name, person.id_number, person.village] for person in people]
    return workbook(*rows, header=["班", "大名", "号", "户籍地"])


SAID = {"姓名": 1, "身份证号": 2, "村（社区）": 3}


def test_columns_are_asked_for_once_and_remembered_for_the_institution(county: Any, neighbour: Any) -> None:
    clerk = county.actor(CLERK)
    waiting = hand_in(county, strange_file(PEOPLE[12:14]))
    assert (waiting.status, waiting.accepted) == (ImportStatus.WAITING, 0)

    done = map_columns(waiting.pk, columns=SAID, first_row=2, actor=clerk)
    assert (done.status, done.accepted) == (ImportStatus.DONE, 2)
    place = county.session.enrolments.get(number=14).trainee
    assert (place.name, place.village) == (PEOPLE[13].name, PEOPLE[13].village)

    again = hand_in(county, strange_file(PEOPLE[12:15]))
    assert (again.status, again.accepted, again.unchanged) == (ImportStatus.DONE, 1, 2)
    assert hand_in(neighbour, strange_file(PEOPLE[12:14])).status == ImportStatus.WAITING


def test_whoever_wants_to_is_asked_although_every_column_is_known(county: Any) -> None:
    waiting = import_roster(
        county.session.pk,
        name="名册.xlsx",
        data=roster_workbook(PEOPLE[12:13]),
        actor=county.actor(CLERK),
        ask=True,
    )
    assert waiting.status == ImportStatus.WAITING
    assert waiting.layout["columns"]["姓名"] == 1


@pytest.mark.parametrize(
    ("columns", "first_row", "said"),
    [({"姓名": 1}, 2, "身份证号"), (SAID, 9, "表头下面没有学员")],
    ids=["no number", "behind the last"],
)
def test_columns_that_find_nobody_are_refused_and_the_file_goes_on_waiting(
    county: Any, columns: dict[str, int], first_row: int, said: str
) -> None:
    waiting = hand_in(county, strange_file(PEOPLE[12:14]))
    with pytest.raises(InvalidInputError, match=said):
        map_columns(waiting.pk, columns=columns, first_row=first_row, actor=county.actor(CLERK))
    waiting.refresh_from_db()
    assert (waiting.status, RosterHeading.objects.count()) == (ImportStatus.WAITING, 0)


def test_only_the_institution_says_what_its_columns_are(county: Any, other_county: Any) -> None:
    waiting = hand_in(county, strange_file(PEOPLE[12:14]))
    with pytest.raises(ForbiddenError):
        map_columns(waiting.pk, columns=SAID, first_row=2, actor=county.actor(Role.BUREAU_REVIEWER))
    with pytest.raises(NotFoundError):
        map_columns(waiting.pk, columns=SAID, first_row=2, actor=other_county.actor(CLERK))


def test_a_file_that_waits_can_be_given_up(county: Any) -> None:
    waiting = hand_in(county, strange_file(PEOPLE[12:14]))
    given_up = cancel_import(waiting.pk, actor=county.actor(CLERK))
    with pytest.raises(InvalidTransitionError):
        resume_import(given_up.pk, actor=county.actor(CLERK))


# --- export -------------------------------------------------------------------------------------------


def cells(data: bytes) -> str:
    sheet = load_workbook(BytesIO(data))["名册"]
    return "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row)


def test_what_is_exported_and_handed_in_again_changes_nothing(county: Any) -> None:
    exported = export_roster(county.session.pk, actor=county.actor(CLERK))
    assert all(person.id_number in cells(exported) for person in PEOPLE[:12])
    people, places = list(Trainee.objects.values()), list(Enrolment.objects.values())

    again = hand_in(county, exported)

    assert (again.accepted, again.unchanged, again.problems, again.warnings) == (0, 12, [], [])
    assert (list(Trainee.objects.values()), list(Enrolment.objects.values())) == (people, places)


def test_after_submission_the_institution_s_export_is_masked_and_still_changes_nothing(county: Any) -> None:
    submit_session(county.session.pk, actor=county.actor(Role.INSTITUTION_HEAD))
    exported = export_roster(county.session.pk, actor=county.actor(CLERK))
    for person in PEOPLE[:12]:
        assert person.id_number not in cells(exported)
        assert person.phone not in cells(exported)
        assert mask_id_number(person.id_number) in cells(exported)
    return_session(county.session.pk, reason="补充", actor=county.actor(Role.BUREAU_REVIEWER))
    people, places = list(Trainee.objects.values()), list(Enrolment.objects.values())

    again = hand_in(county, exported)

    assert (again.accepted, again.unchanged, again.problems, again.warnings) == (0, 12, [], [])
    assert (list(Trainee.objects.values()), list(Enrolment.objects.values())) == (people, places)


def test_a_masked_number_adds_nobody(county: Any) -> None:
    stranger = replace(PEOPLE[12], id_number=mask_id_number(PEOPLE[12].id_number))
    imported = hand_in(county, [stranger])
    assert [(p["column"], p["code"]) for p in imported.problems] == [("身份证号", "masked")]
    assert names(county) == [person.name for person in PEOPLE[:12]]


@pytest.mark.parametrize(
    ("role", "full"), [(CLERK, True), (Role.BUREAU_REVIEWER, True), (Role.AUDITOR, False)]
)
def test_numbers_in_full_are_for_who_writes_or_approves_the_roster_and_are_on_record(
    county: Any, role: Role, full: bool
) -> None:
    exported = export_roster(county.session.pk, actor=county.actor(role))
    assert (PEOPLE[0].id_number in cells(exported)) == full
    assert AuditEvent.objects.filter(verb="roster.exported").get().details == {"full": full}


def test_a_stranger_exports_nothing(county: Any, other_county: Any) -> None:
    with pytest.raises(NotFoundError):
        export_roster(county.session.pk, actor=other_county.actor(CLERK))
