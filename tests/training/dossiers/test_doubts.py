"""Doubts about people stand in an archive's way until the bureau has settled them, and only those the rules name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import County
from tests.training.attendance.conftest import neighbour  # noqa: F401  a fixture
from tests.training.signing import attend, enrol, hold_and_close, send
from training.accounts.choices import Role
from training.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from training.core.models import AuditEvent
from training.dossiers.doubts import doubts_of, open_doubts, settle_doubt
from training.dossiers.models import SettledDoubt
from training.dossiers.queries import check_session, with_archive
from training.dossiers.risks import risks_of
from training.enrolment.choices import EnrolmentStatus
from training.followup.models import Contact, FollowUp
from training.programmes.models import RuleSet
from training.scheduling.models import TrainingSession

REVIEWER, CLERK = Role.BUREAU_REVIEWER, Role.INSTITUTION_CLERK


@pytest.fixture
def closed(approved: Any, clock: Any) -> Any:
    hold_and_close(approved, clock, absent={11, 12})
    return approved


def read(county: Any) -> Any:
    return with_archive(TrainingSession.objects.filter(pk=county.session.pk)).get()


def said(county: Any, *codes: str) -> list[str]:
    """What is missing because of doubts."""
    found = (finding for item in check_session(county.session) for finding in item.findings)
    return [finding.message for finding in found if finding.code in (codes or ("denied", "clash", "twin"))]


def deny(county: Any, number: int, *, result: str = "denied") -> None:
    """In a follow-up call."""
    place = county.session.enrolments.get(number=number)
    Contact.objects.create(
        follow_up=FollowUp.objects.filter(enrolment=place).first(),
        made_at=county.session.closed_at,
        made_by=county.user(REVIEWER),
        method="phone",
        result=result,
    )


def alike(county: Any) -> tuple[Any, Any]:
    """Numbers 1 and 2 have one name and one telephone, and two documents."""
    one, other = county.session.enrolments.order_by("number")[:2]
    other.trainee.name, other.trainee.phone = one.trainee.name, one.trainee.phone
    other.trainee.save()
    return one, other


def settle(
    county: Any, *, reason: str = "电话向本人和村委会核实", role: Role = REVIEWER
) -> list[SettledDoubt]:
    session = read(county)
    return [
        settle_doubt(session, kind=doubt.kind, key=doubt.key, reason=reason, actor=county.actor(role))
        for doubt in open_doubts([session])[session.pk]
    ]


def test_whoever_denies_having_been_there_is_in_doubt_and_not_named_to_the_institution(closed: Any) -> None:
    deny(closed, 1)

    assert said(closed) == ["A8：1人否认参训，请商务局查明：属实的作废签到，不属实的写明理由"]
    [settled] = settle(closed)
    assert said(closed) == []
    assert AuditEvent.objects.latest("pk").details == {"kind": "denied", "reason": settled.reason}


def test_another_call_is_another_doubt(closed: Any) -> None:
    deny(closed, 1)
    settle(closed)
    deny(closed, 1)

    assert len(said(closed)) == 1


def test_whoever_counts_no_more_is_in_nobodys_way(closed: Any) -> None:
    deny(closed, 1)
    closed.session.enrolments.filter(number=1).update(status=EnrolmentStatus.INCOMPLETE)

    assert said(closed) == []


def test_one_name_and_one_telephone_under_two_documents_is_a_doubt(closed: Any) -> None:
    one, _other = alike(closed)
    name = one.trainee.name

    assert said(closed) == [f"A7：{name}、{name}姓名和电话都相同，请商务局核对是不是同一个人用了两个证件"]
    settle(closed)
    assert said(closed) == []


def test_one_person_in_two_classes_at_one_time_is_a_doubt_in_both(
    approved: Any,
    neighbour: Callable[..., County],  # noqa: F811
) -> None:
    other = neighbour()
    for county, name in ((approved, "一号终端"), (other, "二号终端")):
        station = enrol(county, name)
        attend(station, county.session.lessons.first(), list(county.session.enrolments.all())[:1])
        send(station)
    who = approved.session.enrolments.first().trainee.name
    message = f"A8：{who}同一时间在两处有签到，请商务局核对：不实的作废签到，其余写明理由"

    assert said(approved) == said(other) == [message]
    settle(approved)
    assert (said(approved), said(other)) == ([], [message])


@pytest.mark.parametrize(("reason", "role"), [(" ", REVIEWER), ("核实", CLERK)], ids=["no reason", "a clerk"])
def test_a_doubt_is_settled_by_the_bureau_with_a_reason(closed: Any, reason: str, role: Role) -> None:
    alike(closed)
    before = said(closed)

    with pytest.raises((InvalidInputError, ForbiddenError)):
        settle(closed, reason=reason, role=role)
    assert (said(closed), SettledDoubt.objects.count()) == (before, 0)


def test_what_nobody_noticed_can_not_be_settled(closed: Any) -> None:
    with pytest.raises(NotFoundError):
        settle_doubt(read(closed), kind="denied", key="0" * 64, reason="无", actor=closed.actor(REVIEWER))


def test_rules_that_do_not_name_a_doubt_are_not_held_up_by_it(closed: Any) -> None:
    alike(closed)
    for rules in RuleSet.objects.all():
        rules.body = rules.body | {"archive": rules.body["archive"] | {"open_doubts": ["reuse"]}}
        RuleSet.objects.filter(pk=rules.pk).update(body=rules.body)

    assert said(closed) == []
    assert [doubt.kind for doubt in doubts_of([read(closed)])[closed.session.pk]] == ["twin"]


def test_two_calls_of_one_person_are_one_mark_at_the_desk(closed: Any) -> None:
    deny(closed, 1)
    deny(closed, 1)

    [risks] = risks_of([closed.session.pk]).values()
    assert ("denied_follow_up", 1) in [(risk.code, risk.count) for risk in risks]
