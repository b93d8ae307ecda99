from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from training.accounts.permissions import demand
from training.core import clock
from training.core.actor import Actor
from training.core.audit import record
from training.core.crypto import keyed_hash
from training.core.refusals import InputError
from training.people.choices import ConsentPurpose
from training.people.models import Consent, Trainee
from training.people.rules import Sex
from training.programmes.models import Programme

FACE_NOTICE_VERSION = "2025-06"
"""The notice text shown before a trainee answers; 《人脸识别技术应用安全管理办法》 arts. 5 and 6."""


def id_hash(number: str) -> str:
    """What finds a person again without the number being stored in clear."""
    return keyed_hash(number, purpose="id-number")


def know_trainee(
    programme: Programme,
    id_number: str,
    *,
    name: str,
    sex: Sex,
    born_on: date,
    phone: str,
    township: str,
    village: str,
) -> Trainee:
    """The one row of this person in the programme's pool; what a newer roster says of contact is taken over.

    The name stays as it was first written: another institution's roster can't rename a person. Raises
    InputError(`name_differs`), and nothing of the person changes then.
    """
    contact = {"phone": phone, "township": township, "village": village}
    trainee, created = Trainee.objects.get_or_create(
        programme=programme,
        id_hash=id_hash(id_number),
        defaults={"name": name, "id_number": id_number, "sex": sex, "born_on": born_on, **contact},
    )
    if trainee.name != name:
        raise InputError("name_differs", _("姓名与这个身份证号已登记的姓名不一致，请对照证件核对两项。"))
    newer = {field: value for field, value in contact.items() if value and value != getattr(trainee, field)}
    if newer and not created:
        for field, value in newer.items():
            setattr(trainee, field, value)
        trainee.save(update_fields=list(newer))
    return trainee


@transaction.atomic
def record_consent(
    trainee: Trainee, *, given: bool, actor: Actor, purpose: ConsentPurpose = ConsentPurpose.FACE
) -> Consent:
    """Write down a separate answer; a new answer withdraws the one before. A no costs nobody anything.

    The caller found the trainee through a roster that the actor may see.
    """
    demand(actor, "consent.record")
    standing = Consent.objects.filter(trainee=trainee, purpose=purpose, withdrawn_at__isnull=True)
    standing.update(withdrawn_at=clock.now())
    consent: Consent = Consent.objects.create(
        trainee=trainee,
        purpose=purpose,
        given=given,
        text_version=FACE_NOTICE_VERSION,
        recorded_at=clock.now(),
        recorded_by=actor.name,
    )
    record(actor, "consent.recorded", consent, given=given, purpose=purpose)
    return consent
