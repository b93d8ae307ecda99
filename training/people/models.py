"""Trainees, each person once, and what they agreed to."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from training.core.crypto import EncryptedTextField
from training.core.db import ScopedModel
from training.people.choices import ConsentPurpose, Sex
from training.people.rules import mask_id_number, mask_phone


class Trainee(ScopedModel):
    """学员. Institutions have no reach into this pool: they see people through their own rosters."""

    SCOPE = {"programme": "programme", "trainee": "pk", "township": "township"}
    programme = models.ForeignKey("programmes.Programme", models.PROTECT, related_name="trainees")
    name = models.CharField(_("姓名"), max_length=64)
    id_number = EncryptedTextField(_("身份证号"))
    id_hash = models.CharField(max_length=64, editable=False)
    sex = models.CharField(_("性别"), max_length=8, choices=Sex)
    born_on = models.DateField(_("出生日期"))
    phone = EncryptedTextField(_("手机号"), blank=True)
    township = models.CharField(_("乡镇"), max_length=64, blank=True)
    village = models.CharField(_("村（社区）"), max_length=64, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["programme", "id_hash"], name="one_person_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def masked_id_number(self) -> str:
        return mask_id_number(self.id_number)

    @property
    def masked_phone(self) -> str:
        return mask_phone(self.phone) if self.phone else ""


class Consent(ScopedModel):
    """A separate, informed yes or no, with the text that was shown. Withdrawing is one act."""

    SCOPE = {"programme": "trainee__programme", "trainee": "trainee", "township": "trainee__township"}
    trainee = models.ForeignKey(Trainee, models.PROTECT, related_name="consents")
    purpose = models.CharField(_("用途"), max_length=16, choices=ConsentPurpose)
    given = models.BooleanField(_("同意"))
    text_version = models.CharField(_("告知书版本"), max_length=16)
    recorded_at = models.DateTimeField(_("记录时间"))
    recorded_by = models.CharField(_("记录人"), max_length=64)
    withdrawn_at = models.DateTimeField(_("撤回时间"), null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["trainee", "purpose"],
                condition=Q(withdrawn_at__isnull=True),
                name="one_standing_answer_per_purpose",
            )
        ]

    def __str__(self) -> str:
        return f"{self.trainee} {self.get_purpose_display()}"
