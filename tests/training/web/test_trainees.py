"""学员库 on the screen: who finds whom, what is masked, and who looked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.training.web.conftest import claim_shop
from training.accounts.choices import Role
from training.core.models import AuditEvent
from training.demo.people import synthetic_people
from training.demo.scenery import TOWNSHIP, paper, roster_workbook
from training.enrolment.services import import_roster
from training.people.choices import ConsentPurpose
from training.people.models import Look, Trainee, TraineeGroup
from training.people.services import decide_groups, note_groups, record_consent
from training.scheduling.services import approve_session

Browse = Callable[..., Client]


@pytest.fixture
def person(county: Any) -> Any:
    """Of the township officer's township, a farmer, and of a household lifted out of poverty."""
    trainee = county.session.enrolments.first().trainee
    trainee.township = TOWNSHIP
    trainee.save()
    note_groups([(trainee, "farmer"), (trainee, "poor_household")], source="测试")
    return trainee


def body(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    return b"".join(response).decode() if response.streaming else response.content.decode()


# Finding


def test_the_bureau_finds_a_person_by_pinyin_and_by_the_last_four(
    county: Any, person: Any, browse: Browse
) -> None:
    client = browse(Role.BUREAU_REVIEWER)
    someone = Trainee.objects.get(name="张𬭎")

    for q in ("zhanghong", "zh", "𬭎", someone.id_number[-4:]):
        assert "张𬭎" in body(client.get(reverse("trainees"), {"q": q}))
    assert "张𬭎" not in body(client.get(reverse("trainees"), {"q": "wang"}))


def test_a_township_officer_sees_the_own_township_only(county: Any, person: Any, browse: Browse) -> None:
    client = browse(Role.TOWNSHIP)
    away = Trainee.objects.exclude(township=TOWNSHIP).first()

    page = body(client.get(reverse("trainees")))

    assert person.name in page
    assert {row.trainee.township for row in client.get(reverse("trainees")).context["rows"]} == {TOWNSHIP}
    assert client.get(reverse("trainee", args=[away.pk])).status_code == 404


def test_the_list_and_its_file_show_no_number_and_no_sensitive_group(
    county: Any, person: Any, browse: Browse
) -> None:
    client = browse(Role.BUREAU_HEAD)

    for page in (body(client.get(reverse("trainees"))), body(client.get(reverse("trainees-export")))):
        assert person.masked_id_number in page
        assert person.id_number not in page
        assert person.phone not in page
        assert "农民" in page
        assert "具备条件贫困户" not in page
    said = AuditEvent.objects.filter(verb="trainees.exported").latest("pk")
    assert said.details == {"people": Trainee.objects.count(), "filters": []}


def test_what_is_filtered_by_is_on_record_without_the_words(county: Any, person: Any, browse: Browse) -> None:
    browse(Role.BUREAU_HEAD).get(reverse("trainees-export"), {"q": person.name, "township": TOWNSHIP})

    said = AuditEvent.objects.filter(verb="trainees.exported").latest("pk")
    assert said.details["filters"] == ["q", "township"]
    assert person.name not in str(said.details)


@pytest.mark.parametrize(
    ("filters", "there"),
    [
        ({"township": TOWNSHIP}, True),
        ({"township": TOWNSHIP, "group": "farmer"}, True),
        ({"group": "leader", "township": TOWNSHIP, "q": "zzz"}, False),
        ({"verification": "claimed"}, True),
        ({"verification": "verified"}, False),
        ({"verification": "none"}, False),
        ({"consent": "face-yes"}, True),
        ({"consent": "face-no"}, False),
        ({"sessions": "yes"}, True),
        ({"sessions": "no"}, False),
        ({"group": "nonsense"}, True),
    ],
)
def test_filters_find_the_person(
    county: Any, person: Any, browse: Browse, filters: dict[str, str], there: bool
) -> None:
    record_consent(person, given=True, actor=county.actor(Role.INSTITUTION_CLERK))

    response = browse(Role.BUREAU_REVIEWER).get(reverse("trainees"), filters)

    assert (person.pk in {row.trainee.pk for row in response.context["rows"]}) is there


def test_villages_can_be_chosen_once_the_township_is(county: Any, person: Any, browse: Browse) -> None:
    client = browse(Role.BUREAU_REVIEWER)

    assert "village" not in client.get(reverse("trainees")).context["filters"].fields
    chosen = client.get(reverse("trainees"), {"township": TOWNSHIP}).context["filters"]
    assert (person.village, person.village) in chosen.fields["village"].choices


def count(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        body(client.get(address))
    return len(queries)


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("trainees", Role.BUREAU_REVIEWER),
        ("trainees-export", Role.BUREAU_REVIEWER),
        ("trainee-groups", Role.DATA_DEPARTMENT),
        ("namesakes", Role.BUREAU_REVIEWER),
    ],
)
def test_a_list_costs_the_same_for_many(county: Any, browse: Browse, name: str, role: Role) -> None:
    client = browse(role)
    few = count(client, reverse(name))

    more = roster_workbook(synthetic_people(60, seed=21))
    import_roster(county.session.pk, name="补充.xlsx", data=more, actor=county.actor(Role.INSTITUTION_CLERK))

    assert count(client, reverse(name)) == few


# Sensitive groups


@pytest.mark.parametrize("role", [Role.BUREAU_REVIEWER, Role.BUREAU_HEAD, Role.FOLLOW_UP, Role.AUDITOR])
def test_whoever_does_not_need_them_sees_no_sensitive_group(
    county: Any, person: Any, browse: Browse, role: Role
) -> None:
    client = browse(role)

    page = body(client.get(reverse("trainee", args=[person.pk])))

    assert "敏感，不显示" in page
    assert "贫困户" not in page
    assert client.post(reverse("trainee-sensitive", args=[person.pk])).status_code == 403
    assert "poor_household" not in body(client.get(reverse("trainees")))
    assert not Look.objects.filter(kind="sensitive").exists()


@pytest.mark.parametrize("role", [Role.TOWNSHIP, Role.DATA_DEPARTMENT, Role.PRIVACY_OFFICER])
def test_every_view_of_a_sensitive_group_is_on_record(
    county: Any, person: Any, browse: Browse, role: Role
) -> None:
    client = browse(role)
    address = reverse("trainee", args=[person.pk])
    assert "贫困户" not in body(client.get(address))
    assert not Look.objects.filter(kind="sensitive").exists()

    for times in (1, 2):
        assert "具备条件贫困户" in body(client.post(reverse("trainee-sensitive", args=[person.pk])))
        assert Look.objects.filter(kind="sensitive", trainee=person, role=role).count() == times

    said = AuditEvent.objects.latest("pk")
    assert (said.verb, said.subject_id, said.role) == ("sensitive_group.viewed", str(person.pk), role)
    assert "贫困户" not in body(client.get(address))


def test_filtering_by_a_sensitive_group_is_a_view_of_everybody_shown(
    county: Any, person: Any, browse: Browse
) -> None:
    asked = {"group": "poor_household"}
    members = set(TraineeGroup.objects.filter(code="poor_household").values_list("trainee", flat=True))
    officer = browse(Role.PRIVACY_OFFICER)

    officer.get(reverse("trainees"), asked)
    assert set(Look.objects.filter(kind="sensitive").values_list("trainee", flat=True)) == members

    body(officer.get(reverse("trainees-export"), asked))
    assert Look.objects.filter(kind="sensitive", reason="导出").count() == len(members)


def test_the_work_list_shows_what_is_to_be_verified_and_writes_down_whose_it_showed(
    county: Any, person: Any, browse: Browse
) -> None:
    page = body(browse(Role.TOWNSHIP).get(reverse("trainee-groups")))

    assert "具备条件贫困户" in page
    shown = set(Look.objects.filter(kind="sensitive").values_list("trainee", flat=True))
    mine = TraineeGroup.objects.filter(code="poor_household", trainee__township=TOWNSHIP)
    assert shown == set(mine.values_list("trainee", flat=True))


# One person


def test_the_number_is_shown_once_for_a_reason(county: Any, person: Any, browse: Browse) -> None:
    client = browse(Role.BUREAU_REVIEWER)
    address = reverse("trainee-number", args=[person.pk])

    assert person.id_number not in body(client.get(address))
    assert client.post(address, {"reason": " x "}).status_code == 422
    response = client.post(address, {"reason": "核对第 3 期名册疑点"})

    assert person.id_number in body(response)
    assert response["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    assert person.id_number not in body(client.get(reverse("trainee", args=[person.pk])))
    look = Look.objects.get(kind="number")
    assert (look.reason, look.actor_name, look.role) == ("核对第 3 期名册疑点", "温审核", "bureau_reviewer")
    assert AuditEvent.objects.filter(verb="id_number.revealed").get().details["reason"] == look.reason


def test_the_privacy_officer_sees_who_looked(county: Any, person: Any, browse: Browse) -> None:
    browse(Role.BUREAU_REVIEWER).post(
        reverse("trainee-number", args=[person.pk]), {"reason": "核对第 3 期名册疑点"}
    )
    browse(Role.TOWNSHIP).post(reverse("trainee-sensitive", args=[person.pk]))

    page = body(browse(Role.PRIVACY_OFFICER).get(reverse("trainee-looks", args=[person.pk])))

    for words in ("温审核", "完整身份证号", "核对第 3 期名册疑点", "廖乡干", "敏感类别"):
        assert words in page
    assert browse(Role.BUREAU_HEAD).get(reverse("trainee-looks", args=[person.pk])).status_code == 403


def test_the_page_tells_the_whole_story(handed_in: Any, browse: Browse) -> None:
    claim_shop(handed_in)
    place = handed_in.session.enrolments.get(number=1)

    page = body(browse(Role.FOLLOW_UP).get(reverse("trainee", args=[place.trainee_id])))

    for words in (
        handed_in.session.code,
        "结业",
        "创业（开店）",
        "还要回访 3 次",
        place.completion.explanation,
    ):
        assert words in page


def test_the_page_costs_the_same_for_many_sessions_and_groups(
    county: Any, person: Any, browse: Browse
) -> None:
    client = browse(Role.FOLLOW_UP)
    address = reverse("trainee", args=[person.pk])
    before = count(client, address)
    note_groups([(person, code) for code in ("leader", "cooperative", "ecommerce")], source="x")

    assert count(client, address) == before


def test_a_phone_is_confirmed_and_a_person_left_alone(county: Any, person: Any, browse: Browse) -> None:
    client = browse(Role.FOLLOW_UP)
    client.post(reverse("trainee-phone", args=[person.pk]))
    person.refresh_from_db()
    assert person.phone_verified_at is not None

    client.post(reverse("trainee-contact", args=[person.pk]), {"reason": "本人说不要再打"})
    person.refresh_from_db()
    assert person.do_not_contact
    place = person.enrolments.get()
    assert client.post(reverse("followup-phone", args=[place.pk])).status_code == 409

    client.post(reverse("trainee-contact", args=[person.pk]), {"reason": "本人说可以了"})
    person.refresh_from_db()
    assert not person.do_not_contact


# Verifying


def test_a_department_verifies_a_batch(county: Any, person: Any, browse: Browse) -> None:
    client = browse(Role.DATA_DEPARTMENT)
    chosen = [str(group.pk) for group in person.groups.all()]

    response = client.post(
        reverse("trainee-groups-decide"),
        {"group": chosen, "decision": "verify", "valid_until": "2022-12-31"},
        follow=True,
    )

    assert f"核实了 {len(chosen)} 条" in body(response)
    assert set(person.groups.values_list("status", flat=True)) == {"verified"}


def test_a_whole_page_is_verified_at_once(county: Any, person: Any, browse: Browse) -> None:
    shown = [str(pk) for pk in TraineeGroup.objects.values_list("pk", flat=True)]

    browse(Role.DATA_DEPARTMENT).post(
        reverse("trainee-groups-decide"), {"shown": shown, "decision": "verify-all"}
    )

    assert set(TraineeGroup.objects.values_list("status", flat=True)) == {"verified"}


def test_the_group_on_a_roster_is_frozen_as_it_was_verified_on_the_day_of_approval(
    submitted: Any, browse: Browse
) -> None:
    session = submitted.session
    place, other = session.enrolments.exclude(group="")[:2]
    group = TraineeGroup.objects.get(trainee=place.trainee, code=place.group)
    decide_groups([group.pk], verify=True, actor=submitted.actor(Role.DATA_DEPARTMENT))
    left = session.enrolments.exclude(group="").count() - 1
    page = body(browse(Role.BUREAU_REVIEWER).get(reverse("bureau-session", args=[session.pk])))
    assert f"{left} 人的学员类别还没有乡镇或部门核实" in page

    approve_session(session.pk, actor=submitted.actor(Role.BUREAU_REVIEWER))
    waiting = TraineeGroup.objects.filter(status="claimed").values_list("pk", flat=True)
    decide_groups(list(waiting), verify=True, actor=submitted.actor(Role.DATA_DEPARTMENT))

    place.refresh_from_db()
    other.refresh_from_db()
    assert (place.group_verified, other.group_verified) == (True, False)


def test_a_refusal_without_a_reason_comes_back(county: Any, person: Any, browse: Browse) -> None:
    client = browse(Role.DATA_DEPARTMENT)
    group = person.groups.first()

    response = client.post(reverse("trainee-groups-decide"), {"group": [group.pk], "decision": "refuse"})

    assert response.status_code == 422
    assert "请写明为什么不符" in response.content.decode()


def test_a_group_is_added_with_its_proof(county: Any, person: Any, browse: Browse) -> None:
    client = browse(Role.TOWNSHIP)
    said = {"code": "leader", "evidence": "list", "source": "镇名单", "as_of": "2021-05-01"}
    name, data = paper("带头人名单")
    response = client.post(
        reverse("trainee-group-add", args=[person.pk]), said | {"file": SimpleUploadedFile(name, data)}
    )

    assert response.status_code == 302
    group = person.groups.get(code="leader")
    assert group.file.sensitive
    assert browse(Role.DATA_DEPARTMENT).get(reverse("file", args=["group", group.pk])).status_code == 200
    assert browse(Role.FOLLOW_UP).get(reverse("file", args=["group", group.pk])).status_code == 403


# Consents


def test_each_question_is_answered_by_itself(county: Any, person: Any, browse: Browse) -> None:
    client = browse(Role.TOWNSHIP)
    address = reverse("trainee-consent", args=[person.pk])

    both = client.post(address, {"purpose": ["face image"], "answer": "yes"})
    assert both.status_code == 422
    assert not person.consents.exists()

    client.post(address, {"purpose": "image", "answer": "yes", "witness": "温支书", "channel": "paper"})
    consent = person.consents.get()
    assert (consent.purpose, consent.given, consent.witness, consent.text.version) == (
        "image",
        True,
        "温支书",
        "2025-06",
    )


def test_one_tap_takes_a_consent_back(county: Any, person: Any, browse: Browse) -> None:
    record_consent(
        person, given=True, purpose=ConsentPurpose.FACE, actor=county.actor(Role.INSTITUTION_CLERK)
    )

    browse(Role.BUREAU_REVIEWER).post(
        reverse("trainee-consent", args=[person.pk]), {"purpose": "face", "answer": "withdraw"}
    )

    consent = person.consents.get()
    assert consent.withdrawn_at is not None
    assert consent.withdrawn_by == "温审核"


def test_the_institution_asks_its_own_people(county: Any, person: Any, browse: Browse) -> None:
    client = browse(Role.INSTITUTION_CLERK)
    place = person.enrolments.get()

    page = body(client.get(reverse("enrolment-consents", args=[place.pk])))
    assert "随时可以撤回" in page
    client.post(reverse("enrolment-consent", args=[place.pk]), {"purpose": "follow_up", "answer": "no"})

    person.refresh_from_db()
    assert person.do_not_contact
    assert "＿＿＿＿" in body(client.get(reverse("enrolment-consent-sheet", args=[place.pk])))
    assert client.get(reverse("trainee-consents", args=[person.pk])).status_code == 404


def test_a_new_text_is_what_the_next_person_is_told(county: Any, person: Any, browse: Browse) -> None:
    officer = browse(Role.PRIVACY_OFFICER)
    text = {
        "purpose": "image",
        "version": "2021-05",
        "valid_from": "2021-05-18",
        "body_zh": "新的告知。",
        "body_en": "The new text.",
    }
    assert officer.post(reverse("consent-text-add"), text).status_code == 302
    assert officer.post(reverse("consent-text-add"), text).status_code == 422

    assert "新的告知。" in body(browse(Role.TOWNSHIP).get(reverse("trainee-consents", args=[person.pk])))
    assert "新的告知。" in body(browse(Role.INSTITUTION_CLERK).get(reverse("consent-texts")))
