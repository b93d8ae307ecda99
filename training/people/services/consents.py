"""Separate answers to separate questions, and taking them back."""

from __future__ import annotations

import re
from datetime import date

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.errors import InvalidInputError
from training.people.choices import ConsentChannel, ConsentPurpose
from training.people.models import Consent, ConsentText, Trainee, TraineeGroup
from training.people.queries import group_book, sensitive_codes, text_in_force
from training.people.services.groups import drop_groups
from training.programmes.models import Programme


@transaction.atomic
def record_consent(
    trainee: Trainee,
    *,
    given: bool,
    actor: Actor,
    purpose: ConsentPurpose = ConsentPurpose.FACE,
    channel: ConsentChannel = ConsentChannel.IN_PERSON,
    witness: str = "",
) -> Consent:
    """Write down one separate answer with the text that was shown; it takes the place of the one before.

    One purpose at a time: nobody agrees to everything at once (PIPL arts. 14 and 29). A no costs nobody
    anything. The caller found the trainee through a roster, or a pool, that the actor may see.
    """
    demand(actor, "consent.record")
    text = text_in_force(trainee.programme_id, purpose)
    if text is None:
        raise InvalidInputError(_("还没有这个用途的告知书，请个人信息保护负责人先发布。"))
    _end_standing(trainee, purpose, actor)
    consent: Consent = Consent.objects.create(
        trainee=trainee,
        purpose=purpose,
        given=given,
        text=text,
        text_version=text.version,
        channel=channel,
        witness=witness.strip(),
        recorded_at=clock.now(),
        recorded_by=actor.name,
    )
    _take_effect(trainee, purpose, agreed=given)
    record(actor, "consent.recorded", consent, given=given, purpose=purpose, version=text.version)
    return consent


@transaction.atomic
def withdraw_consent(trainee: Trainee, *, purpose: ConsentPurpose, actor: Actor) -> Consent | None:
    """Take a yes back, at once and without a reason; None if nothing stood. As easy as giving it (PIPL art. 15).

    What hangs on it goes now: entries in the pool and their proofs here; portraits on the stations, which
    learn of it the next time they ask for their rosters. Attendance that was recorded stays.
    """
    demand(actor, "consent.withdraw")
    return withdraw_own_consent(trainee, purpose=purpose, actor=actor)


@transaction.atomic
def withdraw_own_consent(trainee: Trainee, *, purpose: ConsentPurpose, actor: Actor) -> Consent | None:
    """The same by the person, who needs no role for it; the caller made sure that it is them."""
    standing = Consent.objects.filter(trainee=trainee, purpose=purpose, withdrawn_at__isnull=True)
    consent: Consent | None = standing.first()
    if consent is None:
        return None
    _end_standing(trainee, purpose, actor)
    _take_effect(trainee, purpose, agreed=False)
    consent.refresh_from_db()
    record(actor, "consent.withdrawn", consent, purpose=purpose)
    return consent


def _end_standing(trainee: Trainee, purpose: ConsentPurpose, actor: Actor) -> None:
    standing = Consent.objects.filter(trainee=trainee, purpose=purpose, withdrawn_at__isnull=True)
    standing.update(withdrawn_at=clock.now(), withdrawn_by=actor.name)


def _take_effect(trainee: Trainee, purpose: ConsentPurpose, *, agreed: bool) -> None:
    if purpose == ConsentPurpose.FOLLOW_UP:
        Trainee.objects.filter(pk=trainee.pk).update(do_not_contact=not agreed)
    if purpose == ConsentPurpose.SENSITIVE and not agreed:
        codes = sensitive_codes(group_book(trainee.programme_id))
        drop_groups(TraineeGroup.objects.filter(trainee=trainee, code__in=codes))


def end_all_consents(trainee: Trainee, *, actor: Actor) -> None:
    """Everything that the person agreed to, with what hangs on it."""
    for consent in trainee.consents.filter(withdrawn_at__isnull=True):
        purpose = ConsentPurpose(consent.purpose)
        _end_standing(trainee, purpose, actor)
        _take_effect(trainee, purpose, agreed=False)


@transaction.atomic
def publish_text(
    programme_id: int,
    *,
    purpose: ConsentPurpose,
    version: str,
    body_zh: str,
    body_en: str,
    valid_from: date,
    actor: Actor,
) -> ConsentText:
    """A new version of what people are told, from a day on. Those who answered before answered the old one."""
    demand(actor, "consent_text.publish")
    programme: Programme = Programme.objects.lock(actor, pk=programme_id)
    if not re.fullmatch(r"[0-9A-Za-z.-]{1,16}", version):
        raise InvalidInputError(_("版本请用字母、数字、点和短横线，例如 2026-01。"))
    if valid_from < clock.today():
        raise InvalidInputError(_("启用日期不能早于今天。"))
    try:
        with transaction.atomic():
            text: ConsentText = ConsentText.objects.create(
                programme=programme,
                purpose=purpose,
                version=version,
                body_zh=body_zh.strip(),
                body_en=body_en.strip(),
                valid_from=valid_from,
                published_by=actor.name,
            )
    except IntegrityError as twice:
        raise InvalidInputError(_("这个版本号用过了，发布过的告知书不能改，请换一个。")) from twice
    record(actor, "consent_text.published", text)
    return text
