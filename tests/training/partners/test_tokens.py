"""Tokens for other systems: issued and revoked by the bureau's head, for a purpose and a time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from tests.training.api.conftest import issue
from training.accounts.choices import INSTITUTION_ROLES, Role
from training.core.actor import ALL
from training.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from training.core.models import AuditEvent
from training.partners.choices import Purpose, Resource, TokenState
from training.partners.errors import PurposeMissingError, TokenUnknownError
from training.partners.models import PartnerToken, PartnerUse
from training.partners.permissions import demand_purpose
from training.partners.queries import actor_of, token_of, tokens
from training.partners.services import authenticate, note_use, revoke_token

TODAY = date(2021, 5, 18)


def audited(county: Any) -> list[tuple[str, dict[str, Any]]]:
    rows = AuditEvent.objects.filter(subject_type="partners.PartnerToken", programme_id=county.programme.pk)
    return list(rows.order_by("pk").values_list("verb", "details"))


def test_the_token_is_told_once_and_kept_as_a_hash(county: Any) -> None:
    issued = issue(county, Purpose.SESSIONS)

    assert authenticate(issued.text) == issued.token
    assert issued.text.startswith(issued.token.prefix)
    assert len(issued.text) > 40
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM partners_partnertoken")
        assert issued.text not in str(cursor.fetchall())
    assert audited(county) == [("token.issued", {"purposes": ["sessions.read"], "expires_on": "2021-08-16"})]
    assert issued.text not in str(list(AuditEvent.objects.values()))


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMIN, Role.BUREAU_HEAD}))
def test_nobody_but_the_head_issues_or_revokes(county: Any, role: Role) -> None:
    token = issue(county).token

    with pytest.raises(ForbiddenError):
        issue(county, actor=county.actor(role))
    with pytest.raises(ForbiddenError):
        revoke_token(token.pk, reason="x", actor=county.actor(role))

    assert PartnerToken.objects.count() == 1
    assert authenticate_state(token) == TokenState.ACTIVE


def authenticate_state(token: PartnerToken) -> TokenState:
    return PartnerToken.objects.get(pk=token.pk).state


@pytest.mark.parametrize(
    "wrong",
    [
        {"purposes": []},
        {"purposes": ["people.read"]},
        {"expires_on": TODAY - timedelta(days=1)},
        {"expires_on": TODAY + timedelta(days=366)},
    ],
)
def test_a_token_has_a_purpose_and_lasts_a_year_at_most(county: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        issue(county, **wrong)

    assert (PartnerToken.objects.count(), audited(county)) == (0, [])


def test_a_token_for_one_institution_does_not_open_what_is_the_county_s(county: Any) -> None:
    with pytest.raises(InvalidInputError, match="指标"):
        issue(county, Purpose.SESSIONS, Purpose.INDICATORS, institution_id=county.institution.pk)

    own = issue(county, Purpose.SESSIONS, institution_id=county.institution.pk).token
    assert actor_of(own).reach == {
        "programme": frozenset({county.programme.pk}),
        "institution": frozenset({county.institution.pk}),
    }


def test_an_institution_of_another_county_can_not_be_named(county: Any, other_county: Any) -> None:
    with pytest.raises(NotFoundError):
        issue(county, Purpose.SESSIONS, institution_id=other_county.institution.pk)


def test_who_reads_by_a_token_has_no_role_and_no_people_in_reach(county: Any) -> None:
    actor = actor_of(issue(county).token)

    assert (actor.role, actor.user_id) == ("partner", None)
    assert actor.reach == {"programme": frozenset({county.programme.pk}), "institution": ALL}


def test_a_revoked_token_opens_nothing_and_revoking_again_changes_nothing(county: Any, clock: Any) -> None:
    issued, head = issue(county), county.actor(Role.BUREAU_HEAD)

    revoked = revoke_token(issued.token.pk, reason=" 合作结束 ", actor=head)
    clock.advance(hours=1)
    again = revoke_token(issued.token.pk, reason="再停一次", actor=head)

    with pytest.raises(TokenUnknownError):
        authenticate(issued.text)
    assert (again.revoked_at, again.revoked_reason) == (revoked.revoked_at, "合作结束")
    assert [verb for verb, _details in audited(county)] == ["token.issued", "token.revoked"]


def test_revoking_needs_a_reason(county: Any) -> None:
    token = issue(county).token

    with pytest.raises(InvalidInputError):
        revoke_token(token.pk, reason=" ", actor=county.actor(Role.BUREAU_HEAD))
    with pytest.raises(IntegrityError), transaction.atomic():
        PartnerToken.objects.filter(pk=token.pk).update(revoked_at=token.issued_at)

    assert authenticate_state(token) == TokenState.ACTIVE


def test_a_token_lasts_to_the_end_of_its_last_day(county: Any, clock: Any) -> None:
    issued = issue(county, expires_on=TODAY)
    assert authenticate(issued.text) == issued.token

    clock.advance(days=1)

    assert authenticate_state(issued.token) == TokenState.EXPIRED
    with pytest.raises(TokenUnknownError):
        authenticate(issued.text)


def test_a_purpose_that_was_not_named_is_refused_in_words(county: Any) -> None:
    token = issue(county, Purpose.CLAIMS).token

    demand_purpose(token, Purpose.CLAIMS)
    with pytest.raises(PurposeMissingError, match="各期培训"):
        demand_purpose(token, Purpose.SESSIONS)


def test_use_is_counted_by_the_day(county: Any, clock: Any) -> None:
    token = issue(county).token
    for refused in (False, False, True):
        note_use(token, Resource.SESSIONS, refused=refused)
    clock.advance(days=1)
    note_use(token, Resource.CLAIMS)

    counted = PartnerUse.objects.order_by("on").values_list("on", "resource", "answered", "refused")
    assert list(counted) == [
        (TODAY, "partner-sessions", 2, 1),
        (TODAY + timedelta(days=1), "partner-claims", 1, 0),
    ]
    (row,) = tokens(county.actor(Role.BUREAU_HEAD))
    assert (row.last_used_on, row.answered) == (TODAY + timedelta(days=1), 3)


def test_tokens_are_seen_by_their_county_and_by_the_institution_they_are_about(
    county: Any, other_county: Any
) -> None:
    whole = issue(county).token
    own = issue(county, Purpose.SESSIONS, institution_id=county.institution.pk).token

    assert set(tokens(county.actor(Role.BUREAU_HEAD))) == {whole, own}
    for role in INSTITUTION_ROLES:
        assert set(tokens(county.actor(role))) == {own}
    with pytest.raises(NotFoundError):
        token_of(whole.pk, other_county.actor(Role.BUREAU_HEAD))
