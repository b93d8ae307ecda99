"""The trainee's own page: opened once, by whoever the link is for, and nothing shown to anybody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import EARLY_MORNING
from training.accounts.choices import INSTITUTION_ROLES, Role
from training.core.errors import ForbiddenError, InvalidTransitionError
from training.core.models import AuditEvent
from training.enrolment.choices import EnrolmentStatus
from training.followup.models import Contact
from training.notifications.models import Notification
from training.people.choices import ConsentPurpose
from training.people.models import Consent, Look, RightsRequest
from training.people.services import record_consent
from training.selfservice.choices import LinkState
from training.selfservice.models import Rating, SelfLink
from training.selfservice.queries import own_actor, ratings_of
from training.selfservice.rules import MOST_WRONG_ANSWERS, knows, link_state
from training.selfservice.services import issue_link, issue_slips, rate


@pytest.fixture
def place(closed: Any) -> Any:
    return closed.session.enrolments.select_related("trainee").get(number=1)


@pytest.fixture
def address(closed: Any, place: Any) -> str:
    return reverse("own-link", args=[issue_link(place.pk, actor=closed.actor(Role.FOLLOW_UP)).token])


@pytest.fixture
def phone(address: str, place: Any) -> Client:
    """The trainee's own, with the page just opened."""
    client = Client()
    answer = client.post(address, {"last_four": place.trainee.id_number[-4:]})
    assert answer.status_code == 302, answer.content.decode()
    return client


def told_about(answer: Any, person: Any) -> list[str]:
    shown = answer.content.decode()
    secrets = (person.name, person.id_number, person.masked_id_number, person.masked_phone, person.village)
    return [word for word in secrets if word and word in shown]


def wrong_for(person: Any) -> str:
    return next(
        code
        for code in ("0000", "1111", "2222")
        if not knows(code, id_number=person.id_number, phone=person.phone)
    )


def test_before_the_second_check_nothing_that_is_held_is_shown(address: str, place: Any) -> None:
    client = Client()

    assert told_about(client.get(address), place.trainee) == []
    assert told_about(client.post(address, {"last_four": wrong_for(place.trainee)}), place.trainee) == []
    assert client.get(reverse("own-page")).status_code == 403
    assert client.get(reverse("own-held")).status_code == 403
    assert not Look.objects.exists()


@pytest.mark.parametrize("what", ["id_number", "phone"])
def test_the_last_four_of_number_or_phone_open_it_and_each_look_is_on_record(
    address: str, place: Any, what: str
) -> None:
    client = Client()
    client.post(address, {"last_four": getattr(place.trainee, what)[-4:].lower()})

    shown = client.get(reverse("own-held"))

    assert place.trainee.name in shown.content.decode()
    assert place.trainee.masked_id_number in shown.content.decode()
    assert place.trainee.id_number not in shown.content.decode()
    assert place.trainee.phone not in shown.content.decode()
    assert "no-store" in shown["Cache-Control"]
    assert [(look.kind, look.role) for look in Look.objects.all()] == [("own", "trainee_self")]
    verbs = AuditEvent.objects.filter(verb__in=["self_link.opened", "own_page.viewed"])
    assert sorted(verbs.values_list("verb", flat=True)) == ["own_page.viewed", "self_link.opened"]


def test_a_link_opens_once(address: str, phone: Client, place: Any) -> None:
    somebody_else = Client()

    assert somebody_else.get(address).status_code == 403
    again = somebody_else.post(address, {"last_four": place.trainee.id_number[-4:]})

    assert again.status_code == 422
    assert somebody_else.get(reverse("own-page")).status_code == 403
    assert phone.get(reverse("own-page")).status_code == 200


def test_a_used_link_an_expired_one_and_one_that_nobody_was_given_look_the_same(
    address: str, phone: Client, place: Any, clock: Any
) -> None:
    said = {"last_four": place.trainee.id_number[-4:]}
    unknown = reverse("own-link", args=["x" * 22])

    answers = [Client().post(where, said) for where in (address, unknown)]

    assert {answer.status_code for answer in answers} == {422}
    assert answers[0].context["form"].errors == answers[1].context["form"].errors
    assert Client().get(address).content == Client().get(unknown).content


def test_after_a_few_wrong_answers_the_link_stays_shut_for_the_right_one_too(
    address: str, place: Any
) -> None:
    client, wrong = Client(), wrong_for(place.trainee)
    for _n in range(MOST_WRONG_ANSWERS):
        client.post(address, {"last_four": wrong})

    answer = client.post(address, {"last_four": place.trainee.id_number[-4:]})

    assert answer.status_code == 422
    assert SelfLink.objects.get().state == LinkState.LOCKED


def test_one_address_tries_only_so_often(limits: None, address: str) -> None:
    answers = [Client().post(address, {"last_four": "0000"}).status_code for _n in range(16)]

    assert answers == [422] * 15 + [429]


def test_the_visit_ends_after_half_an_hour_and_when_the_person_leaves(phone: Client, clock: Any) -> None:
    clock.advance(minutes=29)
    assert phone.get(reverse("own-page")).status_code == 200
    cookie = phone.cookies["own-page"].value

    phone.post(reverse("own-leave"))

    phone.cookies["own-page"] = cookie  # whoever took the phone kept it
    assert phone.get(reverse("own-page")).status_code == 403


def test_a_new_link_voids_the_unused_one(closed: Any, place: Any, address: str) -> None:
    issue_link(place.pk, actor=closed.actor(Role.FOLLOW_UP))

    answer = Client().post(address, {"last_four": place.trainee.id_number[-4:]})

    assert answer.status_code == 422
    assert [link.state for link in SelfLink.objects.order_by("pk")] == [LinkState.REPLACED, LinkState.OPEN]


def test_no_institution_hands_links_out_or_sees_them_for_it_could_answer_itself(
    closed: Any, place: Any
) -> None:
    for role in INSTITUTION_ROLES:
        with pytest.raises(ForbiddenError):
            issue_link(place.pk, actor=closed.actor(role))
    issue_link(place.pk, actor=closed.actor(Role.FOLLOW_UP))
    assert not SelfLink.objects.visible_to(closed.actor(Role.INSTITUTION_HEAD)).exists()


def test_only_who_completed_gets_one(closed: Any) -> None:
    absent = closed.session.enrolments.get(number=11)
    assert absent.status == EnrolmentStatus.INCOMPLETE

    with pytest.raises(InvalidTransitionError):
        issue_link(absent.pk, actor=closed.actor(Role.FOLLOW_UP))

    assert not SelfLink.objects.exists()


def test_the_token_is_kept_only_as_a_hash(closed: Any, place: Any) -> None:
    made = issue_link(place.pk, actor=closed.actor(Role.FOLLOW_UP))

    assert made.token not in str(list(SelfLink.objects.values_list()))
    assert made.token not in str(list(AuditEvent.objects.values_list()))


def test_slips_are_printed_for_everybody_who_completed(closed: Any, browse: Any) -> None:
    client = browse(Role.FOLLOW_UP, closed)

    answer = client.post(reverse("own-links-print", args=[closed.session.pk]))

    assert answer.content.startswith(b"%PDF")
    assert SelfLink.objects.filter(channel="slip").count() == 10
    assert len(issue_slips(closed.session.pk, actor=closed.actor(Role.FOLLOW_UP))) == 10
    assert "重新打印" in client.get(reverse("own-links")).content.decode()


def test_the_officer_hands_one_over_from_the_person_s_page(closed: Any, place: Any, browse: Any) -> None:
    answer = browse(Role.FOLLOW_UP, closed).post(reverse("own-link-issue", args=[place.pk]))

    assert "/me/" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]


def test_what_the_person_says_of_themselves_reaches_the_follow_up(phone: Client, place: Any) -> None:
    answer = phone.post(
        reverse("own-survey"), {"situation": "started_up", "wants": ["shop", "loan"], "note": "想开网店"}
    )

    assert answer.status_code == 302, answer.content.decode()
    contact = Contact.objects.get(follow_up__enrolment=place)
    assert (contact.method, contact.made_by_id, contact.note) == ("self", None, "想开网店")


def test_the_person_can_claim_an_outcome_that_others_verify(phone: Client, place: Any) -> None:
    shop = {"kind": "started_up", "started_on": place.training_session.closed_at.date().isoformat()}
    refused = phone.post(reverse("own-outcome"), shop)
    answer = phone.post(
        reverse("own-outcome"),
        shop | {"platform": "pinduoduo", "shop_url": "https://shop.example/liu"},
        follow=True,
    )

    assert refused.status_code == 422
    assert "收到了，核实以后算数" in answer.content.decode()
    outcome = place.outcomes.get()
    assert (outcome.claimant, outcome.claimed_by_id, outcome.grade) == ("trainee", None, "C")
    assert outcome.get_status_display() in answer.content.decode()


def test_a_rating_names_nobody_and_stands_once_a_person(phone: Client, closed: Any, place: Any) -> None:
    teacher = closed.session.lessons.first().instructor_id
    said = {"course-useful": 5, f"{teacher}-clear": 4}
    for score in (4, 2):
        assert phone.post(reverse("own-rating"), said | {f"{teacher}-clear": score}).status_code == 302

    rows = Rating.objects.order_by("pk")
    assert [(row.instructor_id, row.scores) for row in rows] == [
        (None, {"useful": 5}),
        (teacher, {"clear": 2}),
    ]
    assert place.trainee.name not in str(list(Rating.objects.values_list()))
    trail = AuditEvent.objects.filter(verb="own_rating.given")
    assert {event.subject_type for event in trail} == {"scheduling.TrainingSession"}


def test_an_average_is_shown_from_three_answers_on(closed: Any) -> None:
    actor = closed.actor(Role.BUREAU_REVIEWER)
    for number, score in enumerate((5, 4, 3), 1):
        assert all(not rated.averages for rated in ratings_of(closed.session, actor))
        link = SelfLink(enrolment=closed.session.enrolments.get(number=number))
        rate(link, course={"useful": score}, instructors={}, actor=own_actor(link))

    (rated,) = ratings_of(closed.session, actor)
    assert (rated.answers, [str(one.mean) for one in rated.averages]) == (3, ["4.00"])


def test_ac49_a_correction_becomes_a_request_with_a_due_date_and_the_township_hears_of_it(
    phone: Client, closed: Any, place: Any
) -> None:
    place.trainee.township = "琴江镇"
    place.trainee.save()

    phone.post(reverse("own-request"), {"kind": "correct", "asked": "村名写错了，应为大畲村"})

    asked = RightsRequest.objects.get(trainee=place.trainee)
    assert (asked.kind, asked.channel, asked.received_by_id, asked.status) == (
        "correct",
        "online",
        None,
        "received",
    )
    assert asked.due_on > asked.received_on
    told = Notification.objects.filter(kind="rights.received")
    assert {row.membership.role for row in told} == {Role.PRIVACY_OFFICER, Role.TOWNSHIP}


def test_a_consent_is_withdrawn_at_once(phone: Client, closed: Any, place: Any) -> None:
    record_consent(place.trainee, given=True, actor=closed.actor(Role.INSTITUTION_CLERK))
    assert "人脸比对签到" in phone.get(reverse("own-page")).content.decode()

    phone.post(reverse("own-consent"), {"purpose": "face"})

    assert not Consent.objects.filter(purpose=ConsentPurpose.FACE, withdrawn_at=None).exists()
    assert AuditEvent.objects.filter(verb="consent.withdrawn", role="trainee_self").count() == 1


@given(
    wrong=st.integers(0, 7),
    used=st.booleans(),
    replaced=st.booleans(),
    days=st.integers(-40, 40),
)
def test_a_link_opens_only_while_nothing_speaks_against_it(
    wrong: int, used: bool, replaced: bool, days: int
) -> None:
    link = SelfLink(
        wrong_answers=wrong,
        used_at=EARLY_MORNING if used else None,
        replaced_at=EARLY_MORNING if replaced else None,
        expires_at=EARLY_MORNING + timedelta(days=days),
    )

    opens = link_state(link, EARLY_MORNING) == LinkState.OPEN

    assert opens == (wrong < MOST_WRONG_ANSWERS and not used and not replaced and days > 0)
